/** Random trees and options for ext volumes, from a seed: the same seed gives the same case on every machine. */
import type { ByteString } from '../../src/bytes/text.js'
import { byteString } from '../../src/bytes/text.js'
import type { ExtFormatOptions } from '../../src/filesystems/ext4/format.js'
import type { DiskImage, Extent } from '../../src/image/extent.js'
import { EMPTY_CONTENT, type FileNode, type FileTree, type NodeAttributes } from '../../src/tree/file-tree.js'

/** mulberry32: small, and the same everywhere. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to `limit` − 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}

export interface RandomCase {
  readonly tree: FileTree
  readonly options: ExtFormatOptions
  /** Added to the smallest size. */
  readonly extraBytes: number
}

export function randomCase(seed: number): RandomCase {
  const random = new Random(seed)
  const options = randomOptions(random)
  const inodeSize = options.inode_size ?? 256
  const builder = new TreeBuilder(random, options.block_size ?? 1024, inodeSize > 128)
  const tree = builder.directory(random.pick([0, 1, 2, 3, 6]))
  return { tree, options, extraBytes: random.pick([0, 0, 4096, 61440, 300_000, 2_000_000, 9_000_000]) }
}

function randomOptions(random: Random): ExtFormatOptions {
  const type = random.pick(['ext4', 'ext4', 'ext4', 'ext3', 'ext2'] as const)
  const block_size = random.pick([1024, 1024, 2048, 4096] as const)
  const profiles = type === 'ext4' ? ['default', 'default', 'modern', 'grub-2.04', 'u-boot', 'kernel-3.10'] : [type]
  const features = random.chance(25)
    ? [
        random.pick([
          '^flex_bg',
          '^dir_index',
          '^filetype',
          '^resize_inode',
          '^has_journal,^orphan_file',
          '^huge_file',
          'sparse_super2',
        ]),
      ]
    : []
  return {
    type,
    block_size,
    profile: random.pick(profiles),
    features,
    label: random.pick(['', 'root', 'häßlich', '0123456789abcdef']),
    inode_size: random.pick([128, 256, 256, 256, 512, 1024]),
    reserved_percent: random.pick([0, 5, 50]),
    lazy_itable_init: random.chance(20),
    lost_and_found: random.chance(80),
    ...(random.chance(20) ? { bytes_per_inode: random.pick([2048, 8192, 65536]) } : {}),
  }
}

const NAME_ALPHABETS = [
  'abc',
  'abcdefghijklmnopqrstuvwxyz0123456789-_.',
  ' \t\n"\'\\=#%',
  '\x80\xc3\xa4\xff\xfe\xe2\x82\xac',
]
const ACL_ENTRIES = [
  [0x01, 7, 0xffff_ffff],
  [0x02, 5, 1000],
  [0x04, 5, 0xffff_ffff],
  [0x08, 4, 70_000],
  [0x10, 5, 0xffff_ffff],
  [0x20, 4, 0xffff_ffff],
] as const

class TreeBuilder {
  readonly #random: Random
  readonly #blockSize: number
  readonly #hasLargeInodes: boolean
  readonly #linkable: FileNode[] = []
  readonly #xattrSets: ReadonlyMap<string, Uint8Array>[] = []

  constructor(random: Random, blockSize: number, hasLargeInodes: boolean) {
    this.#random = random
    this.#blockSize = blockSize
    this.#hasLargeInodes = hasLargeInodes
  }

