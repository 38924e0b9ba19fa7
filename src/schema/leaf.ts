/**
 * Single values. Every scalar reaches the schema as its text (located.ts says why); a leaf turns the text into its type
 * and carries what the JSON Schema shows to editors, where numbers and booleans look like such.
 */
import * as z from 'zod'
import { didYouMean } from '../bytes/nearest.js'
import { ANY_SIZE, parseByteCount, parseQuantity, type Quantity } from './quantity.js'
import { Refusal } from './refusal.js'

/** JSON Schema (draft-07) of a leaf. */
export type LeafJson = Readonly<Record<string, unknown>>

/** `params` of the zod issue that a refused text makes. */
export interface RefusalParams {
  readonly refusal: Refusal
}

/** There are some 300 leaves, and a schema is 2 KiB. */
const TEXT = z.string()

export function leaf<T>(read: (text: string) => T | Refusal, json: LeafJson) {
  const schema = TEXT.transform((text, context): T => {
    const value = read(text)
    if (!(value instanceof Refusal)) return value
    const params: RefusalParams = { refusal: value }
    context.addIssue({ code: 'custom', message: value.text, params: { ...params } })
    return z.NEVER
  })
  // What `meta` does, but for the copy.
  z.globalRegistry.add(schema, { json })
  return schema
}

/** A variable stands where a value of any type may. */
export const VARIABLE_JSON: LeafJson = { type: 'string', pattern: '\\$\\{' }

/** Any text that is not empty and holds no control characters. `check` refuses what the key does not take. */
export function text(check: (text: string) => Refusal | undefined = () => undefined) {
  return leaf((value): string | Refusal => refuseUnprintable(value) ?? check(value) ?? value, {
    type: ['string', 'number'],
  })
}

/** What no name, path or label can hold. */
export function refuseUnprintable(value: string): Refusal | undefined {
  if (value === '') return new Refusal('it is empty')
  if (/[\x00-\x1f\x7f]/.test(value)) return new Refusal(`${JSON.stringify(value)} holds a control character`)
  return /\p{Surrogate}/u.test(value) ? new Refusal(`${JSON.stringify(value)} holds half a character`) : undefined
}

/** Any text at all. */
export function anyText() {
  return leaf((value): string => value, { type: ['string', 'number', 'boolean'] })
}

const INTEGER = /^(?:0|-?[1-9]\d*)$/
const RADIX_INTEGER = /^0(?:x[0-9a-f]+|o[0-7]+|b[01]+)$/i

/** A whole number in decimal, 0x, 0o or 0b. */
export function integer({
  minimum = 0,
  maximum = Number.MAX_SAFE_INTEGER,
}: {
  minimum?: number
  maximum?: number
} = {}) {
  const accepted = `accepted are whole numbers from ${minimum} to ${maximum}`
  return leaf(
    (value): number | Refusal => {
      if (!INTEGER.test(value) && !RADIX_INTEGER.test(value))
        return new Refusal(`"${value}" is no whole number`, accepted)
      const number = Number(value)
      return number >= minimum && number <= maximum ? number : new Refusal(`${value} is out of range`, accepted)
    },
    {
      anyOf: [
        { type: 'integer', minimum, maximum },
        { type: 'string', pattern: '^0[xob]|\\$\\{' },
      ],
    },
  )
}

/** A number that may have a fraction. */
export function decimal({ minimum, maximum }: { minimum: number; maximum: number }) {
  const accepted = `accepted are numbers from ${minimum} to ${maximum}`
  return leaf(
    (value): number | Refusal => {
      if (!/^(?:0|[1-9]\d*)(?:\.\d+)?$/.test(value)) return new Refusal(`"${value}" is no number`, accepted)
      const number = Number(value)
      return number >= minimum && number <= maximum ? number : new Refusal(`${value} is out of range`, accepted)
    },
    { anyOf: [{ type: 'number', minimum, maximum }, VARIABLE_JSON] },
  )
}

const YES = /^(?:yes|on|y|1)$/i
const NO = /^(?:no|off|n|0)$/i

