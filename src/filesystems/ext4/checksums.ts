/**
 * metadata_csum: CRC-32C, never inverted, seeded with the UUID (or s_checksum_seed) so that a block of another volume
 * does not pass. Each function states the range it covers.  [EXT4 disk layout, checksums]
 */
import { crc32cOfZeros, crc32cRaw } from '../../bytes/crc32c.js'
import { BG_CHECKSUM } from './disklayout/group-descriptor.js'
import { highHalf, highShort, lowHalf, lowShort } from './disklayout/halves.js'
import { Ext4Inode, I_CHECKSUM_HI_OFFSET, I_CHECKSUM_LO_OFFSET } from './disklayout/inode.js'
import { JournalSuperblock } from './disklayout/journal.js'

const INITIAL = 0xffff_ffff
const ZERO_WORD = new Uint8Array(4)

/** The volume's seed: over s_uuid. The same value stands in s_checksum_seed under metadata_csum_seed. */
export function checksumSeed(uuid: Uint8Array): number {
  return crc32cRaw(INITIAL, uuid)
}

/** Over the superblock up to s_checksum. */
export function superblockChecksum(superblock: Uint8Array): number {
  return crc32cRaw(INITIAL, superblock.subarray(0, superblock.length - 4))
}

/** Reused: one call per inode, and the checksum takes the bytes before the next call. */
const scratch = new DataView(new ArrayBuffer(8))
const scratch32 = new Uint8Array(scratch.buffer, 0, 4)
const scratch64 = new Uint8Array(scratch.buffer)

function littleEndian32(value: number): Uint8Array {
  scratch.setUint32(0, value, true)
  return scratch32
}

function littleEndian64(value: number): Uint8Array {
  scratch.setUint32(0, lowHalf(value), true)
  scratch.setUint32(4, highHalf(value), true)
  return scratch64
}

/** Seed of everything that belongs to one inode: over its number and i_generation, which is 0 in every inode made here. */
export function inodeSeed(volumeSeed: number, inodeNumber: number, generation = 0): number {
  return crc32cRaw(crc32cRaw(volumeSeed, littleEndian32(inodeNumber)), littleEndian32(generation))
}

/** Over the whole inode with both checksum fields zero. An inode of 128 bytes keeps the lower half. */
export function inodeChecksum(inode: Uint8Array, seed: number, hasHigh: boolean): number {
  const [lowAt, lowLength] = Ext4Inode.FIELDS.l_i_checksum_lo!
  const [highAt, highLength] = Ext4Inode.FIELDS.i_checksum_hi!
  let crc = crc32cRaw(seed, inode.subarray(0, lowAt))
  crc = crc32cRaw(crc, ZERO_WORD.subarray(0, lowLength))
  if (!hasHigh) return lowShort(crc32cRaw(crc, inode.subarray(lowAt + lowLength)))
  crc = crc32cRaw(crc, inode.subarray(lowAt + lowLength, highAt))
  crc = crc32cRaw(crc, ZERO_WORD.subarray(0, highLength))
  return crc32cRaw(crc, inode.subarray(highAt + highLength))
}

/** Stores the checksum of an inode whose checksum fields are zero. */
export function signInode(inode: Uint8Array, volumeSeed: number, inodeNumber: number, hasHigh: boolean): void {
  const checksum = crc32cRaw(inodeSeed(volumeSeed, inodeNumber), inode)
  const view = new DataView(inode.buffer, inode.byteOffset, inode.length)
  view.setUint16(I_CHECKSUM_LO_OFFSET, lowShort(checksum), true)
  if (hasHigh) view.setUint16(I_CHECKSUM_HI_OFFSET, highShort(checksum), true)
}

/** Over the block's bytes before `length`: a directory's leaf up to its tail, an extent block up to its checksum. */
export function blockChecksum(seedOfInode: number, block: Uint8Array, length: number): number {
  return crc32cRaw(seedOfInode, block.subarray(0, length))
}

/** The same where zeros stand from `usedBytes` on. */
export function leafChecksum(seedOfInode: number, block: Uint8Array, usedBytes: number, length: number): number {
  return crc32cOfZeros(crc32cRaw(seedOfInode, block.subarray(0, usedBytes)), length - usedBytes)
}

/** Over a hash tree node up to its last used entry, then dt_reserved at `tailAt` and a zero word in the checksum's place. */
export function hashNodeChecksum(
  seedOfInode: number,
  block: Uint8Array,
  { usedBytes, tailAt }: { usedBytes: number; tailAt: number },
): number {
  const crc = crc32cRaw(seedOfInode, block.subarray(0, usedBytes))
  return crc32cRaw(crc32cRaw(crc, block.subarray(tailAt, tailAt + ZERO_WORD.length)), ZERO_WORD)
}

/** Over the block's number in 64 bits, then the block with h_checksum zero. */
export function xattrBlockChecksum(volumeSeed: number, blockNumber: number, block: Uint8Array): number {
  return crc32cRaw(crc32cRaw(volumeSeed, littleEndian64(blockNumber)), block)
}

/** Over the block's number in 64 bits, then the block up to its tail. */
export function orphanBlockChecksum(seedOfInode: number, blockNumber: number, entries: Uint8Array): number {
  return crc32cRaw(crc32cRaw(seedOfInode, littleEndian64(blockNumber)), entries)
}

/** Over a bitmap's bytes: as many as the blocks or inodes of a group need. */
export function bitmapChecksum(volumeSeed: number, bitmap: Uint8Array): number {
  return crc32cRaw(volumeSeed, bitmap)
}

/** metadata_csum: over the group's number and the descriptor with bg_checksum zero; the lower 16 bits. */
export function groupChecksum(volumeSeed: number, group: number, descriptor: Uint8Array): number {
  return lowShort(crc32cRaw(crc32cRaw(volumeSeed, littleEndian32(group)), descriptor))
}

/** uninit_bg: CRC-16 over s_uuid, the group's number, and the descriptor without bg_checksum. */
export function groupChecksum16(uuid: Uint8Array, group: number, descriptor: Uint8Array): number {
  const [offset, length] = BG_CHECKSUM
  let crc = crc16(0xffff, uuid)
  crc = crc16(crc, littleEndian32(group))
  crc = crc16(crc, descriptor.subarray(0, offset))
  return crc16(crc, descriptor.subarray(offset + length))
}

/** CRC-16 (reflected polynomial 0xA001), nothing inverted. */
function crc16(seed: number, data: Uint8Array): number {
  let crc = seed
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return crc
}

/** Over the journal's superblock with s_checksum zero; with no seed. */
export function journalChecksum(superblock: Uint8Array): number {
  const [at, length] = JournalSuperblock.FIELDS.s_checksum!
  const crc = crc32cRaw(crc32cRaw(INITIAL, superblock.subarray(0, at)), ZERO_WORD)
  return crc32cRaw(crc, superblock.subarray(at + length))
}
