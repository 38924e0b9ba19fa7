/**
 * What a source says of a file and its node does not carry: ids that nobody asked to keep, attributes that are left out.
 * A node takes the mark through layers and edits, so that the finished tree is judged: a file that a later entry removes
 * or gives an owner is no loss.
 */
import type { FileNode, NodeAttributes, Unkept } from './file-tree.js'

/** Adds to what is known of a node; the mark itself may be shared with copies and is replaced, not changed. */
export function markUnkept(node: FileNode, unkept: Unkept): void {
  node.unkept = { ...node.unkept, ...unkept }
}

/** Takes from the mark what somebody has now decided: an owner, a mode. */
export function settleUnkept(node: NodeAttributes, given: { readonly mode?: unknown; readonly uid?: unknown }): void {
  const { unkept } = node
  if (unkept === undefined) return
  const { owner, modeBits, ...others } = unkept
  node.unkept = {
    ...others,
    ...(owner !== undefined && given.uid === undefined && { owner }),
    ...(modeBits !== undefined && given.mode === undefined && { modeBits }),
  }
}
