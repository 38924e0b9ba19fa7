import { describe, expect, it } from 'vitest'
import { asExfatTime, decodeExfatTime, encodeExfatTime, UTC } from './times.js'

const time = (text: string, nanoseconds = 0) => ({ seconds: Date.parse(`${text}Z`) / 1000, nanoseconds })

describe('times of exFAT', () => {
  it.each([
    ['1980-01-01T00:00:00', 0, 0x00210000, 0],
    ['1980-01-01T00:00:01', 990_000_000, 0x00210000, 199],
    ['2026-01-01T00:00:01', 120_000_000, 0x5c210000, 112],
    ['2024-02-29T12:34:56', 0, 0x585d645c, 0],
    ['2107-12-31T23:59:59', 990_000_000, 0xff9fbf7d, 199],
  ])('%s and %i ns are %i and %i', (text, nanoseconds, timestamp, increment) => {
    const value = time(text, nanoseconds)
    expect(encodeExfatTime(value)).toEqual({ timestamp, increment })
    expect(decodeExfatTime({ timestamp, increment }, UTC)).toEqual(value)
  })

  it.each([
    ['1969-12-31T23:59:59', '1980-01-01T00:00:00', 0],
    ['1979-12-31T23:59:59', '1980-01-01T00:00:00', 0],
    ['2108-01-01T00:00:00', '2107-12-31T23:59:59', 990_000_000],
    ['9999-01-01T00:00:00', '2107-12-31T23:59:59', 990_000_000],
  ])('%s becomes %s', (text, nearest, nanoseconds) => {
    expect(asExfatTime(time(text, 7))).toEqual(time(nearest, nanoseconds))
    const { timestamp, increment } = encodeExfatTime(time(text, 7))
    expect(decodeExfatTime({ timestamp, increment }, UTC)).toEqual(time(nearest, nanoseconds))
  })

  it('cuts off what is finer than a hundredth of a second', () => {
    expect(asExfatTime(time('2000-01-01T00:00:00', 19_999_999)).nanoseconds).toBe(10_000_000)
  })

  /** Seven bits with a sign, in quarters of an hour east of UTC. */
  it.each([
    [0x00, '2026-01-01T12:00:00'],
    [0x7f, '2026-01-01T12:00:00'],
    [0x80, '2026-01-01T12:00:00'],
    [0x84, '2026-01-01T11:00:00'],
    [0xa4, '2026-01-01T03:00:00'],
    [0xfc, '2026-01-01T13:00:00'],
    [0xd0, '2026-01-02T00:00:00'],
  ])('noon with the offset %i is %s in UTC', (utcOffset, text) => {
    const noon = encodeExfatTime(time('2026-01-01T12:00:00'))
    expect(decodeExfatTime(noon, utcOffset)).toEqual(time(text))
  })

  it.each([
    ['month 0', 0x00010000, 0],
    ['month 13', 0x01a10000, 0],
    ['day 0', 0x00200000, 0],
    ['30 February', 0x005e0000, 0],
    ['hour 24', 0x0021c000, 0],
    ['minute 60', 0x00210780, 0],
    ['second 60', 0x0021001e, 0],
    ['200 hundredths', 0x00210000, 200],
  ])('%s is no time', (_, timestamp, increment) => {
    expect(decodeExfatTime({ timestamp, increment }, UTC)).toBeUndefined()
  })
})
