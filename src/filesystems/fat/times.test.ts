import { describe, expect, it } from 'vitest'
import { encodeFatTime, parseTimeZone } from './times.js'

function at(iso: string, nanoseconds = 0) {
  return { seconds: Date.parse(iso) / 1000, nanoseconds }
}

function show({ date, time, hundredths }: ReturnType<typeof encodeFatTime>): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)}`
  return `${day} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}+${hundredths}`
}

describe('encodeFatTime', () => {
  it('has the bytes that mkfs.fat --invariant writes for 1426325213', () => {
    expect(encodeFatTime({ seconds: 1_426_325_213, nanoseconds: 0 }, 0)).toEqual({
      date: 0x466e,
      time: 0x4b5a,
      hundredths: 100,
    })
  })

  it.each([
    ['2024-02-29T23:59:59Z', 0, '2024-02-29 23:59:58+100'],
    ['2024-02-29T23:59:58Z', 999_999_999, '2024-02-29 23:59:58+99'],
    ['2024-02-29T23:59:59Z', 999_999_999, '2024-02-29 23:59:58+199'],
    ['1980-01-01T00:00:00Z', 0, '1980-01-01 00:00:00+0'],
    ['1979-12-31T23:59:59Z', 999_999_999, '1980-01-01 00:00:00+0'],
    ['1900-01-01T00:00:00Z', 0, '1980-01-01 00:00:00+0'],
    ['2107-12-31T23:59:59Z', 999_999_999, '2107-12-31 23:59:58+199'],
    ['2108-01-01T00:00:00Z', 0, '2107-12-31 23:59:58+199'],
    ['2446-05-10T00:00:00Z', 0, '2107-12-31 23:59:58+199'],
  ])('%s + %i ns is %s', (iso, nanoseconds, expected) => {
    expect(show(encodeFatTime(at(iso, nanoseconds), 0))).toBe(expected)
  })

  it('moves by the offset before it clamps', () => {
    expect(show(encodeFatTime(at('1979-12-31T23:30:00Z'), 60))).toBe('1980-01-01 00:30:00+0')
    expect(show(encodeFatTime(at('2000-01-01T00:00:00Z'), -330))).toBe('1999-12-31 18:30:00+0')
  })
})

describe('parseTimeZone', () => {
  it.each([
    ['UTC', 0],
    ['Z', 0],
    ['+00:00', 0],
    ['-00:00', 0],
    ['+05:30', 330],
    ['-14:00', -840],
  ])('%s is %i minutes', (text, minutes) => {
    expect(parseTimeZone(text)).toBe(minutes)
  })

  it.each(['Europe/Berlin', '+1', '+15:00', '+01:60', '01:00', ''])('does not take "%s"', (text) => {
    expect(parseTimeZone(text)).toBeUndefined()
  })
})
