/**
 * 8.3 names: eleven characters, upper case, blank-filled, unique in their directory. A name that is one (but for case that
 * the flags of DIR_NTRes keep) needs no long name; every other gets one made from it, `LONGNA~1.TXT`.  [FATGEN §6.1, §7.4]
 *
 * Only ASCII stands in short names: what the bytes above 0x7F mean depends on the reader's code page.
 */
import { invariant } from '../../errors.js'
import { NTRES_LOWER_BASE, NTRES_LOWER_EXTENSION } from './disklayout.js'

export const BASE_LENGTH = 8
export const EXTENSION_LENGTH = 3

/** ASCII that may stand in a short name, lower case still included. */
const SHORT_PART = "[A-Za-z0-9!#$%&'()@^_`{}~-]"
const EIGHT_THREE = new RegExp(`^(${SHORT_PART}{1,${BASE_LENGTH}})(?:\\.(${SHORT_PART}{1,${EXTENSION_LENGTH}}))?$`)
const NOT_SHORT = new RegExp(`(?!${SHORT_PART})[^]`, 'g')
const SURROGATE_PAIR = /[\ud800-\udbff][\udc00-\udfff]/g

export interface ShortName {
  /** Eleven ASCII characters, as DIR_Name stores them. */
  readonly name: string
  /** DIR_NTRes. */
  readonly caseFlags: number
  /** False where the name can be told from `name` and `caseFlags`. */
  readonly needsLongName: boolean
}

/** `name` as an 8.3 name of its own, or undefined where one has to be made up. */
export function exactShortName(name: string): ShortName | undefined {
  const [, base, extension = ''] = EIGHT_THREE.exec(name) ?? []
  if (base === undefined) return undefined
  const upperBase = base.toUpperCase()
  const upperExtension = extension.toUpperCase()
  const short = blankFilled(upperBase, upperExtension)
  const baseCase = caseOf(base, upperBase)
  const extensionCase = caseOf(extension, upperExtension)
  if (baseCase === 'mixed' || extensionCase === 'mixed') return { name: short, caseFlags: 0, needsLongName: true }
  const caseFlags =
    (baseCase === 'lower' ? NTRES_LOWER_BASE : 0) | (extensionCase === 'lower' ? NTRES_LOWER_EXTENSION : 0)
  return { name: short, caseFlags, needsLongName: false }
}

/** Without a letter it is upper case: nothing has to be kept. */
function caseOf(part: string, upper: string): 'upper' | 'lower' | 'mixed' {
  if (part === upper) return 'upper'
  return part === part.toLowerCase() ? 'lower' : 'mixed'
}

function blankFilled(base: string, extension: string): string {
  return base.padEnd(BASE_LENGTH) + extension.padEnd(EXTENSION_LENGTH)
}

/**
 * The unique short names of one directory. First `reserve` every exact one, then `generate` the others: so no made-up name
 * ever takes the place of a real one.
 */
export class ShortNameSet {
  readonly #taken = new Set<string>()
  /** The next number to try, by the characters that stand before and after it. */
  readonly #next = new Map<string, number>()

  /** The caller has made sure that no two names of the directory differ in case only. */
  reserve(name: string): void {
    invariant(!this.#taken.has(name), `short name "${name}" twice`)
    this.#taken.add(name)
  }

  /**
   * A free `BASE~N.EXT` for `name`. Constant time on average: each combination of leading characters, number of digits and
   * extension has a counter that only goes forward, so a taken number is met once, however many names are alike.
   */
  generate(name: string): string {
    const { base, extension } = basisOf(name)
    for (let digits = 1; digits < BASE_LENGTH - 1; digits++) {
      const lead = base.slice(0, BASE_LENGTH - 1 - digits)
      const key = `${lead}~${digits}.${extension}`
      const end = 10 ** digits
      for (let number = this.#next.get(key) ?? end / 10; number < end; number++) {
        const candidate = blankFilled(`${lead}~${number}`, extension)
        if (this.#taken.has(candidate)) continue
        this.#taken.add(candidate)
        this.#next.set(key, number + 1)
        return candidate
      }
      this.#next.set(key, end)
    }
    throw new Error(`invariant: no short name left for "${name}", though a directory has at most 65,536 slots`)
  }
}

/** What Windows calls the basis name: no blanks, no dots but the last, `_` for what 8.3 names cannot hold. */
function basisOf(name: string): { base: string; extension: string } {
  const text = name.replaceAll(' ', '').replace(/^\.+/, '')
  const dot = text.lastIndexOf('.')
  const base = toShortCharacters((dot > 0 ? text.slice(0, dot) : text).replaceAll('.', '')).slice(0, BASE_LENGTH - 2)
  const extension = dot > 0 ? toShortCharacters(text.slice(dot + 1)).slice(0, EXTENSION_LENGTH) : ''
  return { base: base === '' ? '_' : base, extension }
}

function toShortCharacters(part: string): string {
  // Non-ASCII goes first: toUpperCase makes an I of the dotless ı.
  return part.replace(SURROGATE_PAIR, '_').replace(NOT_SHORT, '_').toUpperCase()
}
