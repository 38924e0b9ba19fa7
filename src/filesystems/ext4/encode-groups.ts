/** Bitmaps, group descriptors and the copies of superblock and descriptors. */
import { uuidToBytes } from '../../bytes/guid.js'
import type { Extent } from '../../image/extent.js'
import { ZERO } from '../../image/extent.js'
import { setBits } from './bitmap.js'
import { bitmapChecksum, checksumSeed, groupChecksum, groupChecksum16 } from './checksums.js'
import {
  BG_CHECKSUM,
  EXT4_BG_BLOCK_UNINIT,
  EXT4_BG_INODE_UNINIT,
  EXT4_BG_INODE_ZEROED,
  encodeGroupDescriptor,
} from './disklayout/group-descriptor.js'
import { lowShort } from './disklayout/halves.js'
import { hasGroupChecksums } from './features.js'
import { endBlockOf, firstBlockOf, groupHead } from './group-layout.js'
import { inodeNumberOf } from './tree-survey.js'
import { usedInodesOf, type VolumePlan } from './volume-plan.js'

const BITS_PER_BYTE = 8

export interface EncodedGroups {
  /** Bitmaps, and what of the inode tables is not in use. */
  readonly extents: readonly Extent[]
  /** The whole table, in whole blocks. */
  readonly descriptors: Uint8Array
  readonly freeBlocks: number
  readonly freeInodes: number
}

/** O(groups), and bitmaps only for groups that need one. */
export function encodeGroups(plan: VolumePlan): EncodedGroups {
  const { geometry, layout } = plan
  const { blockSize, descriptorSize, descriptorBlocks, features } = geometry
  const encoder = new GroupEncoder(plan)
  const descriptors = new Uint8Array(descriptorBlocks * blockSize)
  const directories = countDirectories(plan)
  const uuid = uuidToBytes(plan.uuid)
  const seed = checksumSeed(uuid)
  let freeBlocks = 0
  let freeInodes = 0
  for (let group = 0; group < geometry.groupCount; group++) {
    const blocks = encoder.blockBitmap(group)
    const inodes = encoder.inodeBitmap(group)
    encoder.inodeTable(group)
    const descriptor = descriptors.subarray(group * descriptorSize, (group + 1) * descriptorSize)
    encodeGroupDescriptor(
      descriptor,
      0,
      {
        blockBitmap: layout.blockBitmap[group]!,
        inodeBitmap: layout.inodeBitmap[group]!,
        inodeTable: layout.inodeTable[group]!,
        freeBlocks: blocks.free,
        freeInodes: inodes.free,
        directories: directories[group]!,
        flags: blocks.flags + inodes.flags + encoder.tableFlags,
        unusedInodes: hasGroupChecksums(features) ? inodes.free : 0,
        blockBitmapChecksum: blocks.checksum,
        inodeBitmapChecksum: inodes.checksum,
      },
      descriptorSize,
    )
    if (hasGroupChecksums(features)) {
      const checksum = features.has('metadata_csum')
        ? groupChecksum(seed, group, descriptor)
        : groupChecksum16(uuid, group, descriptor)
      new DataView(descriptor.buffer, descriptor.byteOffset).setUint16(BG_CHECKSUM[0], checksum, true)
    }
    freeBlocks += blocks.free
    freeInodes += inodes.free
  }
  return { extents: encoder.extents, descriptors, freeBlocks, freeInodes }
}

function countDirectories({ survey, geometry }: VolumePlan): Uint32Array {
  const counts = new Uint32Array(geometry.groupCount)
  for (const { node } of survey.directories) {
    const group = Math.floor((inodeNumberOf(node) - 1) / geometry.inodesPerGroup)
    counts[group]!++
  }
  return counts
}

interface BitmapFacts {
  readonly free: number
  readonly flags: number
  readonly checksum: number
}

class GroupEncoder {
  readonly extents: Extent[] = []
  /** EXT4_BG_INODE_ZEROED where it is true and means something. */
  readonly tableFlags: number
  readonly #plan: VolumePlan
  readonly #seed: number
  readonly #hasUninit: boolean
  readonly #hasChecksums: boolean
  /** Groups in the same state have the same bitmap; most groups of a large volume are. */
  readonly #bitmaps = new Map<string, { bytes: Uint8Array; checksum: number }>()

