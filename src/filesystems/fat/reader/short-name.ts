/** The eleven characters of a short name as people see them.  [FATGEN §6.1] */
import { ESCAPED_E5, NTRES_LOWER_BASE, NTRES_LOWER_EXTENSION } from '../disklayout.js'
import { decodeCodePage437, lowerCase437 } from './code-page-437.js'

export const SHORT_NAME_BYTES = 11
const BASE_BYTES = 8
/** The first byte of many names in Japanese code pages, and the mark of a deleted slot: so it is stored as ESCAPED_E5. */
const KANJI_E5 = '\xe5'

/** `README.TXT`, in lower case where DIR_NTRes says so. `name`: DIR_Name, one character a byte. */
export function shortNameText(name: string, caseFlags: number): string {
  const bytes = unescaped(name)
  const part = (from: number, to: number, lower: number): string => {
    const text = decodeCodePage437(bytes.slice(from, to)).replace(/ +$/, '')
    return (caseFlags & lower) === 0 ? text : lowerCase437(text)
  }
  const base = part(0, BASE_BYTES, NTRES_LOWER_BASE)
  const extension = part(BASE_BYTES, SHORT_NAME_BYTES, NTRES_LOWER_EXTENSION)
  return extension === '' ? base : `${base}.${extension}`
}

/** A volume's label: the same bytes without a dot. */
export function labelText(name: string): string {
  return decodeCodePage437(unescaped(name)).replace(/ +$/, '')
}

function unescaped(name: string): string {
  return name.charCodeAt(0) === ESCAPED_E5 ? KANJI_E5 + name.slice(1) : name
}
