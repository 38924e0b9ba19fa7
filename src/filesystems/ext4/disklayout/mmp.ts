/** Multiple mount protection: a block that whoever mounts the volume keeps writing to. Little-endian.  [EXT4 disk layout, multiple mount protection] */
import { reserved, struct, u32le } from '../../../bytes/struct.js'

export const EXT4_MMP_MAGIC = 0x004d_4d50

export const MmpStruct = struct('mmp_struct', 1024, {
  mmp_magic: [0x000, u32le],
  mmp_seq: [0x004, u32le],
  _mmp_who: [0x008, reserved(1012)],
  mmp_checksum: [0x3fc, u32le],
})
