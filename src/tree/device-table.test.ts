import { expect, it } from 'vitest'
import { summary } from '../../test/support/tree-portrait.js'
import { FormatError } from '../errors.js'
import { imageOfBytes } from '../image/extent.js'
import { applyDeviceTable } from './device-table.js'
import { editTree } from './edit-tree.js'
import { emptyTree, type FileTree } from './file-tree.js'
import { nodeAtPath } from './tree-builder.js'

const TIME = { seconds: 1, nanoseconds: 0 }
const LATER = { seconds: 2, nanoseconds: 0 }
const file = (path: string, content = '', mode = 0o644) =>
  ({
    kind: 'put',
    path,
    node: { type: 'file', mode, uid: 0, gid: 0, mtime: TIME, content: imageOfBytes(Buffer.from(content)) },
    attributes: {},
  }) as const
const base: FileTree = editTree(emptyTree(TIME), [
  file('etc/passwd', 'root:x:0:0::/:/bin/sh\nftp:x:14:50::/:/bin/false\n'),
  file('etc/group', 'root:x:0:\ndisk:x:6:\n'),
  file('bin/ping', '', 0o4755),
  file('srv/a/b'),
  file('dev/keep'),
])
const apply = (...lines: string[]) => applyDeviceTable(base, { file: 't', text: lines.join('\n') }, LATER)

it('does what makedevs does', () => {
  const tree = apply(
    '# <name> <type> <mode> <uid> <gid> <major> <minor> <start> <inc> <count>',
    '',
    '/dev d 700 root root - - - - -',
    '/dev/null c 666 0 0 1 3 0 0 -',
    '/dev/hda b 640 root disk 3 1 1 1 3',
    '/dev/uio b 640 0 0 252 1 6 2 2',
    '/dev/one c 600 0 0 4 64 5 1 1',
    '/dev/pipe p 622 0 0 - - - - -',
    '/var/lib/deep d 1777 ftp 50 - - - - -',
    '/srv r -1 14 14 - - - - -',
    '/bin/ping f -1 ftp disk - - - - -',
    '/bin/none F 755 0 0 - - - - -',
  )
  expect(summary(tree).filter((line) => !line.startsWith('etc'))).toEqual([
    '. directory 755 0:0',
    'bin directory 755 0:0',
    'bin/ping file 4755 14:6',
    'dev directory 700 0:0',
    'dev/hda1 block 640 0:6 3:1',
    'dev/hda2 block 640 0:6 3:2',
    'dev/hda3 block 640 0:6 3:3',
    'dev/keep file 644 0:0',
    'dev/null char 666 0:0 1:3',
    'dev/one char 600 0:0 4:64',
    'dev/pipe fifo 622 0:0',
    'dev/uio6 block 640 0:0 252:1',
    'dev/uio7 block 640 0:0 252:3',
    'srv directory 755 14:14',
    'srv/a directory 755 14:14',
    'srv/a/b file 644 14:14',
    'var directory 755 0:0',
    'var/lib directory 755 0:0',
    'var/lib/deep directory 1777 14:50',
  ])
  expect(nodeAtPath(tree, 'dev/null')!.mtime).toEqual(LATER)
  // The argument is as it was.
  expect(summary(base)).toContain('bin/ping file 4755 0:0')
})

it('adds capabilities, one line after the other', () => {
  const tree = apply('/bin/ping f 755 0 0 - - - - -', '|xattr cap_net_raw+ep', '|xattr cap_sys_admin,cap_bpf+i')
  const value = nodeAtPath(tree, 'bin/ping')!.xattrs!.get('security.capability')!
  expect(Buffer.from(value).toString('hex')).toBe('01000002' + '00200000' + '00002000' + '00000000' + '80000000')
})

it('tells every wrong line with its position', () => {
  let error: unknown
  try {
    apply(
      '/dev/x q 644 0 0 - - - - -',
      '/bin/none f 644 0 0 - - - - -',
      '/bin/ping f 644 nobody disk - - - - -',
      '/none r 644 0 0 - - - - -',
      '/none/x c 644 0 0 1 1 - - -',
      '/dev/x c 644 0 0 - - - - -',
      '/dev/x c 644 0 0 1 9999999 - - -',
      '|xattr cap_net_raw+ep',
      '/bin/ping f 755 0 0 - - - - -',
      '|xattr cap_fly+ep',
      '|xattr cap_net_raw-ep',
      '/bin/ping d 755 0 0 - - - - -',
    )
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(FormatError)
  const told = (error as FormatError).problems.map(({ message, position }) => `${position?.line} ${message}`)
  expect(told).toEqual([
    '1 Cannot read the line "/dev/x q 644 0 0 - - - - -": accepted is <name> <f|F|d|r|c|b|p> <mode> <uid> <gid> <major> <minor> <start> <inc> <count>',
    '2 Cannot set "/bin/none": it does not exist, type f needs a regular file',
    `3 Cannot find the user "nobody": the tree's etc/passwd has 2 names, and not this one`,
    '4 Cannot set "/none" and all in it: it does not exist',
    '5 Cannot make "/none/x": the folder above it does not exist',
    '6 Cannot read the line "/dev/x c 644 0 0 - - - - -": a device needs a major and a minor number',
    '7 Cannot read the line "/dev/x c 644 0 0 1 9999999 - - -": "9999999", a number from 0 to 1048575 or - is accepted',
    '8 Cannot set "|xattr cap_net_raw+ep": the line before it is about no regular file',
    '10 Cannot read the capability "cap_fly+ep": "cap_fly" is not one of capabilities(7)',
    '11 Cannot set "|xattr cap_net_raw-ep": the line before it is about no regular file',
    '12 Cannot make "/bin/ping": it is a file already',
  ])
})
