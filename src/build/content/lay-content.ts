/** Layers, tables and edits, in the order of the config, become one tree. Pure, but for names looked up in etc/passwd. */

import { appendAll } from '../../bytes/append-all.js'
import { byteString, displayName } from '../../bytes/text.js'
import type { LayerSource } from '../../config/spec.js'
import { FormatError, type Warning } from '../../errors.js'
import { accountIds, readAccountNames } from '../../tree/account-names.js'
import { applyDeviceTable } from '../../tree/device-table.js'
import { editTree, giveTree, type TreeEdit } from '../../tree/edit-tree.js'
import { emptyTree, type FileNode, type FileTree, type Timestamp } from '../../tree/file-tree.js'
import { overlayTrees } from '../../tree/overlay.js'
import { nodeAtPath, splitPayloadPath, TreeBuilder } from '../../tree/tree-builder.js'
import { followPath } from '../../tree/volume-links.js'
import type { ReadSource } from './read-source.js'

export interface LaidContent {
  readonly tree: FileTree
  readonly warnings: readonly Warning[]
}

/** `time`: of what no source has made. FormatError at the entry that has no place; those after it are not judged. */
export function layContent(sources: readonly ReadSource[], time: Timestamp): LaidContent {
  const warnings: Warning[] = []
  let tree: FileTree = { ...emptyTree(time), implied: true }
  for (let index = 0; index < sources.length; index++) {
    const source = sources[index]!
    if (source.kind === 'edit') {
      const edits = editsFrom(sources, index)
      tree = editTree(tree, edits)
      index += edits.length - 1
    } else if (source.kind === 'device-table') {
      tree = applyDeviceTable(tree, source.table, time)
    } else {
      const { configPath: path } = source.source
      const overlay = locating(path, () => layOver(tree, source.tree, source.source))
      tree = overlay.tree
      appendAll(
        warnings,
        overlay.warnings.map((warning) => ({ ...warning, path })),
      )
    }
  }
  return { tree, warnings }
}

/** The edits from `index` on that follow one another: they share one copy of the tree. */
function editsFrom(sources: readonly ReadSource[], index: number): TreeEdit[] {
  const edits: TreeEdit[] = []
  for (let at = index; sources[at]?.kind === 'edit'; at++) {
    edits.push((sources[at] as Extract<ReadSource, { kind: 'edit' }>).edit)
  }
  return edits
}

function layOver(lower: FileTree, whole: FileTree, source: LayerSource): LaidContent {
  const { include, exclude, to = '', owner, overLinks: links = 'follow' } = source
  const edits: TreeEdit[] = []
  if (include !== undefined) edits.push({ kind: 'include', patterns: include })
  if (exclude !== undefined) edits.push({ kind: 'exclude', patterns: exclude })
  const upper = moved(lower, edits.length === 0 ? whole : editTree(whole, edits), { to, links })
  const laid = overlayTrees(lower, upper, { links })
  if (owner?.kind !== 'account') return laid
  const ids = accountIds(owner, readAccountNames(laid.tree))
  // A copy of what the layer brings: the folders above it keep their owners.
  const given = editTree(whole, edits)
  giveTree(given, ids, { root: to !== '' })
  return overlayTrees(lower, moved(lower, given, { to, links }), { links })
}

/** The layer with the folders of `to` above it. FormatError where something else than a folder is there. */
function moved(
  lower: FileTree,
  layer: FileTree,
  { to, links }: { readonly to: string; readonly links: 'follow' | 'replace' },
): FileTree {
  const names = splitPayloadPath(to) ?? []
  if (names.length === 0) return layer
  if (links === 'follow') {
    const followed = followPath(lower, names, { last: 'follow' })
    const { why } = 'why' in followed ? followed : { why: kindThatIsNoFolder(followed.node) }
    if (why !== undefined) throw new FormatError(`Cannot lay content into "/${to}": ${why}`)
  }
  for (let depth = 1; links === 'replace' && depth <= names.length; depth++) {
    const above = names.slice(0, depth).join('/')
    const node = nodeAtPath(lower, above)
    if (node === undefined || node.type === 'directory') continue
    throw new FormatError(
      `Cannot lay content into "/${to}": "/${displayName(byteString(above))}" is a ${node.type} there`,
    )
  }
  const builder = new TreeBuilder('content', layer.mtime)
  builder.add(byteString(to), layer)
  return builder.finish()
}

function kindThatIsNoFolder(node: FileNode | undefined): string | undefined {
  return node === undefined || node.type === 'directory' ? undefined : `it is a ${node.type}`
}

function locating<T>(path: LayerSource['configPath'], action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new FormatError(error.problems.map((problem) => ({ path, ...problem })))
  }
}
