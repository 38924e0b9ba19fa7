/**
 * Volumes over the erase blocks of a flash, as ubinize lays them: the two blocks of the volume table first, then each volume's
 * blocks in order. Sequence numbers are zero, as on a flash that was erased and never used.
 */
import { ceilDivide } from '../../bytes/align.js'
import { ERASED } from '../../bytes/erased.js'
import type { Warning } from '../../errors.js'
import { chunksOf } from '../../image/chunks.js'
import { overlayImages, sliceImage } from '../../image/compose.js'
import { type DiskImage, ImageBuilder, imageOfBytes, imageOfFill } from '../../image/extent.js'
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
  readonly warnings?: readonly Warning[]
}

export interface UbiOptions {
  readonly imageSequence: number
  readonly eraseCounter: number
  /** Of the whole flash, for what Linux keeps for blocks that go bad; missing: the size of the volumes' partition. */
  readonly flashBytes?: number
}

/** A logical block that is mapped. */
export interface UbiBlock {
  readonly volume: UbiVolume
  readonly lnum: number
}

interface ReservedVolume {
  readonly volume: UbiVolume
  readonly reservedBlocks: number
}

export interface UbiContents {
  readonly geometry: UbiGeometry
  readonly options: UbiOptions
  readonly volumes: readonly ReservedVolume[]
  /** In the order of the flash. */
  readonly blocks: readonly UbiBlock[]
}

/** Of exactly this size, everything specified. Reads static volumes, for their checksums. */
export function encodeUbi(sizeBytes: number, contents: UbiContents): DiskImage {
  const { geometry, blocks } = contents
  const { pebBytes, lebBytes, vidHeaderOffset, dataOffset } = geometry
  const builder = new ImageBuilder(sizeBytes)
  const counter = eraseCounterHeader(contents)
  let at = 0
  const place = (header: Uint8Array, data: DiskImage): void => {
    builder
      .bytes(at, counter)
      .bytes(at + vidHeaderOffset, header)
      .image(at + dataOffset, data)
    at += pebBytes
  }
  const table = volumeTable(contents)
  const tableImage = imageOfBytes(table)
  for (let lnum = 0; lnum < UBI_LAYOUT_VOLUME_EBS; lnum++) place(layoutHeader(lnum), tableImage)
  for (const { volume, lnum } of blocks) {
    const start = lnum * lebBytes
    const data = sliceImage(volume.content, start, Math.min(lebBytes, volume.content.sizeBytes - start))
    place(volumeHeader(volume, lnum, geometry, volume.isStatic ? checksum(data) : undefined), data)
  }
  return overlayImages(imageOfFill(sizeBytes, ERASED), builder.finish())
}

function eraseCounterHeader({ geometry, options }: UbiContents): Uint8Array {
  const { vidHeaderOffset, dataOffset } = geometry
  const header = {
    magic: UBI_EC_HDR_MAGIC,
    version: UBI_VERSION,
    ec: options.eraseCounter,
    vid_hdr_offset: vidHeaderOffset,
    data_offset: dataOffset,
    image_seq: options.imageSequence,
    hdr_crc: 0,
  }
  return UbiEcHdr.encode({ ...header, hdr_crc: crcOf(UbiEcHdr.encode(header)) })
}

function volumeHeader(
  { id, isStatic, content }: UbiVolume,
  lnum: number,
  { lebBytes }: UbiGeometry,
  data: DataSum | undefined,
): Uint8Array {
  return vidHeader({
    vol_type: isStatic ? UBI_VID_STATIC : UBI_VID_DYNAMIC,
    vol_id: id,
    lnum,
    data_size: data?.sizeBytes ?? 0,
    used_ebs: isStatic ? ceilDivide(content.sizeBytes, lebBytes) : 0,
    data_crc: data?.crc ?? 0,
  })
}

function volumeTable({ geometry, volumes }: UbiContents): Uint8Array {
  const { maxVolumes } = geometry
  const table = new Uint8Array(maxVolumes * UbiVtblRecord.SIZE)
  const byId = new Map(volumes.map((each) => [each.volume.id, each]))
  for (let id = 0; id < maxVolumes; id++) {
    const record = tableRecord(byId.get(id))
    UbiVtblRecord.encodeInto(table, id * UbiVtblRecord.SIZE, {
      ...record,
      crc: crcOf(UbiVtblRecord.encode(record)),
    })
  }
  return table
}

function tableRecord(reserved: ReservedVolume | undefined): UbiVtblRecord {
  const volume = reserved?.volume
  const name = new Uint8Array(UBI_NAME_FIELD_BYTES)
  const nameBytes = Buffer.from(volume?.name ?? '')
  name.set(nameBytes)
  const type = volume?.isStatic === true ? UBI_VID_STATIC : UBI_VID_DYNAMIC
  return {
    reserved_pebs: reserved?.reservedBlocks ?? 0,
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

const UBI_NAME_FIELD_BYTES = 128

interface DataSum {
  readonly sizeBytes: number
  readonly crc: number
}

/** Of what stands in a block, which is read once more when it is woven. */
function checksum(data: DiskImage): DataSum {
  let crc: number | undefined
  for (const chunk of chunksOf(overlayImages(imageOfFill(data.sizeBytes, ERASED), data))) crc = ubiCrc(chunk, crc)
  return { sizeBytes: data.sizeBytes, crc: crc ?? 0 }
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
