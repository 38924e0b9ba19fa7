/** Where in a FAT volume a byte is, from the volume's own boot sector.  [FATGEN §3, §4] */
import { BootSector16, BootSector32, DirectoryEntry, FsInfo } from '../filesystems/fat/disklayout.js'
import { fieldAt, type Place, type ReadExpected } from './place.js'

const FIRST_CLUSTER = 2

/** `offset` and the result are bytes of the volume; `read` gives the volume as it should be. */
export function fatPlace(offset: number, read: ReadExpected): Place {
  const common = BootSector16.decode(read(0, BootSector16.SIZE))
  const isFat32 = common.BPB_FATSz16 === 0
  const wide = BootSector32.decode(read(0, BootSector32.SIZE))
  const boot = isFat32 ? BootSector32 : BootSector16
  const sector = common.BPB_BytsPerSec
  const lba = Math.floor(offset / sector)
  if (lba === 0) return fieldAt(boot, 0, offset, 'boot sector')
  if (lba < common.BPB_RsvdSecCnt) {
    const start = lba * sector
    if (isFat32 && lba === wide.BPB_FSInfo) return fieldAt(FsInfo, start, offset, 'FSInfo')
    if (isFat32 && lba === wide.BPB_BkBootSec) return fieldAt(boot, start, offset, 'backup boot sector')
    if (isFat32 && lba === wide.BPB_BkBootSec + wide.BPB_FSInfo) return fieldAt(FsInfo, start, offset, 'backup FSInfo')
    return { what: `reserved sector ${lba}`, start, end: start + sector }
  }
  const fatBytes = (isFat32 ? wide.BPB_FATSz32 : common.BPB_FATSz16) * sector
  const fatsAt = common.BPB_RsvdSecCnt * sector
  const fat = Math.floor((offset - fatsAt) / fatBytes)
  if (fat < common.BPB_NumFATs)
    return { what: `FAT ${fat + 1}`, start: fatsAt + fat * fatBytes, end: fatsAt + (fat + 1) * fatBytes }
  const rootAt = fatsAt + common.BPB_NumFATs * fatBytes
  const dataAt = rootAt + common.BPB_RootEntCnt * DirectoryEntry.SIZE
  if (offset < dataAt)
    return fieldAt(
      DirectoryEntry,
      rootAt + slotStart(offset - rootAt),
      offset,
      `slot ${slotOf(offset - rootAt)} of the root`,
    )
  const clusterBytes = common.BPB_SecPerClus * sector
  const cluster = Math.floor((offset - dataAt) / clusterBytes)
  const start = dataAt + cluster * clusterBytes
  return { what: `cluster ${cluster + FIRST_CLUSTER}, which is of no file`, start, end: start + clusterBytes }
}

function slotOf(at: number): number {
  return Math.floor(at / DirectoryEntry.SIZE)
}

function slotStart(at: number): number {
  return slotOf(at) * DirectoryEntry.SIZE
}
