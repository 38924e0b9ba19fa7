/** Describes exFAT to the rest of the program. */
import { defineFileSystem, KEEPS_CONTENT } from '../file-system.js'
import { exfatFormat } from './format.js'
import { type ExfatFormatOptions, exfatOptionTable } from './option-table.js'
import { asExfatTime } from './times.js'

export const exfat = defineFileSystem<ExfatFormatOptions>({
  family: 'exfat',
  title: 'exFAT',
  words: { exfat: 'exfat' },
  content: 'tree',
  keys: ['content', 'label', 'fs_uuid', 'owner', 'xattrs', 'options', 'free'],
  options: exfatOptionTable,
  volumeIdOption: 'volume_id',
  madeBy: 'diskloom',
  liesOn: 'block',
  fitsUbi: false,
  // The volume says how large its sectors are, and Linux refuses one on a device with larger ones.
  keepsSectorSize: true,
  partitionType: (table) => (table === 'gpt' ? 'data' : 'exfat'),
  keeps: { ...KEEPS_CONTENT, time: asExfatTime },
  readByWindows: true,
  format: exfatFormat,
  reading: async () => (await import('./reader/file-system-reading.js')).exfatReading,
})
