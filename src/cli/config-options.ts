/** Options that every command over a config shares. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { parseByteCount } from '../config/quantity.js'
import { Refusal } from '../config/refusal.js'

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

const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s

function parseVariable(text: string): Variables {
  const match = VARIABLE.exec(text)
  if (match === null)
    throw new InvalidArgumentError('A name, "=" and the value are expected, such as --set VERSION=1.2.')
  return { [match[1]!]: match[2]! }
}
