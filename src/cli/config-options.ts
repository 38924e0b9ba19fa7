/** Options that every command over a config shares. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { didYouMean } from '../bytes/nearest.js'
import { OUTPUT_FORMATS, type OutputInput, output } from '../config/schema/output.js'
import { parseByteCount } from '../schema/quantity.js'
import { Refusal } from '../schema/refusal.js'

export type Variables = Readonly<Record<string, string>>

export function setOption() {
  return new Option('--set <name=value>', 'give a variable of the config its value; may be repeated').argParser(
    (text: string, before: Variables | undefined) => ({ ...before, ...parseVariable(text) }),
  )
}

export function sizeOption() {
  return new Option('--size <size>', 'size of the disk, over what the config says: 7456MiB, 8G, 15269888s').argParser(
    (text: string) => {
      const size = parseByteCount(text)
      if (size instanceof Refusal) throw new InvalidArgumentError(`${size.text}.`)
      return size
    },
  )
}

export function strictOption() {
  return new Option(
    '--strict',
    'let every warning fail that the config does not accept: exit code 4, nothing is left behind',
  )
}

export function quietOption() {
  return new Option(
    '-q, --quiet',
    'no progress, no result, and of warnings only those about what is lost, left over or not checked',
  )
}

/** `WORD` or `WORD=NAME`, once for each output. */
export function outputOption() {
  return new Option(
    '--output <format[=name]>',
    `write this instead of what the config says; may be repeated: ${OUTPUT_FORMATS.join(', ')}`,
  ).argParser((text: string, before: readonly OutputInput[] | undefined) => [...(before ?? []), parseOutput(text)])
}

function parseOutput(text: string): OutputInput {
  const separator = text.indexOf('=')
  const word = separator < 0 ? text : text.slice(0, separator)
  const plain: unknown = separator < 0 ? word : { format: word, name: text.slice(separator + 1) }
  const read = output.safeParse(plain)
  if (read.success) return read.data
  const known = OUTPUT_FORMATS.find((format) => format === word)
  if (known !== undefined) throw new InvalidArgumentError(`"${text.slice(separator + 1)}" is no plain file name.`)
  const meant = didYouMean(word, OUTPUT_FORMATS)
  throw new InvalidArgumentError(
    `"${word}" is unknown, accepted are ${OUTPUT_FORMATS.join(', ')}.${meant === undefined ? '' : ` ${meant}`}`,
  )
}

const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s

function parseVariable(text: string): Variables {
  const match = VARIABLE.exec(text)
  if (match === null)
    throw new InvalidArgumentError('A name, "=" and the value are expected, such as --set VERSION=1.2.')
  return { [match[1]!]: match[2]! }
}
