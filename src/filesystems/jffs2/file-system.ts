/** JFFS2 as the rest of the program knows it. */
import { defineFileSystem, inWholeSeconds, KEEPS_ALL } from '../file-system.js'
import { jffs2Format } from './format.js'
import { jffs2OptionTable } from './option-table.js'
import type { Jffs2FormatOptions } from './options.js'

export const jffs2 = defineFileSystem<Jffs2FormatOptions>({
  family: 'jffs2',
  title: 'JFFS2',
  words: { jffs2: 'jffs2' },
  content: 'tree',
  keys: ['content', 'owner', 'xattrs', 'modes', 'options', 'free'],
  options: jffs2OptionTable,
  eraseBlockOption: 'erase_block',
  madeBy: 'diskloom',
  liesOn: 'flash',
  fitsUbi: false,
  isWrittenByBoard: true,
  // Zeros are compressed, so that holes save nothing.
  keeps: { ...KEEPS_ALL, holes: false, time: inWholeSeconds },
  format: jffs2Format,
  reading: async () => (await import('./file-system-reading.js')).jffs2Reading,
})
