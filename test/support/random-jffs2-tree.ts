/** Random trees and options for JFFS2, from a seed: what ext holds, made to what JFFS2 holds. */
import type { ByteString } from '../../src/bytes/text.js'
import type { Jffs2FormatOptions } from '../../src/filesystems/jffs2/format.js'
import { sliceImage } from '../../src/image/compose.js'
import type { DiskImage } from '../../src/image/extent.js'
import { type FileNode, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { Random, randomCase } from './random-ext-tree.js'

export interface RandomJffs2Case {
  readonly tree: FileTree
  readonly options: Jffs2FormatOptions
  /** Added to the smallest size, in erase blocks. */
  readonly extraBlocks: number
}

const KIB = 1024
/** The kernel reads no longer link. */
const MOST_TARGET_BYTES = 254

export function randomJffs2Case(seed: number): RandomJffs2Case {
  const random = new Random(seed ^ 0x6a66_6673)
  const { tree } = randomCase(seed)
  const seen = new Set<FileNode>()
  for (const [, node] of walkTree(tree)) {
    if (seen.has(node)) continue
    seen.add(node)
    node.uid &= 0xffff
    node.gid &= 0xffff
    node.mtime = { seconds: Math.min(Math.max(node.mtime.seconds, 0), 0xffff_ffff), nanoseconds: 0 }
    if (node.type === 'file') {
      if (random.chance(30)) node.content = compressibleContent(random)
      else if (random.chance(80)) node.content = firstOf(node.content, MOST_BYTES)
    }
    if (node.type === 'symlink') {
      node.mode = 0o777
      node.target = node.target.slice(0, MOST_TARGET_BYTES) as ByteString
    }
    if (node.type === 'directory') shortenNames(node.children)
  }
  return {
    tree,
    options: {
      erase_block: random.pick([8, 16, 64, 128, 256]) * KIB,
      byte_order: random.pick(['little', 'big']),
      compression: random.pick(['zlib', 'zlib', 'none']),
      cleanmarkers: random.chance(70),
      pad: random.chance(90),
    },
    extraBlocks: random.pick([0, 0, 1, 7]),
  }
}

/** Pages are all alike to JFFS2: long files cost time and show nothing. */
const MOST_BYTES = 5 * 4096 + 7

function firstOf(content: DiskImage, bytes: number): DiskImage {
  return sliceImage(content, 0, Math.min(bytes, content.sizeBytes))
}

function shortenNames(children: Map<ByteString, FileNode>): void {
  for (const [name, node] of [...children]) {
    if (name.length <= 254) continue
    children.delete(name)
    children.set(name.slice(0, 254) as ByteString, node)
  }
}

/** Text, noise and zeros, by pages and across them. */
function compressibleContent(random: Random): DiskImage {
  const sizeBytes = random.pick([1, 4095, 4096, 4097, 9000, 40_000])
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; ) {
    const length = Math.min(1 + random.below(9000), sizeBytes - at)
    const kind = random.below(3)
    if (kind === 0) bytes.set(random.bytes(length), at)
    if (kind === 1) bytes.set(Buffer.alloc(length, `line ${random.below(10)}\n`), at)
    at += length
  }
  return { sizeBytes, extents: [{ offset: 0, length: sizeBytes, source: { kind: 'bytes', bytes } }] }
}
