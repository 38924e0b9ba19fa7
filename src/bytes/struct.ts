/**
 * On-disk records, declared once: encode, decode, size and hexdump all derive from the table of fields.
 *
 *   export const MbrEntry = struct('mbr_entry', 16, {
 *     BootIndicator: [0x00, u8],
 *     StartingCHS:   [0x01, bytes(3)],
 *     …
 *   })
 *   export type MbrEntry = Infer<typeof MbrEntry>
 *
 * When the module loads, the fields must tile the record exactly (order, overlap, gap, total); a value that does not
 * fit its field throws with the field's name, where DataView would have stored it modulo 2^n.
 */

/** How one field is stored. `write` gets a value that `check` accepted. */
export interface Codec<T> {
  readonly size: number
  /** Little-endian integers of 8, 16 and 32 bits, nearly all that there is, are written without a call. */
  readonly fast?: 'u8' | 'u16le' | 'u32le'
  /** What values the field takes, for the error message. */
  readonly accepts: string
  check(value: T): boolean
  write(view: DataView, at: number, value: T): void
  read(view: DataView, at: number): T
}

function unsigned(
  size: 1 | 2 | 4,
  write: Codec<number>['write'],
  read: Codec<number>['read'],
  fast?: NonNullable<Codec<number>['fast']>,
): Codec<number> {
  const max = 2 ** (8 * size) - 1
  return {
    size,
    ...(fast !== undefined && { fast }),
    accepts: `an integer from 0 to ${max}`,
    check: (value) => Number.isInteger(value) && value >= 0 && value <= max,
    write,
    read,
  }
}

export const u8 = unsigned(
  1,
  (view, at, value) => view.setUint8(at, value),
  (view, at) => view.getUint8(at),
  'u8',
)
export const u16le = unsigned(
  2,
  (view, at, value) => view.setUint16(at, value, true),
  (view, at) => view.getUint16(at, true),
  'u16le',
)
export const u32le = unsigned(
  4,
  (view, at, value) => view.setUint32(at, value, true),
  (view, at) => view.getUint32(at, true),
  'u32le',
)
export const u16be = unsigned(
  2,
  (view, at, value) => view.setUint16(at, value),
  (view, at) => view.getUint16(at),
)
export const u32be = unsigned(
  4,
  (view, at, value) => view.setUint32(at, value),
  (view, at) => view.getUint32(at),
)

/** A 64-bit count, size or sector number, as a safe integer (2^53 − 1 is 8 PiB). Reading a larger one throws. */
export const u64le: Codec<number> = {
  size: 8,
  accepts: 'an integer from 0 to 2^53 - 1',
  check: (value) => Number.isSafeInteger(value) && value >= 0,
  write: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  read: (view, at) => {
    const value = view.getBigUint64(at, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} exceeds 2^53 - 1`)
    return Number(value)
  },
}

/** The same, big-endian. */
export const u64be: Codec<number> = {
  ...u64le,
  write: (view, at, value) => view.setBigUint64(at, BigInt(value)),
  read: (view, at) => {
    const value = view.getBigUint64(at)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} exceeds 2^53 - 1`)
    return Number(value)
  },
}

/** A true 64-bit word of flags. */
export const flags64le: Codec<bigint> = {
  size: 8,
  accepts: 'a bigint from 0n to 2n ** 64n - 1n',
  check: (value) => typeof value === 'bigint' && value >= 0n && value < 1n << 64n,
  write: (view, at, value) => view.setBigUint64(at, value, true),
  read: (view, at) => view.getBigUint64(at, true),
}

/** Exactly `size` bytes, copied in and out. */
export function bytes(size: number): Codec<Uint8Array> {
  return {
    size,
    accepts: `exactly ${size} bytes`,
    check: (value) => value instanceof Uint8Array && value.length === size,
    write: (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at, size).set(value),
    read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice(),
  }
}

/** ASCII text, filled up with `pad` (NUL unless told otherwise) and read back without it. */
export function ascii(size: number, pad = '\0'): Codec<string> {
  const padByte = pad.charCodeAt(0)
  return {
    size,
    accepts: `ASCII text of at most ${size} characters`,
    check: (value) => typeof value === 'string' && value.length <= size && /^[\x00-\x7f]*$/.test(value),
    write: (view, at, value) => {
      for (let index = 0; index < size; index++) {
        view.setUint8(at + index, index < value.length ? value.charCodeAt(index) : padByte)
      }
    },
    read: (view, at) => {
      let end = size
      while (end > 0 && view.getUint8(at + end - 1) === padByte) end--
      let text = ''
      for (let index = 0; index < end; index++) text += String.fromCharCode(view.getUint8(at + index))
      return text
    },
  }
}

