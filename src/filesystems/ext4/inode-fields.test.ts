import { describe, expect, it } from 'vitest'
import { setBits } from './bitmap.js'
import { encodeDevice } from './inode-encode.js'
import { clampTime, encodeTime } from './inode-time.js'
import { encodeAcl } from './posix-acl.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('times', () => {
  // [EXT4 disk layout, inode timestamps] has the table of epochs.
  it.each([
    [-(2 ** 31), 0x8000_0000, 0],
    [-1, 0xffff_ffff, 0],
    [0, 0, 0],
    [2 ** 31 - 1, 0x7fff_ffff, 0],
    [2 ** 31, 0x8000_0000, 1],
    [2 ** 32 - 1, 0xffff_ffff, 1],
    [2 ** 32, 0, 1],
    [0x1_7fff_ffff, 0x7fff_ffff, 1],
    [0x1_8000_0000, 0x8000_0000, 2],
    [0x3_7fff_ffff, 0x7fff_ffff, 3],
  ])('%d seconds', (seconds, base, extra) => {
    expect(encodeTime({ seconds, nanoseconds: 0 })).toEqual({ base, extra })
    expect(encodeTime({ seconds, nanoseconds: 999_999_999 }).extra).toBe(999_999_999 * 4 + extra)
  })

  it('are clamped to what the inode holds', () => {
    const time = (seconds: number) => ({ seconds, nanoseconds: 5 })
    expect(clampTime(time(0x3_8000_0000), 256)).toEqual({ seconds: 0x3_7fff_ffff, nanoseconds: 0 })
    expect(clampTime(time(2 ** 31), 128).seconds).toBe(2 ** 31 - 1)
    expect(clampTime(time(-(2 ** 31) - 1), 256).seconds).toBe(-(2 ** 31))
    const kept = time(2 ** 31)
    expect(clampTime(kept, 256)).toBe(kept)
  })
})

describe('device numbers', () => {
  it.each([
    [1, 3, '0301000000000000'],
    [255, 255, 'ffff000000000000'],
    [256, 0, '0000000000000100'],
    [8, 256, '0000000000081000'],
    [4095, 1_048_575, '00000000ffffffff'],
  ])('%d:%d', (major, minor, words) => {
    expect(hex(encodeDevice(major, minor).subarray(0, 8))).toBe(words)
  })
})

describe('ACLs', () => {
  it('lose the ids that need none', () => {
    const kernel = '02000000 01000700ffffffff 02000500e8030000 20000400ffffffff'.replaceAll(' ', '')
    expect(hex(encodeAcl(Buffer.from(kernel, 'hex'))!)).toBe(
      '01000000 01000700 02000500e8030000 20000400'.replaceAll(' ', ''),
    )
    expect(encodeAcl(Buffer.from('0100000001000700ffffffff', 'hex'))).toBeUndefined()
    expect(encodeAcl(Buffer.from('020000000100', 'hex'))).toBeUndefined()
  })
})

describe('bitmaps', () => {
  it.each([
    [0, 0, '000000'],
    [0, 1, '010000'],
    [3, 5, '180000'],
    [7, 9, '800100'],
    [4, 24, 'f0ffff'],
    [8, 16, '00ff00'],
  ])('bits %d to %d', (from, to, bytes) => {
    const bitmap = new Uint8Array(3)
    setBits(bitmap, from, to)
    expect(hex(bitmap)).toBe(bytes)
  })
})
