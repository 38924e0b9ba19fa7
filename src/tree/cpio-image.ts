/**
 * A payload tree as a cpio (newc): what a kernel unpacks into its first root file system. Contents stay where they are;
 * holes become zeros. Readers that matter: init/initramfs.c, which makes no parents and skips silently what it has no room
 * for, so all of that is refused here. [LINUX Documentation/driver-api/early-userspace/buffer-format.rst]
 */
import { CPIO_ALIGN_BYTES, CPIO_TRAILER } from '../archives/cpio/disklayout.js'
import {
  CPIO_BLOCK_BYTES,
  type CpioHeader,
  encodeCpioHeader,
  encodeCpioTrailer,
  FIRST_INODE,
  MAX_CPIO_NUMBER,
} from '../archives/cpio/writer.js'
import { alignUp } from '../bytes/align.js'
import { type ByteString, byteString, byteStringToBytes, displayName } from '../bytes/text.js'
import { FormatError, type Problem } from '../errors.js'
import { type DiskImage, ImageBuilder, imageOfBytes } from '../image/extent.js'
import { TYPE_BITS } from './file-mode.js'
import { type FileNode, type FileTree, walkTree } from './file-tree.js'

export interface CpioPlan {
  /** What is not specified, a file's holes and padding, is zeros. */
  readonly image: DiskImage
  /** Paths whose extended attributes are left out: a cpio has no place for them. */
  readonly withoutXattrs: readonly ByteString[]
}

/** PATH_MAX of Linux: a longer name, and a longer target, is skipped without a word. [LINUX init/initramfs.c] */
const PATH_MAX_BYTES = 4096

interface Entry {
  readonly path: ByteString
  readonly node: FileNode
  readonly linkCount: number
  readonly inode: number
  /** Of several names of a file only the last has its content. */
  readonly hasContent: boolean
}

/**
 * Folders stand before what is in them, names in bytewise order; all names of a file stand together, where the last of
 * them would. The root has an entry, `.`, where somebody said what it is like. FormatError with everything that has no
 * place in a cpio.
 */
export function planCpio(tree: FileTree): CpioPlan {
  const parts: { readonly offset: number; readonly header: Uint8Array; readonly content: DiskImage }[] = []
  const problems: Problem[] = []
  const withoutXattrs: ByteString[] = []
  let end = 0
  for (const entry of entriesOf(tree)) {
    const { path, node } = entry
    const content = entry.hasContent ? contentOf(node) : NOTHING
    const why = whyNot(path, node)
    if (why !== undefined) {
      problems.push({ message: `Cannot put "/${displayName(path)}" into a cpio: ${why}` })
      continue
    }
    if (node.xattrs !== undefined && node.xattrs.size > 0) withoutXattrs.push(path)
    const header = encodeCpioHeader(headerOf(entry, content.sizeBytes))
    parts.push({ offset: end, header, content })
    end += header.length + alignUp(content.sizeBytes, CPIO_ALIGN_BYTES)
  }
  if (problems.length > 0) throw new FormatError(problems)
  const trailer = encodeCpioTrailer()
  const builder = new ImageBuilder(alignUp(end + trailer.length, CPIO_BLOCK_BYTES))
  for (const { offset, header, content } of parts) builder.bytes(offset, header).image(offset + header.length, content)
  return { image: builder.bytes(end, trailer).finish(), withoutXattrs }
}

const NOTHING: DiskImage = { sizeBytes: 0, extents: [] }

function* entriesOf(tree: FileTree): Generator<Entry> {
  const named = walkTree(tree)
  const paths = pathsByNode(tree)
  const seen = new Map<FileNode, number>()
  let inode = FIRST_INODE
  for (const [path, node] of named) {
    if (path === '') {
      if (!tree.implied)
        yield { path: byteString('.'), node, linkCount: linkCountOf(node, 1), inode: inode++, hasContent: false }
      continue
    }
    const all = paths.get(node) ?? [path]
    const count = (seen.get(node) ?? 0) + 1
    seen.set(node, count)
    if (count < all.length) continue
    for (const name of all) {
      yield { path: name, node, linkCount: linkCountOf(node, all.length), inode, hasContent: name === all.at(-1) }
    }
    inode++
  }
}

/** All paths of each node that has several. A symlink is made anew for each: the kernel's unpacker links no symlinks. */
function pathsByNode(tree: FileTree): Map<FileNode, ByteString[]> {
  const paths = new Map<FileNode, ByteString[]>()
  for (const [path, node] of walkTree(tree)) {
    if (node.type === 'directory' || node.type === 'symlink') continue
    const known = paths.get(node)
    if (known === undefined) paths.set(node, [path])
    else known.push(path)
  }
  return paths
}

/** As gen_init_cpio counts: nobody looks further than whether there is a second name. */
function linkCountOf({ type }: FileNode, names: number): number {
  return type === 'directory' || ((type === 'fifo' || type === 'socket') && names === 1) ? 2 : names
}

function contentOf(node: FileNode): DiskImage {
  if (node.type === 'file') return node.content
  return node.type === 'symlink' ? imageOfBytes(byteStringToBytes(`${node.target}\0` as ByteString)) : NOTHING
}

function headerOf({ path, node, inode, linkCount }: Entry, sizeBytes: number): CpioHeader {
  const { mode, uid, gid, mtime } = node
  const device = node.type === 'char' || node.type === 'block' ? { major: node.major, minor: node.minor } : {}
  return {
    path,
    inode,
    linkCount,
    mode: TYPE_BITS[node.type] | mode,
    uid,
    gid,
    mtime: mtime.seconds,
    sizeBytes,
    ...device,
  }
}

function whyNot(path: ByteString, node: FileNode): string | undefined {
  if (path === CPIO_TRAILER) return 'that name ends the archive'
  if (path.length >= PATH_MAX_BYTES)
    return `its path has ${path.length} bytes, at most ${PATH_MAX_BYTES - 1} are unpacked`
  if (node.type === 'symlink' && node.target.length >= PATH_MAX_BYTES) {
    return `its target has ${node.target.length} bytes, at most ${PATH_MAX_BYTES - 1} are unpacked`
  }
  const { seconds } = node.mtime
  if (seconds < 0 || seconds > MAX_CPIO_NUMBER) {
    return `its time is ${seconds} seconds after 1970, 0 to ${MAX_CPIO_NUMBER} are accepted`
  }
  if (node.type === 'file' && node.content.sizeBytes > MAX_CPIO_NUMBER) {
    return `it has ${node.content.sizeBytes} bytes, at most ${MAX_CPIO_NUMBER} are accepted`
  }
  return undefined
}
