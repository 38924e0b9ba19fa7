import { expect, it } from 'vitest'
import { encodeChs } from './chs.js'

const CYLINDER = 255 * 63

// [what, lba, bytes as fdisk of util-linux and sfdisk write them under 255/63]
it.each([
  ['the first sector', 0, '000100'],
  ['the second, where a protective MBR begins', 1, '000200'],
  ['the last of the first track', 62, '003f00'],
  ['the second head', 63, '010100'],
  ['1 MiB', 2048, '202100'],
  ['the last of the first cylinder', CYLINDER - 1, 'fe3f00'],
  ['the second cylinder', CYLINDER, '000101'],
  ['cylinder 256, whose bit 8 stands with the sector', 256 * CYLINDER, '004100'],
  ['the last of cylinder 1023', 1024 * CYLINDER - 1, 'feffff'],
  ['the first that CHS cannot say', 1024 * CYLINDER, 'feffff'],
  ['2 TiB', 2 ** 32 - 1, 'feffff'],
])('writes %s', (_, lba, hex) => {
  expect(Buffer.from(encodeChs(lba)).toString('hex')).toBe(hex)
})
