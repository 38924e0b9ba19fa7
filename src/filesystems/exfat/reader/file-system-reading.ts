import type { FileSystemReading } from '../../file-system.js'
import { locateInExfat } from './locate.js'
import { openExfatVolume } from './open-exfat-volume.js'
import { looksLikeExfat } from './volume-shape.js'

export const exfatReading: FileSystemReading = {
  probe: looksLikeExfat,
  open: openExfatVolume,
  locate: locateInExfat,
}
