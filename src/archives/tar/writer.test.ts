import { describe, expect, it } from 'vitest'
import type { ByteString } from '../../bytes/text.js'
import { parsePax } from './pax.js'
import { encodeTarHeader, paxTimeText, type TarHeader } from './writer.js'

const HEADER: TarHeader = {
  path: 'etc/fstab' as ByteString,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: { seconds: 1, nanoseconds: 0 },
  sizeBytes: 5,
}

describe('tar headers', () => {
  it('are one block where every field has room', () => {
    const block = Buffer.from(encodeTarHeader(HEADER))
    expect(block.toString('latin1', 0, 9)).toBe('etc/fstab')
    expect(block.toString('latin1', 100, 148)).toBe(`0000644\0${'0000000\0'.repeat(2)}00000000005\x0000000000001\0`)
    expect(block.toString('latin1', 156, 157)).toBe('0')
    expect(block.toString('latin1', 257, 265)).toBe('ustar\x0000')
    expect(block).toHaveLength(512)
  })

  it.each([
    [{ uid: 8 ** 7 - 1, gid: 8 ** 7 - 1 }, []],
    [{ uid: 8 ** 7 }, ['uid']],
    [{ gid: 8 ** 7 }, ['gid']],
    [{ sizeBytes: 8 ** 11 - 1 }, []],
    [{ sizeBytes: 8 ** 11 }, ['size']],
    [{ mtime: { seconds: 8 ** 11 - 1, nanoseconds: 0 } }, []],
    [{ mtime: { seconds: 8 ** 11, nanoseconds: 0 } }, ['mtime']],
    [{ mtime: { seconds: 5, nanoseconds: 1 } }, ['mtime']],
    [{ path: 'p'.repeat(100) as ByteString }, []],
    [{ path: 'p'.repeat(101) as ByteString }, ['path']],
    [{ path: '\xff'.repeat(101) as ByteString }, ['path', 'hdrcharset']],
    [{ type: 'directory', path: 'p'.repeat(100) as ByteString }, ['path']],
    [{ type: 'symlink', link: 'l'.repeat(101) as ByteString }, ['linkpath']],
    [{ xattrs: new Map([['user.a=b', new Uint8Array([0, 10])]]) }, ['SCHILY.xattr.user.a%3Db']],
  ] as const)('%o takes the records %o', (change, keys) => {
    const blocks = encodeTarHeader({ ...HEADER, ...change } as TarHeader)
    const records = blocks.length === 512 ? [] : parsePax(blocks.subarray(512, 512 + paxBytes(blocks)), 0)
    expect(records.map(([key]) => key)).toEqual(keys)
    expect(blocks.length % 512).toBe(0)
  })

  it.each([
    [0, 0, '0'],
    [1, 500_000_000, '1.5'],
    [-1, 0, '-1'],
    [-2, 750_000_000, '-1.25'],
    [-1, 1, '-0.999999999'],
  ])('%i s and %i ns are %s', (seconds, nanoseconds, text) => {
    expect(paxTimeText({ seconds, nanoseconds })).toBe(text)
  })
})

const paxBytes = (blocks: Uint8Array): number => Number.parseInt(Buffer.from(blocks.subarray(124, 135)).toString(), 8)
