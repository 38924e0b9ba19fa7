/** Trees laid over one another, as the layers of a payload: what the upper one has wins, folders merge. */
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, displayName } from '../bytes/text.js'
import { FormatError, type Problem, type Warning } from '../errors.js'
import { type DirectoryNode, type FileNode, type FileTree, walkTree } from './file-tree.js'
import { followToFolder, type LinkProblem } from './volume-links.js'

export interface Overlay {
  readonly tree: FileTree
  /** Where a folder and something else met under one name, which is seldom meant. */
  readonly warnings: readonly Warning[]
}

export interface OverlayOptions {
  /**
   * What a folder of the upper tree does where the lower one has a symbolic link. `follow`, the default: what is in it goes
   * into the folder that the link leads to, as `tar --keep-directory-symlink` does it, so that folder keeps its attributes.
   * `replace`: the folder takes the place of the link, with a warning.
   */
  readonly links?: 'follow' | 'replace'
}

/** A folder that met a link; `names` is the link's path. */
interface FolderOverLink {
  readonly names: readonly ByteString[]
  readonly folder: DirectoryNode
}

/**
 * Neither argument changes; nodes that only one of them has are shared with the result. FormatError with each folder that
 * lies over a link which does not lead to a folder.
 */
export function overlayTrees(lower: FileTree, upper: FileTree, { links = 'follow' }: OverlayOptions = {}): Overlay {
  const layering = new Layering(links, upper)
  let tree = layering.lay(lower, upper)
  // A link may lead to a folder that another folder over a link brings, so all of them are tried until none is left.
  for (let waiting = layering.takeOverLinks(); waiting.length > 0; waiting = layering.takeOverLinks()) {
    const refused: { readonly over: FolderOverLink; readonly problem: LinkProblem }[] = []
    for (const over of waiting) {
      const found = followToFolder(tree, over.names)
      if ('why' in found) refused.push({ over, problem: found })
      else tree = layering.lay(tree, chainTo(tree, found.names, over.folder.children))
    }
    if (refused.length === waiting.length) throw new FormatError(refused.map(explainRefused))
    layering.wait(refused.map(({ over }) => over))
  }
  return { tree, warnings: layering.warnings }
}

class Layering {
  readonly warnings: Warning[] = []
  readonly #links: 'follow' | 'replace'
  readonly #upper: FileTree
  #overLinks: FolderOverLink[] = []
  /** What the upper tree brings; known as soon as a folder of it goes through a link. */
  #ofUpper: Set<FileNode> | undefined

  constructor(links: 'follow' | 'replace', upper: FileTree) {
    this.#links = links
    this.#upper = upper
  }

  lay(lower: FileTree, upper: FileTree): FileTree {
    return this.#directories(lower, upper, [])
  }

  /** The folders that met a link since the last call. */
  takeOverLinks(): FolderOverLink[] {
    if (this.#overLinks.length > 0) this.#ofUpper ??= new Set([...walkTree(this.#upper)].map(([, node]) => node))
    return this.#overLinks.splice(0)
  }

  wait(folders: readonly FolderOverLink[]): void {
    appendAll(this.#overLinks, folders)
  }

  #directories(lower: DirectoryNode, upper: DirectoryNode, path: readonly ByteString[]): DirectoryNode {
    const children = new Map(lower.children)
    for (const [name, node] of upper.children) {
      const below = children.get(name)
      if (below?.type === 'directory' && node.type === 'directory') {
        children.set(name, this.#directories(below, node, [...path, name]))
        continue
      }
      if (below?.type === 'symlink' && node.type === 'directory' && this.#links === 'follow') {
        this.#overLinks.push({ names: [...path, name], folder: node })
        continue
      }
      const shown = (): string => displayName([...path, name].join('/') as ByteString)
      if (below !== undefined && (below.type === 'directory' || node.type === 'directory')) {
        this.warnings.push({
          finding: 'type-replaced',
          message: `"${shown()}": a ${nameOf(node)} of a later source takes the place of a ${nameOf(below)}`,
        })
      } else if (below !== undefined && below !== node && this.#ofUpper?.has(below)) {
        this.warnings.push({
          finding: 'brought-twice',
          message: `"${shown()}": one source brings it twice, under this path and through a link; the latter is kept`,
        })
      }
      children.set(name, node)
    }
    return upper.implied && !lower.implied ? { ...lower, children } : { ...upper, children }
  }
}

/** A tree that brings `children` to the folder `names` of `tree` and changes nothing else. */
function chainTo(tree: FileTree, names: readonly ByteString[], children: DirectoryNode['children']): FileTree {
  const [name, ...below] = names
  if (name === undefined) return { ...tree, implied: true, children }
  const folder = tree.children.get(name) as DirectoryNode
  return { ...tree, implied: true, children: new Map([[name, chainTo(folder, below, children)]]) }
}

function explainRefused({ over, problem }: { over: FolderOverLink; problem: LinkProblem }): Problem {
  const shown = displayName(over.names.join('/') as ByteString)
  return {
    message: `Cannot lay the folder "/${shown}" over the link of that name: ${problem.why}; a link to a folder inside the volume is accepted`,
    hint: `Lay the content into the real folder (to: …), or let the folder take the place of the link with links: replace`,
  }
}

function nameOf(node: FileNode): string {
  switch (node.type) {
    case 'directory':
      return 'folder'
    case 'char':
    case 'block':
      return `${node.type} device`
    default:
      return node.type
  }
}
