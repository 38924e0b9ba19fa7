/** A payload tree as a tar: the form of a tree that every tool reads. Contents stay where they are. */
import { TAR_BLOCK_BYTES } from '../archives/tar/disklayout.js'
import { encodeSparseMap, encodeTarHeader, TAR_END_BYTES, type TarHeader } from '../archives/tar/writer.js'
import { alignDown, alignUp } from '../bytes/align.js'
import type { ByteString } from '../bytes/text.js'
import { sliceImage } from '../image/compose.js'
import { type DiskImage, extentEnd, ImageBuilder } from '../image/extent.js'
import { type FileNode, type FileTree, walkTree } from './file-tree.js'

export interface TarPlan {
  /** Every byte is specified or, in a file's hole, zero. */
  readonly image: DiskImage
  /** Paths of sockets, which no tar can hold. */
  readonly leftOut: readonly ByteString[]
}

export interface TarPlanOptions {
  /** `zeros`, the default: every tool reads that. `sparse`: the holes of files stay holes, by GNU's records, format 1.0. */
  readonly holes?: 'zeros' | 'sparse'
}

/** Fewer bytes of holes are not worth the records. */
const MIN_HOLE_BYTES = 4096

/** The root comes first as `./`, folders before what is in them, names in bytewise order: the same tree, the same bytes. */
export function planTar(tree: FileTree, { holes = 'zeros' }: TarPlanOptions = {}): TarPlan {
  const leftOut: ByteString[] = []
  const parts: { readonly offset: number; readonly header: Uint8Array; readonly content?: DiskImage }[] = []
  const firstPath = new Map<FileNode, ByteString>()
  let end = 0
  for (const [path, node] of walkTree(tree)) {
    const header = headerOf(path, node, firstPath.get(node))
    if (header === undefined) {
      leftOut.push(path)
      continue
    }
    if (node.type !== 'directory' && !firstPath.has(node)) firstPath.set(node, path)
    const content = node.type === 'file' && header.type === 'file' ? node.content : undefined
    const packed = content !== undefined && holes === 'sparse' ? packSparse(content) : undefined
    const bytes = encodeTarHeader(packed === undefined ? header : { ...header, ...packed.sizes })
    const data = packed?.image ?? content
    parts.push({ offset: end, header: bytes, ...(data && { content: data }) })
    end += bytes.length + alignUp(data?.sizeBytes ?? 0, TAR_BLOCK_BYTES)
  }
  const builder = new ImageBuilder(end + TAR_END_BYTES)
  for (const { offset, header, content } of parts) {
    builder.bytes(offset, header)
    if (content !== undefined) builder.image(offset + header.length, content)
  }
  return { image: builder.finish(), leftOut }
}

/** The map and the data without the holes; undefined where there are hardly any. */
function packSparse(content: DiskImage): { readonly image: DiskImage; readonly sizes: Partial<TarHeader> } | undefined {
  const stretches = wholeBlocks(content)
  const dataBytes = stretches.reduce((sum, [, length]) => sum + length, 0)
  if (content.sizeBytes - dataBytes < MIN_HOLE_BYTES) return undefined
  const map = encodeSparseMap(stretches, content.sizeBytes)
  const builder = new ImageBuilder(map.length + dataBytes).bytes(0, map)
  let end = map.length
  for (const [offset, length] of stretches) {
    builder.image(end, sliceImage(content, offset, length))
    end += length
  }
  return { image: builder.finish(), sizes: { sizeBytes: map.length + dataBytes, sparseSizeBytes: content.sizeBytes } }
}

/**
 * The stretches that are stored, however the extents were cut. GNU tar begins each at a block of the archive, others one
 * behind the other, so all but the last are whole blocks; what that takes of a hole is stored as zeros.
 */
function wholeBlocks({ extents, sizeBytes }: DiskImage): (readonly [offset: number, length: number])[] {
  const stretches: [number, number][] = []
  for (const extent of extents) {
    const start = alignDown(extent.offset, TAR_BLOCK_BYTES)
    const end = Math.min(alignUp(extentEnd(extent), TAR_BLOCK_BYTES), sizeBytes)
    const last = stretches.at(-1)
    if (last !== undefined && last[0] + last[1] >= start) last[1] = end - last[0]
    else stretches.push([start, end - start])
  }
  return stretches
}

/** `linkedTo`: the path under which the same node stands already. Undefined for what a tar has no entry for. */
function headerOf(path: ByteString, node: FileNode, linkedTo: ByteString | undefined): TarHeader | undefined {
  if (node.type === 'socket') return undefined
  const { mode, uid, gid, mtime, xattrs } = node
  const common = { path, mode, uid, gid, mtime, sizeBytes: 0, ...(xattrs && { xattrs }) }
  if (linkedTo !== undefined) return { path, type: 'hardlink', mode, uid, gid, mtime, sizeBytes: 0, link: linkedTo }
  switch (node.type) {
    case 'file':
      return { ...common, type: 'file', sizeBytes: node.content.sizeBytes }
    case 'symlink':
      return { ...common, type: 'symlink', link: node.target }
    case 'char':
    case 'block':
      return { ...common, type: node.type, major: node.major, minor: node.minor }
    default:
      return { ...common, type: node.type }
  }
}
