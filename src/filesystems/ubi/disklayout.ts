/**
 * UBI: volumes of logical erase blocks over the physical ones of a raw flash. Every physical block begins with a header that
 * counts its erasures; one that is in use has a second header, which says whose it is. All numbers are big-endian.
 * Readers that matter: Linux (drivers/mtd/ubi), U-Boot and its SPL (common/spl/spl_ubi.c).  [UBI-MEDIA.H]
 */
import { crc32Le } from '../../bytes/crc32.js'
import { bytes, type Infer, reserved, struct, u8, u16be, u32be, u64be } from '../../bytes/struct.js'

/** `struct ubi_ec_hdr`, at the start of every physical block. */
export const UbiEcHdr = struct('ubi_ec_hdr', 64, {
  magic: [0, u32be],
  version: [4, u8],
  _padding1: [5, reserved(3)],
  ec: [8, u64be],
  vid_hdr_offset: [16, u32be],
  data_offset: [20, u32be],
  image_seq: [24, u32be],
  _padding2: [28, reserved(32)],
  hdr_crc: [60, u32be],
})
export type UbiEcHdr = Infer<typeof UbiEcHdr>

/** `struct ubi_vid_hdr`. `data_size`, `used_ebs` and `data_crc` only of static volumes. */
export const UbiVidHdr = struct('ubi_vid_hdr', 64, {
  magic: [0, u32be],
  version: [4, u8],
  vol_type: [5, u8],
  copy_flag: [6, u8],
  compat: [7, u8],
  vol_id: [8, u32be],
  lnum: [12, u32be],
  leb_ver: [16, u32be],
  data_size: [20, u32be],
  used_ebs: [24, u32be],
  data_pad: [28, u32be],
  data_crc: [32, u32be],
  _padding2: [36, reserved(4)],
  sqnum: [40, u64be],
  _padding3: [48, reserved(12)],
  hdr_crc: [60, u32be],
})
export type UbiVidHdr = Infer<typeof UbiVidHdr>

/** `struct ubi_vtbl_record`; the table has one for each volume id, in both blocks of the layout volume. */
export const UbiVtblRecord = struct('ubi_vtbl_record', 172, {
  reserved_pebs: [0, u32be],
  alignment: [4, u32be],
  data_pad: [8, u32be],
  vol_type: [12, u8],
  upd_marker: [13, u8],
  name_len: [14, u16be],
  name: [16, bytes(128)],
  flags: [144, u8],
  _padding: [145, reserved(23)],
  crc: [168, u32be],
})
export type UbiVtblRecord = Infer<typeof UbiVtblRecord>

/** "UBI#" and "UBI!". */
export const UBI_EC_HDR_MAGIC = 0x55424923
export const UBI_VID_HDR_MAGIC = 0x55424921
export const UBI_VERSION = 1

export const UBI_VID_DYNAMIC = 1
export const UBI_VID_STATIC = 2
export const UBI_VTBL_AUTORESIZE_FLG = 0x01

export const UBI_LAYOUT_VOLUME_ID = 0x7fff_ffff - 4096
export const UBI_LAYOUT_VOLUME_EBS = 2
export const UBI_COMPAT_REJECT = 5

export const UBI_MAX_VOLUMES = 128
export const UBI_VOL_NAME_MAX = 127

const UBI_CRC32_INIT = 0xffff_ffff

/** `crc32(UBI_CRC32_INIT, data, length)`; `crc`: of what stands before. */
export function ubiCrc(data: Uint8Array, crc = UBI_CRC32_INIT): number {
  return crc32Le(crc, data)
}

/** The checksum of each of the three records covers all before it and is the last field. */
export const CRC_BYTES = 4
