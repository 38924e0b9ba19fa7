/** The `content:` of a volume, a list of sources laid over one another, as one tree. */
import { type ConfigPath, LayoutError, type Problem } from '../errors.js'
import { EPOCH_1980, emptyTree, type FileTree } from './file-tree.js'
import { type FolderOptions, readFolder } from './folder.js'
import { overlayTrees } from './overlay.js'
import { measureTree, type TreeStats } from './tree-stats.js'

/** As config/spec.ts has it. */
export interface FolderSource {
  readonly kind: 'folder'
  readonly path: string
  readonly configPath: ConfigPath
}

export interface ContentReading {
  readonly tree: FileTree
  readonly warnings: readonly Problem[]
  readonly stats: TreeStats
  /** Files that the host stores with holes, and the bytes that those save there. */
  readonly sparseAtSource: { readonly files: number; readonly bytes: number }
}

/** No source gives an empty root. LayoutError with what is missing or unreadable in all sources at once. */
export async function readContent(
  sources: readonly FolderSource[],
  options: Omit<FolderOptions, 'configPath'>,
): Promise<ContentReading> {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const sparseAtSource = { files: 0, bytes: 0 }
  let tree: FileTree | undefined
  for (const source of sources) {
    try {
      const reading = await readFolder(source.path, { ...options, configPath: source.configPath })
      warnings.push(...reading.warnings)
      sparseAtSource.files += reading.sparseAtSource.files
      sparseAtSource.bytes += reading.sparseAtSource.bytes
      const overlay = tree === undefined ? { tree: reading.tree, warnings: [] } : overlayTrees(tree, reading.tree)
      tree = overlay.tree
      warnings.push(...overlay.warnings.map((warning) => ({ ...warning, path: source.configPath })))
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new LayoutError(problems)
  tree ??= emptyTree(options.clampTo ?? EPOCH_1980)
  return { tree, warnings, stats: measureTree(tree), sparseAtSource }
}
