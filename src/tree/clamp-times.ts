import { cloneTree } from './clone-tree.js'
import { type FileTree, walkTree } from './file-tree.js'

/** The tree with the nearest times that a format can hold, in whole seconds from 1970; the same tree where all are within. */
export function timesWithin(tree: FileTree, { earliest, latest }: { earliest: number; latest: number }): FileTree {
  const isWithin = (seconds: number): boolean => seconds >= earliest && seconds <= latest
  if ([...walkTree(tree)].every(([, { mtime }]) => isWithin(mtime.seconds))) return tree
  const clamped = cloneTree(tree)
  for (const [, node] of walkTree(clamped)) {
    if (isWithin(node.mtime.seconds)) continue
    node.mtime = { seconds: Math.min(Math.max(node.mtime.seconds, earliest), latest), nanoseconds: 0 }
  }
  return clamped
}
