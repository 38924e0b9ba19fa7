/** FAT12, FAT16 and FAT32 as the rest of the program knows them. */
import type { Timestamp } from '../../tree/file-tree.js'
import { defineFileSystem, KEEPS_CONTENT } from '../file-system.js'
import { fatFormat } from './format.js'
import { fatOptionTable } from './option-table.js'
import type { FatFormatOptions } from './options.js'

/** Under MBR the type says which FAT it is; the LBA form for FAT32, as every partitioner of today writes it. */
const MBR_TYPES: Readonly<Record<string, string>> = { fat12: 'fat12', fat16: 'fat16', fat32: 'fat32-lba' }
const DEFAULT_MBR_TYPE = 'fat32-lba'

export const fat = defineFileSystem<FatFormatOptions>({
  family: 'fat',
  title: 'FAT',
  words: { fat: 'fat', fat12: 'fat12', fat16: 'fat16', fat32: 'fat32', vfat: 'fat' },
  content: 'tree',
  keys: ['content', 'label', 'fs_uuid', 'owner', 'xattrs', 'engine', 'options', 'free'],
  options: fatOptionTable,
  volumeIdOption: 'volume_id',
  // Neither mkfs.fat nor mtools has them.
  nativeOnlyOptions: ['oem', 'order'],
  madeBy: 'either',
  liesOn: 'block',
  fitsUbi: true,
  // Firmware reads no FAT with sectors of 4 KiB on a disk with sectors of 512 bytes.
  keepsSectorSize: true,
  partitionType: (table, format) => (table === 'gpt' ? 'data' : (MBR_TYPES[format ?? ''] ?? DEFAULT_MBR_TYPE)),
  keeps: { ...KEEPS_CONTENT, time: asFatTime },
  readByWindows: true,
  readByFirmware: true,
  crossCheck: 'fatfs',
  format: fatFormat,
  reading: async () => (await import('./reader/file-system-reading.js')).fatReading,
})

const STEP_SECONDS = 2
/** 1980-01-01 and 2107-12-31T23:59:58. [FATGEN] */
const EARLIEST_SECONDS = 315_532_800
const LATEST_SECONDS = 4_354_819_198

function asFatTime({ seconds }: Timestamp): Timestamp {
  const even = Math.floor(seconds / STEP_SECONDS) * STEP_SECONDS
  return { seconds: Math.min(Math.max(even, EARLIEST_SECONDS), LATEST_SECONDS), nanoseconds: 0 }
}
