/**
 * Volumes over the erase blocks of a flash, as ubinize lays them: the two blocks of the volume table first, then each volume's
 * blocks in order. Erase counters and sequence numbers are zero, as on a flash that was erased and never used.
 */
import { ceilDivide } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError, LayoutError, type Problem } from '../../errors.js'
import { overlayImages, sliceImage } from '../../image/compose.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { PayloadReader } from '../../image/payload-reader.js'
import { readImage } from '../../image/read.js'
import { countOf } from '../path-list.js'
import type { PlannedVolume } from '../volume.js'
import {
  CRC_BYTES,
  UBI_COMPAT_REJECT,
  UBI_EC_HDR_MAGIC,
  UBI_LAYOUT_VOLUME_EBS,
  UBI_LAYOUT_VOLUME_ID,
  UBI_VERSION,
  UBI_VID_DYNAMIC,
  UBI_VID_HDR_MAGIC,
  UBI_VID_STATIC,
  UBI_VTBL_AUTORESIZE_FLG,
  UbiEcHdr,
  UbiVidHdr,
  UbiVtblRecord,
  ubiCrc,
} from './disklayout.js'
import type { UbiGeometry } from './geometry.js'

export interface UbiVolume {
  readonly name: string
  readonly id: number
  /** Static volumes are read-only, their content has a checksum in every block. */
  readonly isStatic: boolean
  /** At the first attach it takes what is left of the flash. */
  readonly autoresize: boolean
  /** Missing: as large as the content. */
  readonly sizeBytes?: number
  /** What nothing is said of stays erased; blocks of which nothing is said are not even used, unless the volume is static. */
  readonly content: DiskImage
  /** For figures: `ubifs`, a raw file's name. */
  readonly format: string
  /** Of the volume inside, where there is one. */
  readonly facts?: PlannedVolume['facts']
  readonly warnings?: readonly Problem[]
}

export interface UbiOptions {
  readonly imageSequence: number
  readonly eraseCounter: number
  /** Of the whole flash, for what Linux keeps for blocks that go bad; missing: the size of the volumes' partition. */
  readonly flashBytes?: number
}

/** What erased flash holds. */
const ERASED = 0xff

/** One block to move worn ones, one for atomic changes. [LINUX drivers/mtd/ubi/ubi.h WL_RESERVED_PEBS, EBA_RESERVED_PEBS] */
const KEPT_BLOCKS = 2
/** CONFIG_MTD_UBI_BEB_LIMIT, of 1024 blocks of NAND flash. [LINUX drivers/mtd/ubi/Kconfig] */
const BAD_BLOCKS_EXPECTED = 20
const BAD_BLOCKS_OF = 1024
/** Smaller units of writing are those of NOR flash, whose blocks do not go bad. */
const MIN_NAND_PAGE_BYTES = 512

interface Block {
  readonly volume: UbiVolume
  readonly lnum: number
}

/** Everything but the partition's size. */
export class UbiPlanner {
  readonly #geometry: UbiGeometry
  readonly #volumes: readonly UbiVolume[]
  readonly #options: UbiOptions
  /** Of volumes that are in use, in the order of the flash. */
  readonly #blocks: readonly Block[]

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
      encode: () => this.#encode(sizeBytes),
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

  #usedBlocks(volume: UbiVolume): Block[] {
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

