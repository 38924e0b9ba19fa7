/**
 * The tree of a hashed directory: a root in block 0, inner nodes, and leaves that hold the names whose hashes lie between the
 * entry that leads there and the next one. A chain of equal hashes may go on in the next leaf, whose hash then is odd.
 * [EXT4 disk layout, hash tree directories; e2fsprogs 1.47.0 e2fsck/pass2.c]
 */

import type { ByteString } from '../../../bytes/text.js'
import type { DirectoryHasher } from '../directory-hash.js'
import {
  DOT_ENTRY_BYTES,
  DX_NODE_ENTRIES_OFFSET,
  DX_ROOT_ENTRIES_OFFSET,
  DxCountLimit,
  DxEntry,
  DxRootInfo,
  DxTail,
  Ext4DirEntry2,
} from '../disklayout/directory.js'
import { EXT4_CASEFOLD_FL } from '../disklayout/inode.js'
import type { CheckContext } from './check-context.js'
import { hasherOf } from './name-hash.js'
import { recordLength } from './read-directory.js'
import { hasFlag, type InodeRecord } from './read-inode.js'
import { hex } from './volume-shape.js'

const MAX_LEVELS = 2
/** With large_dir. */
const MAX_LEVELS_LARGE = 3
const BLOCK_NUMBER_BITS = 0x0fff_ffff
const END_OF_HASHES = 2 ** 32

export function checkHashTree(context: CheckContext, inode: InodeRecord, blocks: readonly number[]): void {
  if (blocks.length === 0) return
  new HashTreeCheck(context, inode, blocks).run()
}

class HashTreeCheck {
  readonly #context: CheckContext
  readonly #inode: InodeRecord
  readonly #blocks: readonly number[]
  readonly #seen = new Set<number>([0])
  #hasher: DirectoryHasher | undefined

  constructor(context: CheckContext, inode: InodeRecord, blocks: readonly number[]) {
    this.#context = context
    this.#inode = inode
    this.#blocks = blocks
  }

  run(): void {
    const { shape } = this.#context
    const root = this.#bytes(0)
    const info = DxRootInfo.decode(root, 2 * DOT_ENTRY_BYTES)
    const levels = shape.features.has('large_dir') ? MAX_LEVELS_LARGE : MAX_LEVELS
    this.#hasher = hasFlag(this.#inode, EXT4_CASEFOLD_FL) ? undefined : hasherOf(shape, info.hash_version)
    const isKnown = this.#hasher !== undefined || hasFlag(this.#inode, EXT4_CASEFOLD_FL)
    if (!this.#expect(isKnown, 0, 'hash_version', info.hash_version, '0 to 5')) return
    this.#expect(info.info_length === DxRootInfo.SIZE, 0, 'info_length', info.info_length, `${DxRootInfo.SIZE}`)
    if (!this.#expect(info.indirect_levels < levels, 0, 'indirect_levels', info.indirect_levels, `less than ${levels}`))
      return
    this.#node(0, DX_ROOT_ENTRIES_OFFSET, info.indirect_levels, 0, END_OF_HASHES)
    const missing = this.#blocks.findIndex((_, index) => !this.#seen.has(index))
    this.#expect(missing < 0, 0, 'its entries', `none for block ${missing}`, 'an entry for each block of the directory')
  }

  /** Entries of the node in directory block `index`, for hashes in [from, to). */
  #node(index: number, entriesAt: number, levels: number, from: number, to: number): void {
    const { shape } = this.#context
    const bytes = this.#bytes(index)
    const room = shape.blockSize - entriesAt - (shape.checksumSeed === undefined ? 0 : DxTail.SIZE)
    const most = Math.floor(room / DxEntry.SIZE)
    const { limit, count } = DxCountLimit.decode(bytes, entriesAt)
    // Kernels accept a limit that leaves room for a checksum in a volume without.
    const isLimit = limit === most || (shape.checksumSeed === undefined && limit === most - 1)
    if (!this.#expect(isLimit, index, 'limit', limit, `${most}`)) return
    if (!this.#expect(count >= 1 && count <= limit, index, 'count', count, `1 to ${limit}`)) return
    const entryAt = (entry: number) => DxEntry.decode(bytes, entriesAt + entry * DxEntry.SIZE)
    // The first entry's hash makes room for limit and count.
    const hashAt = (entry: number): number => (entry === 0 ? from : entry === count ? to : entryAt(entry).hash)
    for (let entry = 0; entry < count; entry++) {
      const hash = hashAt(entry)
      const next = hashAt(entry + 1)
      if (hash >= next || next > to) {
        this.#expect(
          false,
          index,
          `hash of entry ${entry + 1}`,
          hex(next),
          `more than ${hex(hash)}, at most ${hex(to)}`,
        )
        return
      }
      const block = entryAt(entry).block & BLOCK_NUMBER_BITS
      if (block === 0 || block >= this.#blocks.length || this.#seen.has(block)) {
        const expected = `a block of the directory (1 to ${this.#blocks.length - 1}) that no other entry names`
        this.#expect(false, index, `block of entry ${entry}`, block, expected)
        continue
      }
      this.#seen.add(block)
      if (levels === 0) this.#leaf(block, hash, next)
      else if (this.#isInner(block)) this.#node(block, DX_NODE_ENTRIES_OFFSET, levels - 1, hash, next)
      else
        this.#expect(false, block, 'its first entry', 'a name', 'an unused entry over the whole block of an inner node')
    }
  }

  #isInner(index: number): boolean {
    const first = Ext4DirEntry2.decode(this.#bytes(index))
    const { blockSize } = this.#context.shape
    return first.inode === 0 && recordLength(first.rec_len, blockSize) === blockSize
  }

  #leaf(index: number, from: number, to: number): void {
    const hasher = this.#hasher
    if (hasher === undefined) return
    // The lowest bit says that the leaf goes on with the hash of the one before.
    const least = from - (from % 2)
    for (const name of this.#namesIn(index)) {
      hasher.hash(name)
      const isSound = hasher.major >= least && (hasher.major < to || (to % 2 === 1 && hasher.major === to - 1))
      if (isSound) continue
      const expected = `${hex(least)} to ${hex(to - 1)}, as the entry that leads to its block says`
      this.#expect(false, index, `hash of "${name}"`, hex(hasher.major), expected)
      return
    }
  }

  /** Names as they stand there. What is wrong with the chain was told. */
  *#namesIn(index: number): Generator<ByteString> {
    const bytes = this.#bytes(index)
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at + Ext4DirEntry2.SIZE <= bytes.length; ) {
      const { inode, rec_len, name_len } = Ext4DirEntry2.decode(bytes, at)
      const nameAt = at + Ext4DirEntry2.SIZE
      if (inode !== 0) yield text.toString('latin1', nameAt, nameAt + name_len) as ByteString
      const length = recordLength(rec_len, bytes.length)
      if (length < Ext4DirEntry2.SIZE) return
      at += length
    }
  }

  #bytes(index: number): Uint8Array {
    return this.#context.disk.block(this.#blocks[index]!, `directory block ${index} of inode ${this.#inode.number}`)
  }

  #expect(isSo: boolean, index: number, field: string, found: number | string, expected: string): boolean {
    if (isSo) return true
    const { report, shape } = this.#context
    report({
      structure: `hash tree node in directory block ${index} of inode ${this.#inode.number}`,
      offset: this.#blocks[index]! * shape.blockSize,
      field,
      found,
      expected,
    })
    return false
  }
}
