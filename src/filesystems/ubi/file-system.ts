/** UBI as the rest of the program knows it: raw flash that holds volumes. */
import { defineFileSystem, KEEPS_ALL } from '../file-system.js'
import { type UbiOptions, ubiOptionTable } from './option-table.js'

export const ubi = defineFileSystem<UbiOptions>({
  family: 'ubi',
  title: 'UBI',
  words: { ubi: 'ubi' },
  content: 'volumes',
  keys: ['volumes', 'options'],
  options: ubiOptionTable,
  madeBy: 'diskloom',
  liesOn: 'flash',
  fitsUbi: false,
  isWrittenByBoard: true,
  keeps: KEEPS_ALL,
})
