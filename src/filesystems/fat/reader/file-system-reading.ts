/** How a FAT is recognised and opened. */
import type { ImageView } from '../../../image/image-view.js'
import type { FileSystemReading } from '../../file-system.js'
import { decodeBootSector } from '../boot-regions.js'
import { BACKUP_BOOT_SECTOR, BOOT_RECORD_BYTES, BootSector16, BootSector32 } from '../disklayout.js'
import { locateInFat } from './locate.js'
import { openFatVolume } from './open-fat-volume.js'
import { hasSoundParameters } from './sound-parameters.js'

export const fatReading: FileSystemReading = { probe: looksLikeFat, open: openFatVolume, locate: locateInFat }

/** BS_FilSysType */
const TYPE_TEXT = /^FAT(?:12|16|32)?$/

/** By the boot sector, or by the copy that FAT32 has. */
function looksLikeFat(view: ImageView): boolean {
  return looksLikeBootSector(view, 0) || looksLikeBootSector(view, BACKUP_BOOT_SECTOR * BOOT_RECORD_BYTES)
}

function looksLikeBootSector(view: ImageView, base: number): boolean {
  if (base + BOOT_RECORD_BYTES > view.sizeBytes) return false
  const bytes = view.read(base, BOOT_RECORD_BYTES, 'boot sector')
  const texts = [BootSector16, BootSector32].map((record) => record.decode(bytes).BS_FilSysType)
  return texts.some((text) => TYPE_TEXT.test(text)) || hasSoundParameters(decodeBootSector(bytes).boot)
}