/** A fixed array of one number type. */
export function array(codec: Codec<number>, length: number): Codec<readonly number[]> {
  return {
    size: codec.size * length,
    accepts: `${length} values, each ${codec.accepts}`,
    check: (value) => Array.isArray(value) && value.length === length && value.every((item) => codec.check(item)),
    write: (view, at, value) => {
      for (let index = 0; index < length; index++) codec.write(view, at + index * codec.size, value[index]!)
    },
    read: (view, at) => Array.from({ length }, (_, index) => codec.read(view, at + index * codec.size)),
  }
}

/** Bytes that the specification reserves: written as zeros, not read. The field's name starts with `_`. */
export interface Reserved {
  readonly size: number
  readonly reserved: true
}
export function reserved(size: number): Reserved {
  return { size, reserved: true }
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds codecs of different types; Infer recovers each of them
type Field = readonly [offset: number, codec: Codec<any> | Reserved]
type Fields = Record<string, Field>
type ValuedField = readonly [offset: number, codec: Codec<unknown>]

type ValueKeys<F extends Fields> = { [K in keyof F]: F[K][1] extends Reserved ? never : K }[keyof F]
type Values<F extends Fields> = { [K in ValueKeys<F>]: F[K][1] extends Codec<infer T> ? T : never }

export interface Struct<V> {
  readonly name: string
  readonly SIZE: number
  /** Field name → [offset, size] in bytes, in order: for checksums over a stated range and for error messages. */
  readonly FIELDS: Readonly<Record<string, readonly [offset: number, size: number]>>
  /** A record of its own. */
  encode(value: V): Uint8Array
  /** Writes SIZE bytes at `offset`; reserved fields become zeros. */
  encodeInto(target: Uint8Array, offset: number, value: V): void
  decode(source: Uint8Array, offset?: number): V
  /** One line per field: offset, bytes, name, value. */
  hexdump(source: Uint8Array, offset?: number): string
}

export type Infer<S> = S extends Struct<infer V> ? V : never

function isReserved(codec: Field[1]): codec is Reserved {
  return 'reserved' in codec
}

function assertTiles(name: string, size: number, entries: [string, Field][]): void {
  let expected = 0
  for (const [field, [offset, codec]] of entries) {
    if (offset !== expected) {
      throw new Error(`struct ${name}: ${field} stands at ${offset}, but the field before it ends at ${expected}`)
    }
    if (isReserved(codec) !== field.startsWith('_')) {
      throw new Error(`struct ${name}: ${field}: reserved fields, and only they, have a name that starts with _`)
    }
    expected += codec.size
  }
  if (expected !== size) throw new Error(`struct ${name}: fields end at ${expected}, the record has ${size} bytes`)
}

/** Declares a record of `size` bytes. Throws when the fields do not tile it. */
export function struct<const F extends Fields>(name: string, size: number, fields: F): Struct<Values<F>> {
  const entries = Object.entries(fields) as [string, Field][]
  assertTiles(name, size, entries)
  // Made when first used: of some 100 records that a build loads it writes a dozen, and reads few.
  let encodeFields: EncodeFields | undefined
  let decodeFields: DecodeFields<Values<F>> | undefined
  let places: Struct<Values<F>>['FIELDS'] | undefined

  function encodeInto(target: Uint8Array, offset: number, value: Values<F>): void {
    assertRoom(name, target, offset, size)
    encodeFields ??= compileEncoder(name, entries)
    encodeFields(viewOfBuffer(target), target.byteOffset + offset, value as Record<string, unknown>)
  }

  function decode(source: Uint8Array, offset = 0): Values<F> {
    assertRoom(name, source, offset, size)
    decodeFields ??= compileDecoder<Values<F>>(entries)
    return decodeFields(viewOfBuffer(source), source.byteOffset + offset)
  }

  function hexdump(source: Uint8Array, offset = 0): string {
    const view = viewOf(name, source, offset, size)
    return entries
      .map(([field, [at, codec]]) => {
        const raw = Buffer.from(source.subarray(offset + at, offset + at + Math.min(codec.size, 8))).toString('hex')
        const value = isReserved(codec) ? '' : show(codec.read(view, at))
        return `${at.toString(16).padStart(4, '0')}  ${raw.padEnd(16)}  ${field} ${value}`.trimEnd()
      })
      .join('\n')
  }

  return {
    name,
    SIZE: size,
    get FIELDS() {
      places ??= Object.fromEntries(entries.map(([field, [offset, codec]]) => [field, [offset, codec.size] as const]))
      return places
    },
    encode(value) {
      const target = new Uint8Array(size)
      encodeInto(target, 0, value)
      return target
    },
    encodeInto,
    decode,
    hexdump,
  }
}

/** How a little-endian integer is fetched. */
const FETCH: Readonly<Record<NonNullable<Codec<number>['fast']>, (at: string) => string>> = {
  u8: (at) => `view.getUint8(${at})`,
  u16le: (at) => `view.getUint16(${at}, true)`,
  u32le: (at) => `view.getUint32(${at}, true)`,
}

type DecodeFields<V> = (view: DataView, base: number) => V

/** One object literal for each record, as the encoder is one straight function: a hundred thousand inodes are read this way. */
function compileDecoder<V>(entries: readonly [string, Field][]): DecodeFields<V> {
  const valued = entries.filter((entry): entry is [string, ValuedField] => !isReserved(entry[1][1]))
  const codecs = valued.map(([, [, codec]]) => codec)
  const items = valued.map(([field, [offset, { fast }]], index) => {
    const at = `base + ${offset}`
    return `${JSON.stringify(field)}: ${fast === undefined ? `codecs[${index}].read(view, ${at})` : FETCH[fast](at)}`
  })
  const body = `'use strict'; return (view, base) => ({ ${items.join(', ')} })`
  return new Function('codecs', body)(codecs) as DecodeFields<V>
}

type EncodeFields = (view: DataView, base: number, value: Record<string, unknown>) => void

/** What a little-endian integer must pass, and how it is stored. ">>> 0" gives the integers from 0 to 2^32 - 1 themselves. */
const FAST: Readonly<Record<NonNullable<Codec<number>['fast']>, { accepts: string; store: (at: string) => string }>> = {
  u8: { accepts: 'v >>> 0 === v && v <= 0xff', store: (at) => `view.setUint8(${at}, v)` },
  u16le: { accepts: 'v >>> 0 === v && v <= 0xffff', store: (at) => `view.setUint16(${at}, v, true)` },
  u32le: { accepts: 'v >>> 0 === v', store: (at) => `view.setUint32(${at}, v, true)` },
}

/**
 * One straight function for each record, made from its table when it is first used: a loop over the table looks every
 * field up by name and takes five times as long, which a million inodes feel. The text holds nothing but the table's own.
 */
function compileEncoder(name: string, entries: readonly [string, Field][]): EncodeFields {
  const codecs = entries.map(([, [, codec]]) => codec)
  const lines = entries.map(([field, [offset, codec]], index) => {
    if (isReserved(codec)) return storeZeros(offset, codec.size)
    const at = `base + ${offset}`
    const { fast } = codec
    const accepts = fast === undefined ? `codecs[${index}].check(v)` : `typeof v === 'number' && ${FAST[fast].accepts}`
    const store = fast === undefined ? `codecs[${index}].write(view, ${at}, v)` : FAST[fast].store(at)
    return `v = value[${JSON.stringify(field)}]; if (!(${accepts})) refuse(${index}, v); ${store}`
  })
  const refuse = (index: number, item: unknown): never => {
    const codec = codecs[index] as Codec<unknown>
    throw new RangeError(`Cannot encode ${name}.${entries[index]![0]}: ${show(item)}, accepted is ${codec.accepts}`)
  }
  const body = `'use strict'; return (view, base, value) => { let v\n${lines.join('\n')} }`
  return new Function('codecs', 'refuse', body)(codecs, refuse) as EncodeFields
}

/** Reserved fields are mostly a few bytes: four at a time, and the rest one by one. */
function storeZeros(offset: number, size: number): string {
  const words = Math.floor(size / 4)
  const parts: string[] = []
  if (words > 0) parts.push(`for (let i = 0; i < ${words}; i++) view.setUint32(base + ${offset} + 4 * i, 0)`)
  for (let at = words * 4; at < size; at++) parts.push(`view.setUint8(base + ${offset + at}, 0)`)
  return parts.join('; ')
}

function assertRoom(name: string, bytes: Uint8Array, offset: number, size: number): void {
  if (offset < 0 || offset + size > bytes.length) {
    throw new RangeError(`${name} needs ${size} bytes at ${offset}, the buffer has ${bytes.length}`)
  }
}

function viewOf(name: string, bytes: Uint8Array, offset: number, size: number): DataView {
  assertRoom(name, bytes, offset, size)
  return new DataView(bytes.buffer, bytes.byteOffset + offset, size)
}

/**
 * Records are written into one buffer after another, thousands into each, and small ones into a buffer between: the views of
 * the last two are kept. Making one takes longer than writing a record.
 */
let latestView: DataView = new DataView(new ArrayBuffer(0))
let olderView = latestView
function viewOfBuffer({ buffer }: Uint8Array): DataView {
  if (latestView.buffer === buffer) return latestView
  const view = olderView.buffer === buffer ? olderView : new DataView(buffer)
  olderView = latestView
  latestView = view
  return view
}

function show(value: unknown): string {
  if (typeof value === 'number') return `${value} (0x${value.toString(16)})`
  if (value instanceof Uint8Array) return `${value.length} bytes ${Buffer.from(value.subarray(0, 16)).toString('hex')}`
  return typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)
}