  constructor(plan: VolumePlan) {
    this.#plan = plan
    this.#hasUninit = hasGroupChecksums(plan.geometry.features)
    this.#hasChecksums = plan.geometry.features.has('metadata_csum')
    this.#seed = checksumSeed(uuidToBytes(plan.uuid))
    this.tableFlags = this.#hasUninit && !plan.lazyInodeTables ? EXT4_BG_INODE_ZEROED : 0
  }

  blockBitmap(group: number): BitmapFacts {
    const { geometry, layout } = this.#plan
    const first = firstBlockOf(geometry, group)
    const end = endBlockOf(geometry, group)
    const used = [...layout.used.within(first, end)]
    const count = used.reduce((sum, range) => sum + (range.end - range.start), 0)
    const free = end - first - count
    // What an uninitialised bitmap says, readers derive from the group's head; the last group's has padding and is written.
    const head = groupHead(geometry, group)
    const onlyHead = used.every((range) => range.end <= head.endBlock)
    if (this.#hasUninit && onlyHead && group < geometry.groupCount - 1) {
      return { free, flags: EXT4_BG_BLOCK_UNINIT, checksum: 0 }
    }
    const key = `${used.map(({ start, end: stop }) => `${start - first}-${stop - first}`).join()}/${end - first}`
    const bitmap = this.#bitmap(`blocks ${key}`, geometry.blocksPerGroup, (bytes) => {
      for (const range of used) setBits(bytes, range.start - first, range.end - first)
      setBits(bytes, end - first, bytes.length * BITS_PER_BYTE)
    })
    this.#add(layout.blockBitmap[group]!, bitmap.bytes)
    return { free, flags: 0, checksum: bitmap.checksum }
  }

  inodeBitmap(group: number): BitmapFacts {
    const { geometry, layout } = this.#plan
    const used = usedInodesOf(this.#plan, group)
    const free = geometry.inodesPerGroup - used
    if (this.#hasUninit && used === 0) return { free, flags: EXT4_BG_INODE_UNINIT, checksum: 0 }
    const bitmap = this.#bitmap(`inodes ${used}`, geometry.inodesPerGroup, (bytes) => {
      setBits(bytes, 0, used)
      setBits(bytes, geometry.inodesPerGroup, bytes.length * BITS_PER_BYTE)
    })
    this.#add(layout.inodeBitmap[group]!, bitmap.bytes)
    return { free, flags: 0, checksum: bitmap.checksum }
  }

  /** Zeros behind the inodes in use; with lazy_itable_init nothing, and the kernel zeroes them after the first mount. */
  inodeTable(group: number): void {
    const { geometry, layout, lazyInodeTables } = this.#plan
    if (this.#hasUninit && lazyInodeTables) return
    const { blockSize, inodeSize, inodeTableBlocks } = geometry
    const usedBlocks = Math.ceil((usedInodesOf(this.#plan, group) * inodeSize) / blockSize)
    if (usedBlocks === inodeTableBlocks) return
    this.extents.push({
      offset: (layout.inodeTable[group]! + usedBlocks) * blockSize,
      length: (inodeTableBlocks - usedBlocks) * blockSize,
      source: ZERO,
    })
  }

  /** `coveredBits` are what the checksum covers: the bits of a whole group. */
  #bitmap(key: string, coveredBits: number, fill: (bytes: Uint8Array) => void) {
    let bitmap = this.#bitmaps.get(key)
    if (bitmap === undefined) {
      const bytes = new Uint8Array(this.#plan.geometry.blockSize)
      fill(bytes)
      bitmap = { bytes, checksum: this.#checksum(bytes.subarray(0, coveredBits / BITS_PER_BYTE)) }
      this.#bitmaps.set(key, bitmap)
    }
    return bitmap
  }

  /** Descriptors of 32 bytes keep the lower half. */
  #checksum(covered: Uint8Array): number {
    if (!this.#hasChecksums) return 0
    const checksum = bitmapChecksum(this.#seed, covered)
    return this.#plan.geometry.features.has('64bit') ? checksum : lowShort(checksum)
  }

  #add(block: number, bytes: Uint8Array): void {
    const { blockSize } = this.#plan.geometry
    this.extents.push({ offset: block * blockSize, length: blockSize, source: { kind: 'bytes', bytes } })
  }
}
