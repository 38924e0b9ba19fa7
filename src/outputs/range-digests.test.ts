import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { RangeDigests } from './range-digests.js'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('RangeDigests', () => {
  const disk = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 7) & 0xff)
  const ranges = [
    { offset: 0, length: 5000, fill: undefined },
    { offset: 5000, length: 3000, fill: 0 },
    { offset: 9000, length: 200_001, fill: 0 },
    { offset: 300_000, length: 3000, fill: 0xff },
    { offset: 310_000, length: 9000, fill: undefined },
  ]

  it('gives the sums of data however the windows are cut, and those of fills without any', () => {
    for (const cut of [1000, 4096, 40_000]) {
      const digests = new RangeDigests(ranges)
      for (const base of [0, 310_000 - 1000]) {
        for (let at = 0; at < 12_000; at += cut)
          digests.window(base + at, disk.subarray(at, Math.min(at + cut, 12_000)))
      }
      expect(digests.finish()).toEqual([
        sha256(disk.subarray(0, 5000)),
        sha256(new Uint8Array(3000)),
        sha256(new Uint8Array(200_001)),
        sha256(new Uint8Array(3000).fill(0xff)),
        sha256(disk.subarray(1000, 10_000)),
      ])
    }
  })

  it('notices data that no window carried', () => {
    expect(() => new RangeDigests(ranges).finish()).toThrow('no window carried the data from 0 on')
    const late = new RangeDigests(ranges)
    expect(() => late.window(4096, disk.subarray(0, 4096))).toThrow('no window carried the data at 0')
  })
})
