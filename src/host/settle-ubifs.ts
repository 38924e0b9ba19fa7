/**
 * The last step of UBIFS: what mkfs.ubifs left to chance or to the build machine becomes what the config and the tree say. It
 * draws a UUID, gives every inode the ctime and atime of the unpacked file, and drops nanoseconds. On the way it proves
 * that every node arrived.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { type Guid, uuidToBytes } from '../bytes/guid.js'
import { type ByteString, displayName } from '../bytes/text.js'
import { IoError, invariant } from '../errors.js'
import { TYPE_BITS } from '../tree/file-mode.js'
import type { FileNode, FileTree } from '../tree/file-tree.js'
import { firstMainLeb, nodesOf, sealNode, UBIFS_ROOT_INUM, UbifsInoNode, UbifsSbNode } from './ubifs-nodes.js'

export interface UbifsImage {
  /** For messages: `ubifs volume "rootfs"`. */
  readonly title: string
  readonly path: string
  readonly tree: FileTree
  readonly uuid: Guid
}

/** The superblock, as it is then. IoError with every difference between image and tree. */
export function settleUbifs({ title, path, tree, uuid }: UbifsImage): UbifsSbNode {
  const fd = openSync(path, 'r+')
  try {
    const superblock = settleSuperblock(fd, uuid)
    const found = readNodes(fd, superblock)
    const nodes = matchInodes(found, tree, title)
    for (const [leb, content] of mainLebs(fd, superblock)) {
      let isChanged = false
      for (const node of nodesOf(content)) {
        const source = node.kind === 'inode' ? nodes.get(node.inum) : undefined
        if (node.kind !== 'inode' || source === undefined) continue
        setTimes(content, node.at, source)
        isChanged = true
      }
      if (isChanged) writeSync(fd, content, 0, content.length, leb * content.length)
    }
    return superblock
  } finally {
    closeSync(fd)
  }
}

function settleSuperblock(fd: number, uuid: Guid): UbifsSbNode {
  const node = new Uint8Array(UbifsSbNode.SIZE)
  readSync(fd, node, 0, node.length, 0)
  const superblock = { ...UbifsSbNode.decode(node), uuid: uuidToBytes(uuid) }
  UbifsSbNode.encodeInto(node, 0, superblock)
  sealNode(node)
  writeSync(fd, node, 0, node.length, 0)
  return superblock
}

/** The same memory each time. */
function* mainLebs(fd: number, superblock: UbifsSbNode): Generator<[number, Uint8Array]> {
  const content = new Uint8Array(superblock.leb_size)
  for (let leb = firstMainLeb(superblock); leb < superblock.leb_cnt; leb++) {
    const count = readSync(fd, content, 0, content.length, leb * content.length)
    invariant(count === content.length, `logical erase block ${leb} of ${superblock.leb_cnt} is whole`)
    yield [leb, content]
  }
}

interface FoundNodes {
  readonly inodes: ReadonlyMap<number, UbifsInoNode>
  /** By the inode of the folder. */
  readonly entries: ReadonlyMap<number, ReadonlyMap<ByteString, number>>
}

function readNodes(fd: number, superblock: UbifsSbNode): FoundNodes {
  const inodes = new Map<number, UbifsInoNode>()
  const entries = new Map<number, Map<ByteString, number>>()
  for (const [, content] of mainLebs(fd, superblock)) {
    for (const node of nodesOf(content)) {
      if (node.kind === 'inode') {
        inodes.set(node.inum, UbifsInoNode.decode(content, node.at))
        continue
      }
      const folder = entries.get(node.parent) ?? new Map<ByteString, number>()
      entries.set(node.parent, folder.set(node.name, node.inum))
    }
  }
  return { inodes, entries }
}

/** The node of the tree that each inode is. */
function matchInodes({ inodes, entries }: FoundNodes, tree: FileTree, title: string): Map<number, FileNode> {
  const nodes = new Map<number, FileNode>()
  const differences: string[] = []
  const match = (inum: number, node: FileNode, path: string): void => {
    nodes.set(inum, node)
    const shown = `"${displayName((path === '' ? '.' : path) as ByteString)}"`
    const inode = inodes.get(inum)
    const difference = inode === undefined ? 'has no inode' : differenceOf(inode, node)
    if (difference !== undefined) differences.push(`${shown} ${difference}`)
    if (node.type !== 'directory') return
    const found = entries.get(inum) ?? new Map<ByteString, number>()
    for (const name of found.keys())
      if (!node.children.has(name)) differences.push(`${shown} has "${displayName(name)}"`)
    for (const [name, child] of node.children) {
      const below = path === '' ? name : `${path}/${name}`
      const number = found.get(name)
      if (number === undefined) differences.push(`"${displayName(below as ByteString)}" is missing`)
      else match(number, child, below)
    }
  }
  match(UBIFS_ROOT_INUM, tree, '')
  if (differences.length > 0) {
    throw new IoError(
      differences.map((difference) => ({
        message: `Cannot build ${title}: in it ${difference}, the payload must not change during a build`,
      })),
    )
  }
  return nodes
}

const PERMISSION_BITS = 0o7777

function differenceOf({ mode, uid, gid, size }: UbifsInoNode, node: FileNode): string | undefined {
  const expected = TYPE_BITS[node.type] | (node.type === 'symlink' ? mode & PERMISSION_BITS : node.mode)
  if (mode !== expected) return `has mode ${mode.toString(8)}, ${expected.toString(8)} was expected`
  if (uid !== node.uid || gid !== node.gid) return `belongs to ${uid}:${gid}, ${node.uid}:${node.gid} was expected`
  if (node.type === 'file' && size !== node.content.sizeBytes) {
    return `has ${size} bytes, ${node.content.sizeBytes} were expected`
  }
  return undefined
}

const TIME_BITS = 64

function setTimes(leb: Uint8Array, at: number, { mtime }: FileNode): void {
  const seconds = BigInt.asUintN(TIME_BITS, BigInt(mtime.seconds))
  const inode = UbifsInoNode.decode(leb, at)
  UbifsInoNode.encodeInto(leb, at, {
    ...inode,
    atime_sec: seconds,
    ctime_sec: seconds,
    mtime_sec: seconds,
    atime_nsec: mtime.nanoseconds,
    ctime_nsec: mtime.nanoseconds,
    mtime_nsec: mtime.nanoseconds,
  })
  sealNode(leb.subarray(at, at + inode.len))
}
