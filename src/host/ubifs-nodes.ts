/**
 * What of UBIFS has to be known to finish an image that mkfs.ubifs made: nodes stand one behind the other in logical erase
 * blocks, each with a common header, little-endian, at multiples of 8 bytes.
 * [UBIFS-MEDIA.H]
 */
import { alignUp } from '../bytes/align.js'
import { crc32Le } from '../bytes/crc32.js'
import { bytes, flags64le, type Infer, reserved, struct, u8, u16le, u32le, u64le } from '../bytes/struct.js'
import type { ByteString } from '../bytes/text.js'

const COMMON_HEADER = {
  magic: [0, u32le],
  crc: [4, u32le],
  sqnum: [8, u64le],
  len: [16, u32le],
  node_type: [20, u8],
  group_type: [21, u8],
  _padding: [22, reserved(2)],
} as const

/** `struct ubifs_ch` */
const UbifsCh = struct('ubifs_ch', 24, COMMON_HEADER)

/** `struct ubifs_ino_node`, without the data behind it. Times are signed. */
export const UbifsInoNode = struct('ubifs_ino_node', 160, {
  ...COMMON_HEADER,
  key: [24, bytes(16)],
  creat_sqnum: [40, u64le],
  size: [48, u64le],
  atime_sec: [56, flags64le],
  ctime_sec: [64, flags64le],
  mtime_sec: [72, flags64le],
  atime_nsec: [80, u32le],
  ctime_nsec: [84, u32le],
  mtime_nsec: [88, u32le],
  nlink: [92, u32le],
  uid: [96, u32le],
  gid: [100, u32le],
  mode: [104, u32le],
  flags: [108, u32le],
  data_len: [112, u32le],
  xattr_cnt: [116, u32le],
  xattr_size: [120, u32le],
  _padding1: [124, reserved(4)],
  xattr_names: [128, u32le],
  compr_type: [132, u16le],
  _padding2: [134, reserved(26)],
})
export type UbifsInoNode = Infer<typeof UbifsInoNode>

/** `struct ubifs_dent_node`, without the name behind it. */
const UbifsDentNode = struct('ubifs_dent_node', 56, {
  ...COMMON_HEADER,
  key: [24, bytes(16)],
  inum: [40, u64le],
  _padding1: [48, reserved(1)],
  type: [49, u8],
  nlen: [50, u16le],
  cookie: [52, u32le],
})

/** `struct ubifs_sb_node`, at the start of the first logical erase block. */
export const UbifsSbNode = struct('ubifs_sb_node', 4096, {
  ...COMMON_HEADER,
  _padding1: [24, reserved(2)],
  key_hash: [26, u8],
  key_fmt: [27, u8],
  flags: [28, u32le],
  min_io_size: [32, u32le],
  leb_size: [36, u32le],
  leb_cnt: [40, u32le],
  max_leb_cnt: [44, u32le],
  max_bud_bytes: [48, u64le],
  log_lebs: [56, u32le],
  lpt_lebs: [60, u32le],
  orph_lebs: [64, u32le],
  jhead_cnt: [68, u32le],
  fanout: [72, u32le],
  lsave_cnt: [76, u32le],
  fmt_version: [80, u32le],
  default_compr: [84, u16le],
  _padding2: [86, reserved(2)],
  rp_uid: [88, u32le],
  rp_gid: [92, u32le],
  rp_size: [96, u64le],
  time_gran: [104, u32le],
  uuid: [108, bytes(16)],
  /** Sums of signed images, zeros here. */
  rest: [124, bytes(3972)],
})
export type UbifsSbNode = Infer<typeof UbifsSbNode>

const NODE_MAGIC = 0x06101831
const INO_NODE = 0
const DENT_NODE = 2
const PAD_NODE = 5
const NODE_ALIGNMENT = 8
/** `struct ubifs_pad_node`: how many bytes follow it that are no node. */
const PAD_LEN_OFFSET = 24
/** Before the log: the superblock's block and two of the master node's. */
const FIRST_LOG_LEB = 3

export const UBIFS_ROOT_INUM = 1
/** In blocks before this one stand superblock, master nodes, log, the tree of properties and orphans. */
export function firstMainLeb({ log_lebs, lpt_lebs, orph_lebs }: UbifsSbNode): number {
  return FIRST_LOG_LEB + log_lebs + lpt_lebs + orph_lebs
}

export type UbifsNode =
  | { readonly kind: 'inode'; readonly at: number; readonly inum: number }
  | { readonly kind: 'entry'; readonly parent: number; readonly name: ByteString; readonly inum: number }

/** Inodes and directory entries of a logical erase block of the main area. RangeError where a node is cut short. */
export function* nodesOf(leb: Uint8Array): Generator<UbifsNode> {
  const view = new DataView(leb.buffer, leb.byteOffset, leb.length)
  for (let at = 0; at + UbifsCh.SIZE <= leb.length && view.getUint32(at, true) === NODE_MAGIC; ) {
    const { len, node_type: type } = UbifsCh.decode(leb, at)
    if (len < UbifsCh.SIZE || at + len > leb.length) throw new RangeError(`a node at ${at} has ${len} bytes`)
    if (type === INO_NODE) {
      yield { kind: 'inode', at, inum: keyInum(UbifsInoNode.decode(leb, at).key) }
    } else if (type === DENT_NODE) {
      const { key, inum, nlen } = UbifsDentNode.decode(leb, at)
      const start = at + UbifsDentNode.SIZE
      const name = Buffer.from(leb.subarray(start, start + nlen)).toString('latin1') as ByteString
      yield { kind: 'entry', parent: keyInum(key), name, inum }
    }
    at += alignUp(len, NODE_ALIGNMENT) + (type === PAD_NODE ? view.getUint32(at + PAD_LEN_OFFSET, true) : 0)
  }
}

/** Its first word is the number of an inode. */
function keyInum(key: Uint8Array): number {
  return Buffer.from(key).readUInt32LE(0)
}

const UBIFS_CRC32_INIT = 0xffff_ffff
/** Magic and the sum itself are not part of it. */
const SUM_FROM = 8
const SUM_OFFSET = 4

/** Sets the checksum of a node. */
export function sealNode(node: Uint8Array): void {
  const crc = crc32Le(UBIFS_CRC32_INIT, node.subarray(SUM_FROM))
  new DataView(node.buffer, node.byteOffset, node.length).setUint32(SUM_OFFSET, crc, true)
}
