/**
 * What the journal holds that is not in its place yet: the blocks of its complete transactions, as the kernel finds them when
 * it mounts a volume that was not unmounted. Nothing is written: the caller lays the blocks over the volume.
 * [EXT4 disk layout, journal (jbd2); Linux 6.1 fs/jbd2/recovery.c]
 */
import { appendAll } from '../../../bytes/append-all.js'
import { crc32cRaw } from '../../../bytes/crc32c.js'
import {
  JBD2_COMMIT_BLOCK,
  JBD2_DEFAULT_FAST_COMMIT_BLOCKS,
  JBD2_DESCRIPTOR_BLOCK,
  JBD2_FEATURE_INCOMPAT_64BIT,
  JBD2_FEATURE_INCOMPAT_CSUM_V2,
  JBD2_FEATURE_INCOMPAT_CSUM_V3,
  JBD2_FEATURE_INCOMPAT_FAST_COMMIT,
  JBD2_FLAG_ESCAPE,
  JBD2_FLAG_LAST_TAG,
  JBD2_FLAG_SAME_UUID,
  JBD2_MAGIC_NUMBER,
  JBD2_REVOKE_BLOCK,
  JournalHeader,
  JournalSuperblock,
} from '../disklayout/journal.js'
import type { ExtDisk } from './ext-disk.js'
import type { MappedRun } from './map-collector.js'
import type { Report } from './report.js'
import { hex } from './volume-shape.js'

/** A block of the volume, and the block of the volume (inside the journal) that holds its newer content. */
export interface LoggedBlock {
  readonly block: number
  readonly copy: number
  /** The first word of the content is the journal's magic number, and zeros stand in the copy. */
  readonly isEscaped: boolean
}

export interface JournalLog {
  readonly transactions: number
  /** The last copy of each block, in no order. */
  readonly blocks: readonly LoggedBlock[]
  /** Fast commits follow the last transaction; they are not among the blocks. */
  readonly hasFastCommits: boolean
}

const INITIAL = 0xffff_ffff
const CHECKSUM_BYTES = 4
/** h_chksum[0] of a commit block. */
const COMMIT_CHECKSUM_OFFSET = 16
const REVOKE_HEADER_BYTES = 16
const UUID_BYTES = 16
/** TLV tags at the start of the first block of fast commits: EXT4_FC_TAG_HEAD, whose value ends with the transaction's number. */
const FC_TAG_HEAD = 0x0009
const FC_HEAD_TID_OFFSET = 8

/** The transactions of the journal with content `runs`; `undefined` where its superblock is none or says that it is empty. */
export function readJournalLog(disk: ExtDisk, runs: readonly MappedRun[], report: Report): JournalLog | undefined {
  const place = (logical: number): number | undefined => {
    const run = runs.find((candidate) => logical >= candidate.logical && logical < candidate.logical + candidate.blocks)
    return run && run.physical + logical - run.logical
  }
  const first = place(0)
  if (first === undefined) return undefined
  const superblock = JournalSuperblock.decode(disk.block(first, 'journal superblock'))
  if (superblock.h_magic !== JBD2_MAGIC_NUMBER || superblock.s_start === 0) return undefined
  return new LogReader(disk, superblock, place, report).read()
}

class LogReader {
  readonly #disk: ExtDisk
  readonly #superblock: JournalSuperblock
  readonly #place: (logical: number) => number | undefined
  readonly #report: Report
  /** Of all checksums of the log; undefined without them. */
  readonly #seed: number | undefined
  readonly #has: (flag: number) => boolean
  /** The log wraps before this block. */
  readonly #end: number
  readonly #revoked = new Map<number, number>()
  readonly #copies: { readonly sequence: number; readonly logged: LoggedBlock }[] = []

  constructor(
    disk: ExtDisk,
    superblock: JournalSuperblock,
    place: (logical: number) => number | undefined,
    report: Report,
  ) {
    this.#disk = disk
    this.#superblock = superblock
    this.#place = place
    this.#report = report
    this.#has = (flag) => (superblock.s_feature_incompat & flag) !== 0
    const hasChecksums = this.#has(JBD2_FEATURE_INCOMPAT_CSUM_V2 | JBD2_FEATURE_INCOMPAT_CSUM_V3)
    this.#seed = hasChecksums ? crc32cRaw(INITIAL, superblock.s_uuid) : undefined
    const fastCommitBlocks = superblock.s_num_fc_blks || JBD2_DEFAULT_FAST_COMMIT_BLOCKS
    this.#end = superblock.s_maxlen - (this.#has(JBD2_FEATURE_INCOMPAT_FAST_COMMIT) ? fastCommitBlocks : 0)
  }

