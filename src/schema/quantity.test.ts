import { describe, expect, it } from 'vitest'
import { parseByteCount, parseQuantity, toEndExclusive, toSizeSpec } from './quantity.js'
import { Refusal } from './refusal.js'

const KIB = 1024
const MIB = KIB ** 2

describe('parseQuantity', () => {
  const bytes = (count: number, boundary: boolean) => ({ kind: 'bytes', bytes: count, boundary })
  it.each([
    ['0', bytes(0, false)],
    ['4096', bytes(4096, false)],
    ['4096B', bytes(4096, false)],
    ['0x8000', bytes(0x8000, false)],
    ['64K', bytes(64 * KIB, true)],
    ['64k', bytes(64 * KIB, true)],
    ['64KiB', bytes(64 * KIB, true)],
    ['64 MiB', bytes(64 * MIB, true)],
    ['1.5GiB', bytes(1536 * MIB, true)],
    ['0.5KiB', bytes(512, true)],
    ['1.0009765625KiB', bytes(1025, true)],
    ['2T', bytes(2 * KIB * KIB * MIB, true)],
    ['9007199254740991', bytes(Number.MAX_SAFE_INTEGER, false)],
    ['33792s', { kind: 'sectors', sectors: 33792 }],
    ['0x40s', { kind: 'sectors', sectors: 64 }],
    ['50%', { kind: 'percent', percent: 50 }],
    ['12.5%', { kind: 'percent', percent: 12.5 }],
    ['rest', { kind: 'rest' }],
    [' auto ', { kind: 'auto' }],
  ])('reads %j', (text, expected) => {
    expect(parseQuantity(text)).toEqual(expected)
  })

  it.each([
    ['', 'is no size'],
    ['-1', 'is no size'],
    ['1e9', 'is no size'],
    ['1_000', 'is no size'],
    ['010', 'begins with 0'],
    ['0.1MiB', 'is no whole number of bytes'],
    ['1.5', 'is no whole number of bytes'],
    ['1.5s', 'is no whole number of sectors'],
    ['101%', 'is more than the disk'],
    ['64MB', 'powers of 1000 or of 1024'],
    ['64constructor', 'unknown unit'],
    ['0x', 'unknown unit "x"'],
    ['9007199254740992', 'is past 8 PiB'],
    ['99999999999999999999999999T', 'is past 8 PiB'],
    ['9007199254740991s', 'is past 8 PiB'],
    ['64MIB', 'unknown unit "MIB"'],
  ])('refuses %j', (text, what) => {
    const refused = parseQuantity(text)
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Refusal).what).toContain(what)
  })

  it('offers the unit that was meant', () => {
    expect(parseQuantity('64MB')).toMatchObject({ hint: 'Write MiB for powers of 1024' })
    expect(parseQuantity('8192S')).toMatchObject({ hint: 'Did you mean "s"?' })
  })
})

describe('toEndExclusive', () => {
  const end = (text: string, sectorSize = 512) => toEndExclusive(parseQuantity(text) as never, sectorSize)

  it('takes sectors and bytes as the last that belongs to the partition', () => {
    expect(end('2047s')).toEqual({ kind: 'bytes', bytes: MIB })
    expect(end('255s', 4096)).toEqual({ kind: 'bytes', bytes: MIB })
    expect(end('1048575')).toEqual({ kind: 'bytes', bytes: MIB })
    expect(end('1048575B')).toEqual({ kind: 'bytes', bytes: MIB })
  })

  it('takes larger units and percentages as a boundary', () => {
    expect(end('1MiB')).toEqual({ kind: 'bytes', bytes: MIB })
    expect(end('100%')).toEqual({ kind: 'percent', percent: 100 })
  })
})

describe('parseByteCount', () => {
  it('takes fixed sizes only, sectors as 512 bytes unless told otherwise', () => {
    expect(parseByteCount('15269888s')).toBe(7456 * MIB)
    expect(parseByteCount('16s', 4096)).toBe(64 * KIB)
    expect(parseByteCount('50%')).toBeInstanceOf(Refusal)
    expect(parseByteCount('rest')).toBeInstanceOf(Refusal)
  })

  it('agrees with toSizeSpec', () => {
    expect(toSizeSpec({ kind: 'sectors', sectors: 3 }, 4096)).toEqual({ kind: 'bytes', bytes: 12288 })
  })
})
