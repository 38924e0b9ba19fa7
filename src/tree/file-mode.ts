/** st_mode's type bits and the node types that they stand for.  [inode(7)] */
import type { FileNode } from './file-tree.js'

export const S_IFMT = 0o170000

export const TYPE_BITS: Readonly<Record<FileNode['type'], number>> = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
}

const TYPES = new Map(Object.entries(TYPE_BITS).map(([type, bits]) => [bits, type as FileNode['type']]))

/** Undefined for bits that mean nothing. */
export function typeOfMode(mode: number): FileNode['type'] | undefined {
  return TYPES.get(mode & S_IFMT)
}
