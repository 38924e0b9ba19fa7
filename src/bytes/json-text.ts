/** JSON as it leaves this program. [RFC 8259 §7] */

/** JSON.stringify escapes C0 and lone surrogates by itself; these may stand in a JSON string, but command terminals. */
const UNSAFE = /[\x7f-\x9f]|\p{Cf}|\p{Zl}|\p{Zp}/gu

type Replacer = (key: string, value: unknown) => unknown

/**
 * Returns the JSON text of a value in ASCII where its characters are invisible: C1, DEL, bidirectional marks and the like
 * are `\uNNNN`, which every reader turns back into the same string.
 */
export function jsonText(value: unknown, options: { replacer?: Replacer; indent?: number } = {}): string {
  return JSON.stringify(value, options.replacer, options.indent).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}