  #warnings(sizeBytes: number, blocks: number): Problem[] {
    const { pebBytes } = this.#geometry
    const problems = this.#volumes.flatMap(({ warnings = [] }) => warnings)
    const bad = this.#badBlocks(this.#options.flashBytes ?? sizeBytes)
    const left = blocks - this.#neededBlocks()
    if (left < bad) {
      problems.push({
        message: `UBI has ${countOf(left, 'erase block')} left for ones that go bad, and Linux wants ${bad} of them: ${BAD_BLOCKS_EXPECTED} of ${BAD_BLOCKS_OF} of the flash`,
        hint: `From ${countOf(this.#neededBlocks() + bad, 'erase block')} on it has them`,
      })
    }
    const tail = sizeBytes - blocks * pebBytes
    if (tail > 0) {
      problems.push({
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

  #encode(sizeBytes: number): DiskImage {
    const { pebBytes, lebBytes, vidHeaderOffset, dataOffset } = this.#geometry
    const builder = new ImageBuilder(sizeBytes)
    const counter = this.#eraseCounterHeader()
    const reader = new PayloadReader()
    let at = 0
    const place = (header: Uint8Array, data: DiskImage): void => {
      builder
        .bytes(at, counter)
        .bytes(at + vidHeaderOffset, header)
        .image(at + dataOffset, data)
      at += pebBytes
    }
    const table = this.#volumeTable()
    const tableImage = new ImageBuilder(table.length).bytes(0, table).finish()
    for (let lnum = 0; lnum < UBI_LAYOUT_VOLUME_EBS; lnum++) place(layoutHeader(lnum), tableImage)
    for (const { volume, lnum } of this.#blocks) {
      const start = lnum * lebBytes
      const data = sliceImage(volume.content, start, Math.min(lebBytes, volume.content.sizeBytes - start))
      place(this.#volumeHeader(volume, lnum, volume.isStatic ? checksum(data, reader) : undefined), data)
    }
    reader.close()
    return overlayImages(erased(sizeBytes), builder.finish())
  }

  #eraseCounterHeader(): Uint8Array {
    const { vidHeaderOffset, dataOffset } = this.#geometry
    const header = {
      magic: UBI_EC_HDR_MAGIC,
      version: UBI_VERSION,
      ec: this.#options.eraseCounter,
      vid_hdr_offset: vidHeaderOffset,
      data_offset: dataOffset,
      image_seq: this.#options.imageSequence,
      hdr_crc: 0,
    }
    return UbiEcHdr.encode({ ...header, hdr_crc: crcOf(UbiEcHdr.encode(header)) })
  }

  #volumeHeader({ id, isStatic, content }: UbiVolume, lnum: number, data: DataSum | undefined): Uint8Array {
    return vidHeader({
      vol_type: isStatic ? UBI_VID_STATIC : UBI_VID_DYNAMIC,
      vol_id: id,
      lnum,
      data_size: data?.sizeBytes ?? 0,
      used_ebs: isStatic ? ceilDivide(content.sizeBytes, this.#geometry.lebBytes) : 0,
      data_crc: data?.crc ?? 0,
    })
  }

  #volumeTable(): Uint8Array {
    const { maxVolumes } = this.#geometry
    const table = new Uint8Array(maxVolumes * UbiVtblRecord.SIZE)
    const byId = new Map(this.#volumes.map((volume) => [volume.id, volume]))
    for (let id = 0; id < maxVolumes; id++) {
      const record = this.#tableRecord(byId.get(id))
      UbiVtblRecord.encodeInto(table, id * UbiVtblRecord.SIZE, {
        ...record,
        crc: crcOf(UbiVtblRecord.encode(record)),
      })
    }
    return table
  }

  #tableRecord(volume: UbiVolume | undefined): UbiVtblRecord {
    const name = new Uint8Array(UBI_NAME_FIELD_BYTES)
    const nameBytes = Buffer.from(volume?.name ?? '')
    name.set(nameBytes)
    const type = volume?.isStatic === true ? UBI_VID_STATIC : UBI_VID_DYNAMIC
    return {
      reserved_pebs: volume === undefined ? 0 : this.#reserved(volume),
      alignment: volume === undefined ? 0 : 1,
      data_pad: 0,
      vol_type: volume === undefined ? 0 : type,
      upd_marker: 0,
      name_len: nameBytes.length,
      name,
      flags: volume?.autoresize === true ? UBI_VTBL_AUTORESIZE_FLG : 0,
      crc: 0,
    }
  }
}

const UBI_NAME_FIELD_BYTES = 128

function erased(sizeBytes: number): DiskImage {
  return new ImageBuilder(sizeBytes).fill(0, sizeBytes, ERASED).finish()
}

interface DataSum {
  readonly sizeBytes: number
  readonly crc: number
}

/** What stands in a block, read once more when it is woven. */
function checksum(data: DiskImage, reader: PayloadReader): DataSum {
  const content = new Uint8Array(data.sizeBytes)
  readImage(overlayImages(erased(data.sizeBytes), data), 0, content, reader)
  return { sizeBytes: data.sizeBytes, crc: ubiCrc(content) }
}

function layoutHeader(lnum: number): Uint8Array {
  return vidHeader({ vol_type: UBI_VID_DYNAMIC, compat: UBI_COMPAT_REJECT, vol_id: UBI_LAYOUT_VOLUME_ID, lnum })
}

function vidHeader(fields: Pick<UbiVidHdr, 'vol_type' | 'vol_id' | 'lnum'> & Partial<UbiVidHdr>): Uint8Array {
  const header: UbiVidHdr = {
    magic: UBI_VID_HDR_MAGIC,
    version: UBI_VERSION,
    copy_flag: 0,
    compat: 0,
    leb_ver: 0,
    data_size: 0,
    used_ebs: 0,
    data_pad: 0,
    data_crc: 0,
    sqnum: 0,
    hdr_crc: 0,
    ...fields,
  }
  return UbiVidHdr.encode({ ...header, hdr_crc: crcOf(UbiVidHdr.encode(header)) })
}

/** Of all before the checksum. */
function crcOf(record: Uint8Array): number {
  return ubiCrc(record.subarray(0, -CRC_BYTES))
}
