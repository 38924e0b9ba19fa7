/** Swap as the rest of the program knows it: an area without files. */
import { defineFileSystem, KEEPS_ALL } from '../file-system.js'
import { LABEL_BYTES, type SwapFormatOptions, swapFormat } from './format.js'
import { swapOptionTable } from './option-table.js'

export const swap = defineFileSystem<SwapFormatOptions>({
  family: 'swap',
  title: 'swap',
  words: { swap: 'swap' },
  content: 'none',
  keys: ['label', 'fs_uuid', 'options'],
  labelBytes: LABEL_BYTES,
  options: swapOptionTable,
  madeBy: 'diskloom',
  liesOn: 'block',
  fitsUbi: false,
  isWrittenByBoard: true,
  partitionType: () => 'swap',
  keeps: KEEPS_ALL,
  format: swapFormat,
})
