/** An open volume by blocks, group descriptors and inode places: the ground on which reader and checker stand. */
import { fieldError } from '../../../bytes/field-error.js'
import type { ImageView } from '../../../image/image-view.js'
import { groupChecksum, groupChecksum16 } from '../checksums.js'
import { BG_CHECKSUM, decodeGroupDescriptor, type GroupDescriptor } from '../disklayout/group-descriptor.js'
import { descriptorBlockPlace } from './group-places.js'
import type { Report } from './report.js'
import { hex, readShape, type VolumeShape } from './volume-shape.js'

/** More than a decoded descriptor of a group that nobody comes back to is not kept. */
const KEPT_DESCRIPTORS = 1 << 16

export interface DescriptorPlace {
  readonly offset: number
  readonly bytes: Uint8Array
}

export class ExtDisk {
  readonly view: ImageView
  readonly shape: VolumeShape
  readonly #descriptors = new Map<number, GroupDescriptor>()

  /** Throws FormatError where the volume cannot be read at all. */
  constructor(view: ImageView) {
    this.view = view
    this.shape = readShape(view)
  }

  /** Whether content or metadata may stand in this block: block 0 never, where it belongs to boot code. */
  isBlock(block: number): boolean {
    return block >= Math.max(1, this.shape.firstDataBlock) && block < this.shape.blockCount
  }

  /** Whether [block, block + count) lies in the volume. */
  areBlocks(block: number, count: number): boolean {
    return this.isBlock(block) && block + count <= this.shape.blockCount
  }

  /** The bytes of a block; the caller must not change them. FormatError beyond the volume's end. */
  block(block: number, structure: string): Uint8Array {
    const { blockSize, blockCount } = this.shape
    if (block >= blockCount) {
      throw fieldError(this.view.name, {
        structure,
        offset: block * blockSize,
        field: 'its block',
        found: block,
        expected: `less than ${blockCount}`,
      })
    }
    return this.view.read(block * blockSize, blockSize, structure)
  }

  /** A group's descriptor as it stands there. */
  descriptorPlace(group: number): DescriptorPlace {
    const { descriptorsPerBlock, descriptorSize, blockSize } = this.shape
    const block = descriptorBlockPlace(this.shape, Math.floor(group / descriptorsPerBlock))
    const offset = block * blockSize + (group % descriptorsPerBlock) * descriptorSize
    return { offset, bytes: this.view.read(offset, descriptorSize, `group descriptor ${group}`) }
  }

  /** Of a group below `groupCount`. A wrong checksum, or a bitmap or table beyond the volume, is reported when it is read first. */
  group(group: number, report: Report): GroupDescriptor {
    const known = this.#descriptors.get(group)
    if (known !== undefined) return known
    const { bytes, offset } = this.descriptorPlace(group)
    const descriptor = decodeGroupDescriptor(bytes, 0, this.shape.descriptorSize)
    this.#assertDescriptor(group, offset, bytes, descriptor, report)
    if (this.#descriptors.size < KEPT_DESCRIPTORS) this.#descriptors.set(group, descriptor)
    return descriptor
  }

  #assertDescriptor(group: number, offset: number, bytes: Uint8Array, found: GroupDescriptor, report: Report): void {
    const { shape } = this
    const structure = `group descriptor ${group}`
    if (shape.hasGroupChecksums) {
      const [at] = BG_CHECKSUM
      const stored = bytes[at]! + bytes[at + 1]! * 0x100
      const expected = descriptorChecksum(shape, group, bytes)
      if (stored !== expected) {
        report({ structure, offset, field: 'bg_checksum', found: hex(stored), expected: hex(expected) })
      }
    }
    const places = [
      ['bg_block_bitmap', found.blockBitmap, 1],
      ['bg_inode_bitmap', found.inodeBitmap, 1],
      ['bg_inode_table', found.inodeTable, shape.inodeTableBlocks],
    ] as const
    for (const [field, block, count] of places) {
      if (this.areBlocks(block, count)) continue
      const expected = `${count === 1 ? 'a block' : `${count} blocks`} within the volume's ${shape.blockCount}`
      report({ structure, offset, field, found: block, expected })
    }
  }

  /** Where inode `number` (1 to `inodeCount`) stands. */
  inodeOffset(number: number, report: Report): number {
    const { inodesPerGroup, inodeSize, blockSize } = this.shape
    const index = number - 1
    const { inodeTable } = this.group(Math.floor(index / inodesPerGroup), report)
    return inodeTable * blockSize + (index % inodesPerGroup) * inodeSize
  }
}

export function descriptorChecksum(shape: VolumeShape, group: number, bytes: Uint8Array): number {
  if (shape.checksumSeed === undefined) return groupChecksum16(shape.superblock.s_uuid, group, bytes)
  const [at, length] = BG_CHECKSUM
  const cleared = bytes.slice()
  cleared.fill(0, at, at + length)
  return groupChecksum(shape.checksumSeed, group, cleared)
}
