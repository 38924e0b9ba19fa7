import { expect, it } from 'vitest'
import { parseListings } from './debugfs.js'

it('reads what debugfs 1.47.0 prints, whatever the names hold', () => {
  const output = [
    'debugfs: ls -p <2>',
    '/2/040755/0/0/.//',
    '/2/040755/0/0/..//',
    '/11/040700/0/0/lost+found//',
    '/12/100644/0/-294967296/nl\nx/5/',
    '/13/100644/0/0/debugfs: ls -p <9>/0/',
    '/0/000000/0/0//0/',
    '/14/120777/0/0/\xff\xfe/3/',
    '',
    'debugfs: ls -p <11>',
    '/11/040700/0/0/.//',
    '/2/040755/0/0/..//',
    '',
    '',
  ].join('\n')
  expect(parseListings(output)).toEqual([
    [
      { inode: 11, mode: 0o040700, name: 'lost+found' },
      { inode: 12, mode: 0o100644, name: 'nl\nx', sizeBytes: 5 },
      { inode: 13, mode: 0o100644, name: 'debugfs: ls -p <9>', sizeBytes: 0 },
      { inode: 14, mode: 0o120777, name: '\xff\xfe', sizeBytes: 3 },
    ],
    [],
  ])
})
