/** How many erase blocks volumes take, and which of them are in use. */
import { ceilDivide } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError, LayoutError, type Warning } from '../../errors.js'
import { countOf } from '../path-list.js'
import type { PlannedVolume } from '../volume.js'
import { UBI_LAYOUT_VOLUME_EBS } from './disklayout.js'
import { encodeUbi, type UbiBlock, type UbiOptions, type UbiVolume } from './encode.js'
import type { UbiGeometry } from './geometry.js'

/** One block to move worn ones, one for atomic changes. [LINUX drivers/mtd/ubi/ubi.h WL_RESERVED_PEBS, EBA_RESERVED_PEBS] */
const KEPT_BLOCKS = 2
/** CONFIG_MTD_UBI_BEB_LIMIT, of 1024 blocks of NAND flash. [LINUX drivers/mtd/ubi/Kconfig] */
const BAD_BLOCKS_EXPECTED = 20
const BAD_BLOCKS_OF = 1024
/** Smaller units of writing are those of NOR flash, whose blocks do not go bad. */
const MIN_NAND_PAGE_BYTES = 512

/** Everything but the partition's size. */
export class UbiPlanner {
  readonly #geometry: UbiGeometry
  readonly #volumes: readonly UbiVolume[]
  readonly #options: UbiOptions
  /** Of volumes that are in use, in the order of the flash. */
  readonly #blocks: readonly UbiBlock[]

  /** `volumes` have names and ids of their own. FormatError where the volume table has no place for one. */
  constructor(geometry: UbiGeometry, volumes: readonly UbiVolume[], options: UbiOptions) {
    this.#geometry = geometry
    this.#volumes = volumes
    this.#options = options
    for (const volume of volumes) this.#assertVolume(volume)
    this.#blocks = volumes.flatMap((volume) => this.#usedBlocks(volume))
  }

  /** Whole erase blocks with all that Linux keeps. */
  smallestSizeBytes(): number {
    const { pebBytes } = this.#geometry
    const needed = this.#neededBlocks()
    const bad = this.#badBlocks(this.#options.flashBytes ?? needed * pebBytes)
    return (needed + bad) * pebBytes
  }

  plan(sizeBytes: number): PlannedVolume {
    const { pebBytes, lebBytes, minIoBytes, vidHeaderOffset, dataOffset } = this.#geometry
    const blocks = Math.floor(sizeBytes / pebBytes)
    if (blocks < this.#neededBlocks()) throw this.#tooSmall(blocks)
    return {
      format: 'ubi',
      sizeBytes: blocks * pebBytes,
      facts: {
        erase_block: pebBytes,
        min_io_size: minIoBytes,
        vid_header_offset: vidHeaderOffset,
        data_offset: dataOffset,
        leb_size: lebBytes,
        erase_blocks: blocks,
        used_erase_blocks: UBI_LAYOUT_VOLUME_EBS + this.#blocks.length,
        free_erase_blocks: blocks - this.#neededBlocks(),
        image_sequence: this.#options.imageSequence,
        volumes: this.#volumes.map((volume) => this.#volumeText(volume)),
      },
      warnings: this.#warnings(sizeBytes, blocks),
      encode: () =>
        encodeUbi(sizeBytes, {
          geometry: this.#geometry,
          options: this.#options,
          volumes: this.#volumes.map((volume) => ({ volume, reservedBlocks: this.#reserved(volume) })),
          blocks: this.#blocks,
        }),
    }
  }

  #assertVolume({ name, id, sizeBytes, content }: UbiVolume): void {
    const { maxVolumes, lebBytes } = this.#geometry
    if (id >= maxVolumes) {
      throw new FormatError(
        `Cannot make UBI volume "${name}" with the id ${id}: logical erase blocks of ${lebBytes} bytes have a table of ${countOf(maxVolumes, 'volume')}, accepted are 0 to ${maxVolumes - 1}`,
      )
    }
    if (sizeBytes !== undefined && content.sizeBytes > this.#reserved({ sizeBytes, content }) * lebBytes) {
      throw new LayoutError(
        `Cannot put the content of UBI volume "${name}" into it: it takes ${this.#bytesText(content.sizeBytes)}, the volume has ${this.#bytesText(sizeBytes)}`,
      )
    }
  }

