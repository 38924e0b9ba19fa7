/** A payload tree as a value that can be compared: everything but where its contents come from. */
import { createHash } from 'node:crypto'
import { type FileTree, type RegularFileNode, walkTree } from '../../src/tree/file-tree.js'
import { readBytes } from './read-content.js'

export interface PortraitOptions {
  /** Paths left out. */
  skip?: readonly string[]
  /** Times without fractions. */
  wholeSeconds?: boolean
  xattrs?: boolean
}

export function portrait(tree: FileTree, options: PortraitOptions = {}): Map<string, object> {
  const firstOf = new Map<object, string>()
  const entries = new Map<string, object>()
  for (const [path, node] of walkTree(tree)) {
    if (options.skip?.includes(path) === true) continue
    if (!firstOf.has(node)) firstOf.set(node, path)
    const { mtime, xattrs } = node
    entries.set(path, {
      type: node.type,
      mode: node.mode.toString(8),
      owner: `${node.uid}:${node.gid}`,
      time: options.wholeSeconds === true ? mtime.seconds : mtime,
      linkOf: firstOf.get(node),
      ...(node.type === 'file' ? { bytes: node.content.sizeBytes, sha256: digest(node) } : {}),
      ...(node.type === 'symlink' ? { target: node.target } : {}),
      ...(node.type === 'char' || node.type === 'block' ? { number: `${node.major}:${node.minor}` } : {}),
      ...(options.xattrs === true ? { xattrs: xattrs ?? new Map() } : {}),
    })
  }
  return entries
}

const digest = (node: RegularFileNode): string => createHash('sha256').update(readBytes(node.content)).digest('hex')

/** For small trees, a line a node: `dev/null char 666 0:0 1:3`. */
export function summary(tree: FileTree): string[] {
  return [...walkTree(tree)].map(([path, node]) => {
    const extra =
      node.type === 'char' || node.type === 'block'
        ? ` ${node.major}:${node.minor}`
        : node.type === 'symlink'
          ? ` -> ${node.target}`
          : node.type === 'file'
            ? ` ${Buffer.from(readBytes(node.content)).toString('latin1')}`.trimEnd()
            : ''
    return `${path || '.'} ${node.type} ${node.mode.toString(8)} ${node.uid}:${node.gid}${extra}`
  })
}