  directory(depth: number): FileTree {
    const random = this.#random
    const children = new Map<ByteString, FileNode>()
    const count = random.chance(5) ? 40 + random.below(100) : random.below(7)
    const longNames = random.chance(15)
    for (let index = 0; index < count; index++) children.set(this.#name(longNames), this.#node(depth))
    return { type: 'directory', ...this.#attributes(true), children }
  }

  #name(long: boolean): ByteString {
    const random = this.#random
    const alphabet = random.pick(NAME_ALPHABETS)
    const length = long ? random.pick([200, 254, 255]) : random.pick([1, 2, 4, 8, 12, 33, 64])
    let name = random.chance(30) ? 'prefix-' : ''
    while (name.length < length) name += alphabet[random.below(alphabet.length)]!
    name = name.slice(0, 255)
    return (name === '.' || name === '..' ? 'dot' : name) as ByteString
  }

  #node(depth: number): FileNode {
    const random = this.#random
    if (this.#linkable.length > 0 && random.chance(12)) return random.pick(this.#linkable)
    const kind = random.below(100)
    if (kind < 20 && depth > 0) return this.directory(depth - 1)
    const node = this.#leaf(kind)
    if (random.chance(25)) this.#linkable.push(node)
    return node
  }

  #leaf(kind: number): FileNode {
    const random = this.#random
    if (kind < 72) return { type: 'file', ...this.#attributes(true), content: this.#content() }
    const attributes = this.#attributes(false)
    if (kind < 88) {
      const length = random.pick([1, 5, 58, 59, 60, 61, 300, this.#blockSize - 1])
      return { type: 'symlink', ...attributes, target: byteString('t/'.repeat(length).slice(0, length)) }
    }
    if (kind < 95) {
      const [major, minor] = random.pick([
        [1, 3],
        [255, 255],
        [256, 0],
        [8, 256],
        [4095, 1_048_575],
      ] as const)
      return { type: random.pick(['char', 'block']), ...attributes, major, minor }
    }
    return { type: random.pick(['fifo', 'socket']), ...attributes }
  }

  #attributes(takesUserXattrs: boolean): NodeAttributes {
    const random = this.#random
    const seconds = random.pick([0, 1, 1_000_000_000, 1_700_000_000, 2 ** 31 - 1, -1, -(2 ** 31)])
    const late = this.#hasLargeInodes && random.chance(30)
    const xattrs = this.#xattrs(takesUserXattrs)
    return {
      mode: random.pick([0, 0o644, 0o755, 0o4755, 0o2755, 0o1777, 0o7777]),
      uid: random.pick([0, 1000, 65_535, 65_536, 4_294_967_294]),
      gid: random.pick([0, 100, 70_000]),
      mtime: {
        seconds: late ? random.pick([2 ** 31, 2 ** 32 + 5, 15_032_385_535]) : seconds,
        nanoseconds: random.pick([0, 1, 999_999_999, 123_456_789]),
      },
      ...(xattrs === undefined ? {} : { xattrs }),
    }
  }

  #xattrs(takesUserXattrs: boolean): ReadonlyMap<string, Uint8Array> | undefined {
    const random = this.#random
    if (random.chance(80)) return undefined
    if (takesUserXattrs && this.#xattrSets.length > 0 && random.chance(50)) return random.pick(this.#xattrSets)
    const xattrs = new Map<string, Uint8Array>()
    const names = takesUserXattrs ? ['user.a', 'user.longer-name', 'trusted.x', 'user.b'] : ['trusted.x', 'trusted.y']
    for (const name of names) {
      if (random.chance(50)) xattrs.set(name, random.bytes(random.pick([0, 1, 3, 4, 30, 90, 200])))
    }
    if (takesUserXattrs && random.chance(30)) xattrs.set('system.posix_acl_access', kernelAcl())
    if (takesUserXattrs) this.#xattrSets.push(xattrs)
    return xattrs
  }

  #content(): DiskImage {
    const random = this.#random
    const block = this.#blockSize
    const sizeBytes =
      random.pick([0, 0, 1, 100, block - 1, block, block + 1, 4 * block, 12 * block, 13 * block + 7]) +
      (random.chance(6) ? random.below(400_000) : 0)
    if (sizeBytes === 0) return EMPTY_CONTENT
    if (random.chance(70)) {
      return {
        sizeBytes,
        extents: [{ offset: 0, length: sizeBytes, source: { kind: 'bytes', bytes: random.bytes(sizeBytes) } }],
      }
    }
    return this.#sparseContent(sizeBytes + random.below(40) * block)
  }

  /** Stretches of bytes, fills and holes, cut anywhere. */
  #sparseContent(sizeBytes: number): DiskImage {
    const random = this.#random
    const extents: Extent[] = []
    for (let offset = random.below(3 * this.#blockSize); offset < sizeBytes; ) {
      const length = Math.min(1 + random.below(2 * this.#blockSize), sizeBytes - offset)
      const source = random.chance(30)
        ? ({ kind: 'fill', byte: random.pick([0, 0xff]) } as const)
        : ({ kind: 'bytes', bytes: random.bytes(length) } as const)
      extents.push({ offset, length, source })
      offset += length + (random.chance(60) ? random.below(5 * this.#blockSize) : 0)
    }
    return { sizeBytes, extents }
  }
}

/** A well-formed ACL in the kernel's form. */
export function kernelAcl(): Uint8Array {
  const bytes = new Uint8Array(4 + 8 * ACL_ENTRIES.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 2, true)
  ACL_ENTRIES.forEach(([tag, permissions, id], index) => {
    view.setUint16(4 + index * 8, tag, true)
    view.setUint16(6 + index * 8, permissions, true)
    view.setUint32(8 + index * 8, id, true)
  })
  return bytes
}