  read(): JournalLog {
    let sequence = this.#superblock.s_sequence
    let at = this.#superblock.s_start
    let transactions = 0
    // A log that never ends has come round: it has no more blocks than the journal.
    let left = this.#end
    for (;;) {
      const transaction = this.#readTransaction(at, sequence, left)
      if (transaction === undefined) break
      left -= transaction.length
      at = transaction.next
      sequence = (sequence + 1) >>> 0
      transactions++
    }
    const last = new Map<number, LoggedBlock>()
    for (const { sequence: number, logged } of this.#copies) {
      const revokedBy = this.#revoked.get(logged.block)
      if (revokedBy === undefined || isLater(number, revokedBy)) last.set(logged.block, logged)
    }
    return { transactions, blocks: [...last.values()], hasFastCommits: this.#hasFastCommits(sequence) }
  }

  /** Takes in a transaction that begins at block `at`, where it has its commit block; `left`: what it may be long. */
  #readTransaction(at: number, sequence: number, left: number): { next: number; length: number } | undefined {
    const copies: LoggedBlock[] = []
    const revoked: number[] = []
    let next = at
    for (let length = 1; length <= left; length++) {
      const bytes = this.#logBlock(next)
      if (bytes === undefined) return undefined
      const { h_magic, h_blocktype, h_sequence } = JournalHeader.decode(bytes)
      if (h_magic !== JBD2_MAGIC_NUMBER || h_sequence !== sequence) return undefined
      next = this.#after(next)
      if (h_blocktype === JBD2_COMMIT_BLOCK) {
        if (!this.#isSummed(bytes, COMMIT_CHECKSUM_OFFSET)) return undefined
        appendAll(
          this.#copies,
          copies.map((logged) => ({ sequence, logged })),
        )
        for (const block of revoked) this.#revoked.set(block, sequence)
        return { next, length }
      }
      if (h_blocktype === JBD2_REVOKE_BLOCK) {
        if (!this.#isSummed(bytes, bytes.length - CHECKSUM_BYTES)) return undefined
        appendAll(revoked, this.#revokedBlocks(bytes))
      } else if (h_blocktype === JBD2_DESCRIPTOR_BLOCK) {
        if (!this.#isSummed(bytes, bytes.length - CHECKSUM_BYTES)) return undefined
        const tags = this.#tags(bytes)
        length += tags.length
        for (const { block, flags, checksum } of tags) {
          const copy = this.#place(next)
          if (copy === undefined) return undefined
          this.#checkCopy(copy, sequence, checksum)
          copies.push({ block, copy, isEscaped: (flags & JBD2_FLAG_ESCAPE) !== 0 })
          next = this.#after(next)
        }
      } else return undefined
    }
    return undefined
  }

  #logBlock(logical: number): Uint8Array | undefined {
    const block = this.#place(logical)
    return block === undefined ? undefined : this.#disk.block(block, 'journal')
  }

  #after(logical: number): number {
    return logical + 1 >= this.#end ? this.#superblock.s_first : logical + 1
  }

  #isSummed(bytes: Uint8Array, at: number): boolean {
    if (this.#seed === undefined) return true
    const cleared = bytes.slice()
    cleared.fill(0, at, at + CHECKSUM_BYTES)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at) === crc32cRaw(this.#seed, cleared)
  }

  /** Tags name blocks from behind the header to the one marked as the last. */
  #tags(bytes: Uint8Array): { block: number; flags: number; checksum: number }[] {
    const isV3 = this.#has(JBD2_FEATURE_INCOMPAT_CSUM_V3)
    const is64 = this.#has(JBD2_FEATURE_INCOMPAT_64BIT)
    // journal_block_tag3_t has 16 bytes; journal_block_tag_t 8, 12 with 64 bits, and two more with CSUM_V2.
    const size = isV3 ? 16 : 8 + (is64 ? 4 : 0) + (this.#has(JBD2_FEATURE_INCOMPAT_CSUM_V2) ? 2 : 0)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = bytes.length - (this.#seed === undefined ? 0 : CHECKSUM_BYTES)
    const tags: { block: number; flags: number; checksum: number }[] = []
    for (let at = JournalHeader.SIZE; at + size <= end; ) {
      const flags = isV3 ? view.getUint32(at + 4) : view.getUint16(at + 6)
      const high = is64 ? view.getUint32(at + 8) : 0
      const checksum = isV3 ? view.getUint32(at + 12) : view.getUint16(at + 4)
      tags.push({ block: high * 2 ** 32 + view.getUint32(at), flags, checksum })
      at += size + (flags & JBD2_FLAG_SAME_UUID ? 0 : UUID_BYTES)
      if (flags & JBD2_FLAG_LAST_TAG) break
    }
    return tags
  }

  #revokedBlocks(bytes: Uint8Array): number[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const size = this.#has(JBD2_FEATURE_INCOMPAT_64BIT) ? 8 : 4
    const end = Math.min(view.getUint32(JournalHeader.SIZE), bytes.length)
    const blocks: number[] = []
    for (let at = REVOKE_HEADER_BYTES; at + size <= end; at += size) {
      blocks.push(size === 8 ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getUint32(at))
    }
    return blocks
  }

  /** A tag has the checksum of the copy, seeded with the transaction's number; CSUM_V2 has room for its lower half. */
  #checkCopy(copy: number, sequence: number, stored: number): void {
    if (this.#seed === undefined) return
    const number = new Uint8Array(4)
    new DataView(number.buffer).setUint32(0, sequence)
    const whole = crc32cRaw(crc32cRaw(this.#seed, number), this.#disk.block(copy, 'journal'))
    const expected = this.#has(JBD2_FEATURE_INCOMPAT_CSUM_V3) ? whole : whole & 0xffff
    if (stored === expected) return
    const { blockSize } = this.#disk.shape
    this.#report({
      structure: `journal, transaction ${sequence}`,
      offset: copy * blockSize,
      field: 't_checksum',
      found: hex(stored),
      expected: hex(expected),
    })
  }

  /** Whether the first block behind the log begins with a fast commit of the transaction that would come next. */
  #hasFastCommits(sequence: number): boolean {
    if (!this.#has(JBD2_FEATURE_INCOMPAT_FAST_COMMIT)) return false
    const bytes = this.#logBlock(this.#end + 1)
    if (bytes === undefined) return false
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return view.getUint16(0, true) === FC_TAG_HEAD && view.getUint32(FC_HEAD_TID_OFFSET, true) === sequence
  }
}

/** Numbers of transactions wrap around at 32 bits. */
function isLater(sequence: number, other: number): boolean {
  return ((sequence - other) | 0) > 0
}
