import { describe, expect, it } from 'vitest'
import { NTRES_LOWER_BASE, NTRES_LOWER_EXTENSION } from './disklayout.js'
import { exactShortName, ShortNameSet } from './short-names.js'

const LOWER_BOTH = NTRES_LOWER_BASE | NTRES_LOWER_EXTENSION

describe('exactShortName', () => {
  it.each([
    ['MLO', 'MLO        ', 0, false],
    ['README.TXT', 'README  TXT', 0, false],
    ['readme.txt', 'README  TXT', LOWER_BOTH, false],
    ['README.txt', 'README  TXT', NTRES_LOWER_EXTENSION, false],
    ['config.TXT', 'CONFIG  TXT', NTRES_LOWER_BASE, false],
    ['Readme.txt', 'README  TXT', 0, true],
    ['readme.Txt', 'README  TXT', 0, true],
    ['123.456', '123     456', 0, false],
    ['a~1.x', 'A~1     X  ', LOWER_BOTH, false],
    ["!#$%&'()", "!#$%&'()   ", 0, false],
    ['12345678.abc', '12345678ABC', NTRES_LOWER_EXTENSION, false],
  ])('%s is "%s" with flags %i', (name, short, caseFlags, needsLongName) => {
    expect(exactShortName(name)).toEqual({ name: short, caseFlags, needsLongName })
  })

  it.each([
    '123456789',
    'a.html',
    'a.b.c',
    '.profile',
    'a b',
    'a+b',
    'a,b',
    'naïve',
    'x.',
    'ſ',
    '[x]',
    'a;b',
    'k=v',
    '日本',
  ])('%s needs a made-up one', (name) => {
    expect(exactShortName(name)).toBeUndefined()
  })
})

describe('ShortNameSet', () => {
  it.each([
    ['bcm2710-rpi-3-b.dtb', 'BCM271~1DTB'],
    ['.bashrc', 'BASHRC~1   '],
    ['.tar.gz', 'TAR~1   GZ '],
    ['libfoo.so.1.2', 'LIBFOO~12  '],
    ['a b.c d', 'AB~1    CD '],
    ['a+b.html', 'A_B~1   HTM'],
    ['日本語.txt', '___~1   TXT'],
    ['😀.txt', '_~1     TXT'],
    ['ıſ', '__~1       '],
    [' .x', 'X~1        '],
    ['...a', 'A~1        '],
    ['naïve.md', 'NA_VE~1 MD '],
  ])('%s becomes "%s"', (name, short) => {
    expect(new ShortNameSet().generate(name)).toBe(short)
  })

  it('never takes a name that stands in the directory', () => {
    const set = new ShortNameSet()
    set.reserve('LONGFI~1TXT')
    set.reserve('LONGFI~3TXT')
    expect(set.generate('long file a.txt')).toBe('LONGFI~2TXT')
    expect(set.generate('long file b.txt')).toBe('LONGFI~4TXT')
  })

  it('keeps names apart that only become alike when digits are added', () => {
    const set = new ShortNameSet()
    const names = ['ABCDEF', 'ABCDEG'].flatMap((lead) => Array.from({ length: 40 }, (_, n) => `${lead}-${n}.data`))
    const shorts = names.map((name) => set.generate(name))
    expect(new Set(shorts).size).toBe(names.length)
    expect(shorts).toContain('ABCDE~10DAT')
    expect(shorts.every((short) => /^[A-Z~0-9]{8}DAT$/.test(short))).toBe(true)
  })

  it('gives 20,000 alike names their own in less than a second', () => {
    const set = new ShortNameSet()
    const start = performance.now()
    const shorts = new Set(Array.from({ length: 20_000 }, (_, index) => set.generate(`file_number_${index}.bin`)))
    expect(shorts.size).toBe(20_000)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('takes a name twice for a bug', () => {
    const set = new ShortNameSet()
    set.reserve('A          ')
    expect(() => set.reserve('A          ')).toThrow('invariant')
  })
})