export function flag() {
  return leaf(
    (value): boolean | Refusal => {
      if (value === 'true') return true
      if (value === 'false') return false
      const meant =
        YES.test(value) || value.toLowerCase() === 'true'
          ? 'true'
          : NO.test(value) || value.toLowerCase() === 'false'
            ? 'false'
            : undefined
      const hint = meant === undefined ? undefined : `Did you mean ${meant}?`
      return new Refusal(`"${value}" is neither true nor false`, 'one of them is accepted', hint)
    },
    { anyOf: [{ type: 'boolean' }, VARIABLE_JSON] },
  )
}

export interface ChoiceOptions {
  /** Words of coming versions, refused as such. */
  readonly later?: readonly string[]
  /** Words that people use for one of ours. */
  readonly meant?: Readonly<Record<string, string>>
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly Word[],
  { later = [], meant = {} }: ChoiceOptions = {},
) {
  return leaf((value): Word | Refusal => chooseWord(value, words, { later, meant }), {
    anyOf: [{ enum: words }, VARIABLE_JSON],
  })
}

export function chooseWord<Word extends string>(
  value: string,
  words: readonly Word[],
  { later = [], meant = {} }: ChoiceOptions = {},
): Word | Refusal {
  const known = words.find((word) => word === value)
  if (known !== undefined) return known
  const accepted = `accepted ${words.length === 1 ? 'is' : 'are'} ${words.join(', ')}`
  if (later.includes(value)) return new Refusal(`${value} is not yet available in this version`, accepted)
  const alias = Object.hasOwn(meant, value) ? `Did you mean "${meant[value]}"?` : didYouMean(value, words)
  return new Refusal(`"${value}" is unknown`, accepted, alias)
}

/** One of a few numbers of bytes, written as a plain number or with a unit. */
export function byteChoice<const Count extends number>(counts: readonly Count[]) {
  return leaf(
    (value): Count | Refusal => {
      const bytes = parseByteCount(value)
      const known = counts.find((count) => count === bytes)
      return known ?? new Refusal(`"${value}" is not possible`, `accepted are ${counts.join(', ')} bytes`)
    },
    { anyOf: [{ enum: counts }, SIZE_JSON] },
  )
}

/** One of a few plain numbers. */
export function numberChoice<const Choice extends number>(numbers: readonly Choice[]) {
  return leaf(
    (value): Choice | Refusal =>
      numbers.find((number) => String(number) === value) ??
      new Refusal(`"${value}" is unknown`, `accepted are ${numbers.join(', ')}`),
    { anyOf: [{ enum: numbers }, VARIABLE_JSON] },
  )
}

/** A fixed number of bytes within bounds. */
export function byteCount({ minimum, maximum }: { minimum: number; maximum: number }) {
  return leaf(
    (value): number | Refusal => {
      const bytes = parseByteCount(value)
      if (bytes instanceof Refusal) return bytes
      return bytes >= minimum && bytes <= maximum
        ? bytes
        : new Refusal(`${value} is out of range`, `accepted are ${minimum} to ${maximum} bytes`)
    },
    { anyOf: [{ type: 'integer', minimum, maximum }, SIZE_JSON] },
  )
}

const SIZE_JSON: LeafJson = { type: 'string', pattern: '^[0-9]|\\$\\{' }

/** Sizes and places. `kinds`: what the key takes of the grammar, besides bytes and sectors. */
export function quantity(
  kinds: readonly ('percent' | 'rest' | 'auto')[],
  { hint }: { hint?: (kind: Quantity['kind']) => string | undefined } = {},
) {
  const words = kinds.filter((kind) => kind !== 'percent')
  const accepted = `accepted are ${['bytes', 'sectors (s)', 'KiB, MiB, GiB, TiB', ...kinds.map((kind) => (kind === 'percent' ? '%' : kind))].join(', ')}`
  return leaf(
    (value): Quantity | Refusal => {
      const read = parseQuantity(value)
      if (read instanceof Refusal) return read.accepted === ANY_SIZE ? read.accepting(accepted) : read
      if (read.kind === 'bytes' || read.kind === 'sectors' || kinds.includes(read.kind)) return read
      return new Refusal(`"${value}" is not possible here`, accepted, hint?.(read.kind))
    },
    { anyOf: [{ type: 'integer', minimum: 0 }, ...(words.length > 0 ? [{ enum: words }] : []), SIZE_JSON] },
  )
}
