/** Names the structure and the field of a FAT volume that a byte belongs to. [FATGEN §3, §4] */
import type { ImageView } from '../../../image/image-view.js'
import { fieldAt, type Place } from '../../place.js'
import { decodeBootSector, regionsOf } from '../boot-regions.js'
import { BOOT_RECORD_BYTES, BootSector16, BootSector32, DirectoryEntry, FIRST_CLUSTER, FsInfo } from '../disklayout.js'

/** `offset` and the result are bytes of the volume; `view` is the volume as it should be. */
export function locateInFat(offset: number, view: ImageView): Place {
  const decoded = decodeBootSector(view.read(0, BOOT_RECORD_BYTES, 'boot sector'))
  const { isFat32, boot } = decoded
  const record = isFat32 ? BootSector32 : BootSector16
  const sector = boot.BPB_BytsPerSec
  const lba = Math.floor(offset / sector)
  if (lba === 0) return fieldAt(record, 0, offset, 'boot sector')
  if (lba < boot.BPB_RsvdSecCnt) {
    const start = lba * sector
    if (isFat32 && lba === boot.BPB_FSInfo) return fieldAt(FsInfo, start, offset, 'FSInfo')
    if (isFat32 && lba === boot.BPB_BkBootSec) return fieldAt(record, start, offset, 'backup boot sector')
    if (isFat32 && lba === boot.BPB_BkBootSec + boot.BPB_FSInfo) return fieldAt(FsInfo, start, offset, 'backup FSInfo')
    return { what: `reserved sector ${lba}`, start, end: start + sector }
  }
  const { fatOffset, fatBytes, rootOffset, dataOffset, clusterBytes } = regionsOf(decoded)
  if (offset < rootOffset) {
    const fat = Math.floor((offset - fatOffset) / fatBytes)
    return { what: `FAT ${fat + 1}`, start: fatOffset + fat * fatBytes, end: fatOffset + (fat + 1) * fatBytes }
  }
  if (offset < dataOffset) {
    const slot = Math.floor((offset - rootOffset) / DirectoryEntry.SIZE)
    return fieldAt(DirectoryEntry, rootOffset + slot * DirectoryEntry.SIZE, offset, `slot ${slot} of the root`)
  }
  const cluster = Math.floor((offset - dataOffset) / clusterBytes)
  const start = dataOffset + cluster * clusterBytes
  return { what: `cluster ${cluster + FIRST_CLUSTER}, which is of no file`, start, end: start + clusterBytes }
}
