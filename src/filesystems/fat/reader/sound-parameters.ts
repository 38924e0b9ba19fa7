import { isPowerOfTwo } from '../../../bytes/align.js'
import type { BootSector } from '../disklayout.js'
import { isMedia, SECTOR_SIZES } from './volume-shape.js'

/** Returns whether a boot sector has what Linux asks of a FAT, which need not say its name. [LINUX fs/fat/inode.c] */
export function hasSoundParameters(boot: BootSector): boolean {
  return (
    SECTOR_SIZES.includes(boot.BPB_BytsPerSec) &&
    isPowerOfTwo(boot.BPB_SecPerClus) &&
    boot.BPB_RsvdSecCnt !== 0 &&
    (boot.BPB_NumFATs === 1 || boot.BPB_NumFATs === 2) &&
    isMedia(boot.BPB_Media) &&
    (boot.BPB_TotSec16 !== 0 || boot.BPB_TotSec32 !== 0) &&
    (boot.BPB_FATSz16 !== 0 || boot.BPB_FATSz32 !== 0)
  )
}
