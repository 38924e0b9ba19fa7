/**
 * A line of gen_init_cpio's lists ([gen_init_cpio], usage text), one character per byte:
 *
 *   file <name> <location> <mode> <uid> <gid> [<hard link>…]     dir <name> <mode> <uid> <gid>
 *   slink <name> <target> <mode> <uid> <gid>                     nod <name> <mode> <uid> <gid> <b|c> <major> <minor>
 *   pipe <name> <mode> <uid> <gid>                               sock <name> <mode> <uid> <gid>
 *
 * `#` begins a comment in the first column only; modes are octal, ids decimal. Beyond that format, a field may stand in
 * double quotes, in which blanks are part of it and \" and \\ are those characters. Stricter than the tool, which goes on
 * after an unknown word and ends successfully, and takes what follows the last field of a line for nothing.
 */
import { didYouMean } from '../bytes/nearest.js'
import { type ByteString, displayName } from '../bytes/text.js'
import { FormatError } from '../errors.js'

interface Attributes {
  readonly name: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export type CpioListEntry = Attributes &
  (
    | { readonly type: 'file'; readonly location: ListField; readonly links: readonly ByteString[] }
    | { readonly type: 'dir' | 'pipe' | 'sock' }
    | { readonly type: 'slink'; readonly target: ByteString }
    | { readonly type: 'nod'; readonly kind: 'b' | 'c'; readonly major: number; readonly minor: number }
  )

export interface ListField {
  readonly text: ByteString
  /** Nothing in it is a pattern. */
  readonly quoted: boolean
}

const SHAPES = {
  file: 'file <name> <location> <mode> <uid> <gid> [<hard link>…]',
  dir: 'dir <name> <mode> <uid> <gid>',
  nod: 'nod <name> <mode> <uid> <gid> <b|c> <major> <minor>',
  slink: 'slink <name> <target> <mode> <uid> <gid>',
  pipe: 'pipe <name> <mode> <uid> <gid>',
  sock: 'sock <name> <mode> <uid> <gid>',
} as const
type Word = keyof typeof SHAPES

/** Undefined for a comment and a blank line. FormatError, without a place, for what is no line of a list. */
export function parseCpioListLine(line: string): CpioListEntry | undefined {
  const text = line.replace(/\r$/, '')
  if (text.startsWith('#') || /^[ \t]*$/.test(text)) return undefined
  const fields = splitFields(text)
  const word = fields[0]!.text as string
  if (!(word in SHAPES)) {
    const words = Object.keys(SHAPES)
    throw new FormatError({
      message: `Cannot read the line "${displayName(text as ByteString)}": accepted are ${words.join(', ')}`,
      ...hintOf(didYouMean(word, words)),
    })
  }
  return entryOf(word as Word, fields.slice(1)) ?? refuse(text, `accepted is ${SHAPES[word as Word]}`)
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint }
}

function refuse(line: string, why: string): never {
  throw new FormatError(`Cannot read the line "${displayName(line as ByteString)}": ${why}`)
}

function splitFields(line: string): ListField[] {
  const fields: ListField[] = []
  // In turn: blanks, a field in quotes, a field without.
  const token = /[ \t]+|"((?:[^"\\]|\\["\\])*)"(?=[ \t]|$)|([^" \t][^ \t]*)/y
  while (token.lastIndex < line.length) {
    const at = token.lastIndex
    const match = token.exec(line)
    if (match === null) {
      refuse(line, `the quotes at column ${at + 1} have no end before a blank, in quotes \\" and \\\\ are accepted`)
    }
    const [, quoted, plain] = match
    if (quoted !== undefined) fields.push({ text: quoted.replace(/\\(.)/g, '$1') as ByteString, quoted: true })
    else if (plain !== undefined) fields.push({ text: plain as ByteString, quoted: false })
  }
  return fields
}

/** Undefined where the fields are not those of the word. */
function entryOf(type: Word, fields: readonly ListField[]): CpioListEntry | undefined {
  const [name, ...rest] = fields
  if (name === undefined || name.text === '') return undefined
  const common = (numbers: readonly ListField[]): Attributes | undefined => {
    const [mode, uid, gid] = numbers.map(({ text }) => text)
    if (mode === undefined || !/^0?[0-7]{1,4}$/.test(mode) || !isDecimal(uid) || !isDecimal(gid)) return undefined
    return { name: name.text, mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) }
  }
  switch (type) {
    case 'dir':
    case 'pipe':
    case 'sock': {
      const attributes = common(rest)
      return rest.length === 3 && attributes ? { type, ...attributes } : undefined
    }
    case 'file': {
      const [location, ...numbers] = rest
      const attributes = common(numbers)
      const links = numbers.slice(3).map(({ text }) => text)
      return location && attributes && !links.includes('' as ByteString)
        ? { type, ...attributes, location, links }
        : undefined
    }
    case 'slink': {
      const [target, ...numbers] = rest
      const attributes = common(numbers)
      return target && target.text !== '' && numbers.length === 3 && attributes
        ? { type, ...attributes, target: target.text }
        : undefined
    }
    case 'nod': {
      const attributes = common(rest)
      const [kind, major, minor] = rest.slice(3).map(({ text }) => text as string)
      const isDevice = (kind === 'b' || kind === 'c') && isDecimal(major) && isDecimal(minor) && rest.length === 6
      return isDevice && attributes
        ? { type, ...attributes, kind, major: Number(major), minor: Number(minor) }
        : undefined
    }
  }
}

function isDecimal(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32
}
