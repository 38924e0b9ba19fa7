/** dm-verity's hashes as the rest of the program knows them: a partition that covers another one. */
import { defineFileSystem, KEEPS_ALL } from '../file-system.js'
import { type VerityTableOptions, verityOptionTable } from './option-table.js'

export const verity = defineFileSystem<VerityTableOptions>({
  family: 'verity',
  title: 'verity',
  words: { verity: 'verity' },
  content: 'hashes',
  keys: ['covers', 'fs_uuid', 'options'],
  options: verityOptionTable,
  madeBy: 'diskloom',
  liesOn: 'block',
  fitsUbi: false,
  hasOwnSize: true,
  keeps: KEEPS_ALL,
})
