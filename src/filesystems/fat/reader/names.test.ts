import { describe, expect, it } from 'vitest'
import { encodeLongName } from '../long-names.js'
import { lowerCase437 } from './code-page-437.js'
import { LongNameReader, utf8OfUnits } from './long-name.js'
import { decodeFatTime } from './read-time.js'
import { labelText, shortNameText } from './short-name.js'

const LOWER_BASE = 0x08
const LOWER_EXTENSION = 0x10

describe('shortNameText', () => {
  it.each([
    ['README  TXT', 0, 'README.TXT'],
    ['README  TXT', LOWER_BASE, 'readme.TXT'],
    ['README  TXT', LOWER_BASE | LOWER_EXTENSION, 'readme.txt'],
    ['NOEXT      ', LOWER_EXTENSION, 'NOEXT'],
    ['A B     C  ', 0, 'A B.C'],
    ['\x05KANJI  TXT', 0, 'σKANJI.TXT'],
    ['GR\x99\xe1E   TXT', 0, 'GRÖßE.TXT'],
    ['GR\x99\xe1E   TXT', LOWER_BASE, 'größe.TXT'],
  ])('reads %j with flags %i', (bytes, flags, name) => {
    expect(shortNameText(bytes, flags)).toBe(name)
  })

  it('keeps what has no lower case in the code page', () => {
    expect(lowerCase437('ΓΣ')).toBe('Γσ')
  })

  it('reads labels without a dot', () => {
    expect(labelText('MY DISK 001')).toBe('MY DISK 001')
    expect(labelText('A          ')).toBe('A')
  })
})

describe('LongNameReader', () => {
  const SHORT = 'NAME~1  TXT'

  function read(name: string): { name: string | undefined; reports: string[] } {
    const bytes = new Uint8Array(20 * 32)
    const end = encodeLongName(bytes, 0, name, SHORT)
    const reports: string[] = []
    const reader = new LongNameReader((slot, field) => reports.push(`${slot} ${field}`))
    for (let slot = 0; slot * 32 < end; slot++) reader.add(slot, bytes.subarray(slot * 32, slot * 32 + 32))
    return { name: reader.finish(end / 32, SHORT), reports }
  }

  it.each([
    'a',
    'n'.repeat(12),
    'n'.repeat(13),
    'n'.repeat(14),
    'n'.repeat(255),
    '分区 🧵',
    'half \ud83e',
    '\udc00half',
  ])('reads %j', (name) => {
    expect(read(name)).toEqual({ name, reports: [] })
  })

  it('tells what no path can hold, and gives it to nobody', () => {
    for (const name of ['a/b', '.', '..']) expect(read(name)).toEqual({ name: undefined, reports: ['0 LDIR_Name'] })
    expect(read('a:b')).toEqual({ name: 'a:b', reports: ['0 LDIR_Name'] })
  })

  it('gives nothing where there was nothing', () => {
    expect(new LongNameReader(() => {}).finish(0, SHORT)).toBeUndefined()
  })
})

it('keeps half a surrogate pair as its three bytes, and whole ones as UTF-8', () => {
  const hex = (name: string): string => Buffer.from(utf8OfUnits(name), 'latin1').toString('hex')
  expect(hex('🧵')).toBe('f09fa7b5')
  expect(hex('a\ud83e')).toBe('61eda0be')
  expect(hex('\udc00b')).toBe('edb08062')
  expect(hex('\ud83e🧵')).toBe('eda0bef09fa7b5')
})

describe('decodeFatTime', () => {
  it.each([
    ['the first', 0x0021, 0, 0, 315_532_800, 0],
    ['unknown, read as the first', 0, 0, 0, 315_532_800, 0],
    ['two seconds and hundredths', 0x0021, 1, 199, 315_532_803, 990_000_000],
    ['the last', 0xff9f, 0xbf7d, 0, 4_354_819_198, 0],
  ])('%s', (_, date, time, hundredths, seconds, nanoseconds) => {
    expect(decodeFatTime(date, time, hundredths, 0)).toEqual({ seconds, nanoseconds })
    expect(decodeFatTime(date, time, hundredths, 330)).toEqual({ seconds: seconds - 19_800, nanoseconds })
  })
})
