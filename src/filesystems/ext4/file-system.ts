/** ext2, ext3 and ext4 as the rest of the program knows them. */
import { defineFileSystem, inWholeSeconds, KEEPS_ALL } from '../file-system.js'
import { EXT4_GOOD_OLD_INODE_SIZE } from './disklayout/inode.js'
import { extFormat } from './format.js'
import { extOptionTable } from './option-table.js'
import type { ExtFormatOptions } from './options.js'

export const ext = defineFileSystem<ExtFormatOptions>({
  family: 'ext',
  title: 'ext2, ext3, ext4',
  words: { ext2: 'ext2', ext3: 'ext3', ext4: 'ext4' },
  content: 'tree',
  keys: ['content', 'label', 'fs_uuid', 'owner', 'holes', 'xattrs', 'modes', 'engine', 'options', 'free'],
  options: extOptionTable,
  check: ({ options: { inodes, bytes_per_inode } }) =>
    inodes === undefined || bytes_per_inode === undefined
      ? []
      : [{ path: ['options', 'inodes'], message: 'bytes_per_inode is given too, one of them is accepted' }],
  madeBy: 'either',
  liesOn: 'block',
  fitsUbi: true,
  keeps: {
    ...KEEPS_ALL,
    // Inodes of 128 bytes have no room for nanoseconds. [EXT4 disk layout]
    time: (time, { inode_size }) => (inode_size === EXT4_GOOD_OLD_INODE_SIZE ? inWholeSeconds(time) : time),
  },
  crossCheck: 'ext2fs',
  format: extFormat,
  reading: async () => (await import('./reader/file-system-reading.js')).extReading,
})
