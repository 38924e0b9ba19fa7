/** A payload tree as a tar: the form of a tree that every tool reads. Contents stay where they are; holes become zeros. */
import { TAR_BLOCK_BYTES } from '../archives/tar/disklayout.js'
import { encodeTarHeader, TAR_END_BYTES, type TarHeader } from '../archives/tar/writer.js'
import { alignUp } from '../bytes/align.js'
import type { ByteString } from '../bytes/text.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { type FileNode, type FileTree, walkTree } from './file-tree.js'

export interface TarPlan {
  /** Every byte is specified or, in a file's hole, zero. */
  readonly image: DiskImage
  /** Paths of sockets, which no tar can hold. */
  readonly leftOut: readonly ByteString[]
}

/** The root comes first as `./`, folders before what is in them, names in bytewise order: the same tree, the same bytes. */
export function planTar(tree: FileTree): TarPlan {
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
    const bytes = encodeTarHeader(header)
    const hasContent = node.type === 'file' && header.type === 'file'
    parts.push({ offset: end, header: bytes, ...(hasContent && { content: node.content }) })
    end += bytes.length + alignUp(header.sizeBytes, TAR_BLOCK_BYTES)
  }
  const builder = new ImageBuilder(end + TAR_END_BYTES)
  for (const { offset, header, content } of parts) {
    builder.bytes(offset, header)
    if (content !== undefined) builder.image(offset + header.length, content)
  }
  return { image: builder.finish(), leftOut }
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
