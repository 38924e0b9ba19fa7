/** A cpio archive (newc: an initramfs) as a payload tree; contents stay in the archive. */
import type { ArchiveFile } from '../archives/archive-file.js'
import { type CpioEntry, readCpio } from '../archives/cpio/cpio-reader.js'
import { type ByteString, byteStringFromBytes } from '../bytes/text.js'
import { ImageBuilder } from '../image/extent.js'
import { S_IFMT, typeOfMode } from './file-mode.js'
import { EMPTY_CONTENT, type FileNode, type FileTree } from './file-tree.js'
import { ownerInVolume } from './ownership.js'
import type { ArchiveTreeRules } from './tar.js'
import { clampTimestamp } from './timestamp.js'
import { TreeBuilder } from './tree-builder.js'
import { type ArchivePart, type ArchiveTree, treeOfArchive, type UnpackOptions } from './unpacked-archive.js'

export type CpioTreeRules = Pick<ArchiveTreeRules, 'owner' | 'clampTo'>

/** As `readTarTree`; cpio knows neither holes nor extended attributes. */
export async function readCpioTree(path: string, options: CpioTreeRules & UnpackOptions): Promise<ArchiveTree> {
  return treeOfArchive(path, options, ({ parts }) => cpioTree(parts, path, options))
}

/**
 * As `tarTree`. Of archives that follow one another, later entries win, as when the kernel unpacks them; inode numbers
 * count in each for itself.
 */
export function cpioTree(parts: readonly ArchivePart[], path: string, options: CpioTreeRules): FileTree {
  const builder = new TreeBuilder(`"${path}"`, options.clampTo ?? { seconds: 0, nanoseconds: 0 })
  for (const part of parts) {
    const linked = new Map<string, FileNode>()
    for (const entry of readCpio(part)) {
      const node = nodeOf(part.archive, entry, options)
      if (node === undefined) {
        builder.refuse(entry.path, `its mode is 0${entry.mode.toString(8)}, which is no type of file`)
        continue
      }
      builder.add(entry.path, entry.linkCount > 1 ? linkedNode(linked, entry.inode, node) : node)
    }
  }
  return builder.finish()
}

/** The one node of a file with several names; its data stands with one of them, usually the last. */
function linkedNode(linked: Map<string, FileNode>, inode: string, node: FileNode): FileNode {
  if (node.type === 'directory') return node
  const known = linked.get(inode)
  if (known === undefined) {
    linked.set(inode, node)
    return node
  }
  if (known.type === 'file' && node.type === 'file' && node.content.sizeBytes > 0) known.content = node.content
  return known
}

function nodeOf(archive: ArchiveFile, entry: CpioEntry, options: CpioTreeRules): FileNode | undefined {
  const attributes = {
    mode: entry.mode & ~S_IFMT,
    ...ownerInVolume(options.owner, entry),
    mtime: clampTimestamp({ seconds: entry.mtime, nanoseconds: 0 }, options.clampTo),
  }
  const type = typeOfMode(entry.mode)
  switch (type) {
    case 'directory':
      return { type, ...attributes, children: new Map() }
    case 'file': {
      const { sizeBytes, dataOffset } = entry
      const content =
        sizeBytes === 0
          ? EMPTY_CONTENT
          : new ImageBuilder(sizeBytes).file(0, sizeBytes, archive.file, dataOffset).finish()
      return { type, ...attributes, content }
    }
    case 'symlink': {
      const target = byteStringFromBytes(archive.read(entry.dataOffset, entry.sizeBytes, 'a link')).replace(/\0$/, '')
      return { type, ...attributes, target: target as ByteString }
    }
    case 'char':
    case 'block':
      return { type, ...attributes, major: entry.major, minor: entry.minor }
    case undefined:
      return undefined
    default:
      return { type, ...attributes }
  }
}
