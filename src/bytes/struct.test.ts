import { describe, expect, it } from 'vitest'
import {
  array,
  ascii,
  bytes,
  type Codec,
  flags64le,
  type Infer,
  reserved,
  struct,
  u8,
  u16be,
  u16le,
  u32be,
  u32le,
  u64le,
} from './struct.js'

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

describe.each<{ name: string; codec: Codec<never>; good: [value: unknown, hex: string][]; bad: unknown[] }>([
  {
    name: 'u8',
    codec: u8 as Codec<never>,
    good: [
      [0, '00'],
      [255, 'ff'],
    ],
    bad: [-1, 256, 1.5, Number.NaN, '1', undefined, 1n],
  },
  {
    name: 'u16le',
    codec: u16le as Codec<never>,
    good: [
      [0x1234, '3412'],
      [65535, 'ffff'],
    ],
    bad: [-1, 65536, 0.5, null],
  },
  { name: 'u16be', codec: u16be as Codec<never>, good: [[0x1234, '1234']], bad: [65536] },
  {
    name: 'u32le',
    codec: u32le as Codec<never>,
    good: [
      [0x12345678, '78563412'],
      [2 ** 32 - 1, 'ffffffff'],
    ],
    bad: [-1, 2 ** 32, 1e300, Number.POSITIVE_INFINITY],
  },
  { name: 'u32be', codec: u32be as Codec<never>, good: [[0x12345678, '12345678']], bad: [2 ** 32] },
  {
    name: 'u64le',
    codec: u64le as Codec<never>,
    good: [
      [2 ** 40 + 1, '0100000000010000'],
      [Number.MAX_SAFE_INTEGER, 'ffffffffffff1f00'],
    ],
    bad: [-1, 2 ** 53, 1n],
  },
  {
    name: 'flags64le',
    codec: flags64le as Codec<never>,
    good: [[2n ** 64n - 1n, 'ffffffffffffffff']],
    bad: [-1n, 2n ** 64n, 1],
  },
  {
    name: 'bytes(3)',
    codec: bytes(3) as Codec<never>,
    good: [[Uint8Array.of(1, 2, 3), '010203']],
    bad: [Uint8Array.of(1, 2), [1, 2, 3]],
  },
  {
    name: 'ascii(4)',
    codec: ascii(4) as Codec<never>,
    good: [
      ['', '00000000'],
      ['ab', '61620000'],
      ['abcd', '61626364'],
    ],
    bad: ['abcde', 'ä', 7],
  },
  {
    name: 'array(u16le, 2)',
    codec: array(u16le, 2) as Codec<never>,
    good: [[[1, 2], '01000200']],
    bad: [[1], [1, 65536], 'ab'],
  },
])('$name', ({ codec, good, bad }) => {
  const record = struct('record', codec.size, { field: [0, codec] })

  it.each(good)('%o ↔ %s', (value, encoded) => {
    expect(hex(record.encode({ field: value as never }))).toBe(encoded)
    expect(record.decode(unhex(encoded)).field).toEqual(value)
  })

  it.each(bad)('refuses %o with the field’s name', (value) => {
    expect(() => record.encode({ field: value as never })).toThrow(/^Cannot encode record\.field: .*, accepted is /)
  })
})

const Sample = struct('sample', 12, { magic: [0, u16le], _pad: [2, reserved(2)], size: [4, u64le] })
type Sample = Infer<typeof Sample>

describe('struct', () => {
  const value: Sample = { magic: 0xef53, size: 4096 }

  it('writes over dirty storage at an offset and leaves its neighbours alone', () => {
    const target = new Uint8Array(20).fill(0xd1)
    Sample.encodeInto(target.subarray(2), 2, value)
    expect(hex(target)).toBe('d1d1d1d1' + '53ef0000' + '0010000000000000' + 'd1d1d1d1')
    expect(Sample.decode(target, 4)).toEqual(value)
  })

  it('keeps two buffers apart, shared memory too', () => {
    const [a, b] = [new Uint8Array(12), new Uint8Array(new SharedArrayBuffer(12))]
    Sample.encodeInto(a, 0, value)
    Sample.encodeInto(b, 0, { magic: 1, size: 2 })
    Sample.encodeInto(a, 0, { magic: 3, size: 4 })
    expect([Sample.decode(a), Sample.decode(b)]).toEqual([
      { magic: 3, size: 4 },
      { magic: 1, size: 2 },
    ])
  })

  it('refuses a buffer that is too short', () => {
    expect(() => Sample.encodeInto(new Uint8Array(15), 4, value)).toThrow(
      'sample needs 12 bytes at 4, the buffer has 15',
    )
    expect(() => Sample.decode(new Uint8Array(11))).toThrow('sample needs 12 bytes at 0')
  })

  it('refuses a 64-bit number beyond 2^53 when it reads one', () => {
    expect(() => Sample.decode(unhex('53ef0000ffffffffffffffff'))).toThrow(/exceeds 2\^53 - 1/)
  })

  it.each([
    ['a gap', { a: [0, u16le], b: [3, u8] }, 4, /b stands at 3, but the field before it ends at 2/],
    ['an overlap', { a: [0, u32le], b: [2, u16le] }, 4, /b stands at 2, but the field before it ends at 4/],
    ['a wrong total', { a: [0, u32le] }, 6, /fields end at 4, the record has 6 bytes/],
    ['a reserved field without _', { a: [0, reserved(2)] }, 2, /a: reserved fields, and only they/],
  ] as const)('does not load with %s', (_, fields, size, message) => {
    expect(() => struct('wrong', size, fields as never)).toThrow(message)
  })

  it('dumps every field with offset, bytes, name and value', () => {
    expect(Sample.hexdump(Sample.encode(value))).toBe(
      [
        '0000  53ef              magic 61267 (0xef53)',
        '0002  0000              _pad',
        '0004  0010000000000000  size 4096 (0x1000)',
      ].join('\n'),
    )
  })
})