  #bytesText(bytes: number): string {
    const { lebBytes } = this.#geometry
    const blocks = countOf(ceilDivide(bytes, lebBytes), 'logical erase block')
    return `${bytes} bytes (${blocks} of ${lebBytes})`
  }

  /** Logical erase blocks that are the volume's. */
  #reserved({ sizeBytes, content }: Pick<UbiVolume, 'content' | 'sizeBytes'>): number {
    return Math.max(ceilDivide(sizeBytes ?? content.sizeBytes, this.#geometry.lebBytes), 1)
  }

  #usedBlocks(volume: UbiVolume): UbiBlock[] {
    const { lebBytes } = this.#geometry
    const { content, isStatic } = volume
    const count = ceilDivide(content.sizeBytes, lebBytes)
    const used = new Set<number>()
    for (const { offset, length } of content.extents) {
      for (let lnum = Math.floor(offset / lebBytes); lnum * lebBytes < offset + length; lnum++) used.add(lnum)
    }
    const all = Array.from({ length: count }, (_, lnum) => ({ volume, lnum }))
    return isStatic ? all : all.filter(({ lnum }) => used.has(lnum))
  }

  #neededBlocks(): number {
    const reserved = this.#volumes.reduce((sum, volume) => sum + this.#reserved(volume), 0)
    return UBI_LAYOUT_VOLUME_EBS + reserved + KEPT_BLOCKS
  }

  /** [LINUX drivers/mtd/ubi/build.c get_bad_peb_limit] */
  #badBlocks(flashBytes: number): number {
    const { minIoBytes, pebBytes } = this.#geometry
    if (minIoBytes < MIN_NAND_PAGE_BYTES) return 0
    return ceilDivide(Math.floor(flashBytes / pebBytes) * BAD_BLOCKS_EXPECTED, BAD_BLOCKS_OF)
  }

  #tooSmall(blocks: number): LayoutError {
    const { pebBytes } = this.#geometry
    const parts = this.#volumes.map((volume) => `${this.#reserved(volume)} "${volume.name}"`)
    const needed = this.#neededBlocks()
    return new LayoutError(
      `Cannot put the UBI volumes into ${countOf(blocks, 'erase block')} of ${formatSize(pebBytes)}: they take ${needed} (${UBI_LAYOUT_VOLUME_EBS} the volume table, ${parts.join(', ')}, ${KEPT_BLOCKS} UBI's own)`,
      { hint: 'make the partition larger, or the volumes smaller', details: { needed, available: blocks } },
    )
  }

  #warnings(sizeBytes: number, blocks: number): Warning[] {
    const { pebBytes } = this.#geometry
    const problems = this.#volumes.flatMap(({ warnings = [] }) => warnings)
    const bad = this.#badBlocks(this.#options.flashBytes ?? sizeBytes)
    const left = blocks - this.#neededBlocks()
    if (left < bad) {
      problems.push({
        finding: 'ubi-spare-blocks',
        message: `UBI has ${countOf(left, 'erase block')} left for ones that go bad, and Linux wants ${bad} of them: ${BAD_BLOCKS_EXPECTED} of ${BAD_BLOCKS_OF} of the flash`,
        hint: `From ${countOf(this.#neededBlocks() + bad, 'erase block')} on it has them`,
      })
    }
    const tail = sizeBytes - blocks * pebBytes
    if (tail > 0) {
      problems.push({
        finding: 'erase-block-tail',
        message: `UBI takes ${countOf(blocks, 'erase block')} of ${formatSize(pebBytes)}: ${tail} bytes at the end are part of none`,
      })
    }
    return problems
  }

  #volumeText(volume: UbiVolume): string {
    const { id, name, isStatic, autoresize, format, facts = {} } = volume
    const words = [isStatic ? 'static' : 'dynamic', ...(autoresize ? ['autoresize'] : []), format]
    const figures = Object.entries(facts).map(([key, value]) => `${key} ${String(value)}`)
    const inside = figures.length === 0 ? '' : ` (${figures.join(', ')})`
    return `${id} ${name}: ${countOf(this.#reserved(volume), 'block')}, ${words.join(', ')}${inside}`
  }
}
