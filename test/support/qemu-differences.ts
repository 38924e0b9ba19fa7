/** What differs between two long lists, without the thousand lines that do not. */
import { isDeepStrictEqual } from 'node:util'

const MOST_SHOWN = 20

/** `path: found …, expected …` for each key that differs; the first twenty and how many more. Empty when all is equal. */
export function differencesOf<T>(found: ReadonlyMap<string, T>, expected: ReadonlyMap<string, T>): string[] {
  const lines: string[] = []
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [here, there] = [found.get(key), expected.get(key)]
    if (isDeepStrictEqual(here, there)) continue
    lines.push(`${readable(key)}: found ${JSON.stringify(here)}, expected ${JSON.stringify(there)}`)
  }
  const more = lines.length - MOST_SHOWN
  return more > 0 ? [...lines.slice(0, MOST_SHOWN), `… and ${more} more`] : lines
}

/** Keys are paths of one character a byte; shown as UTF-8. */
function readable(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}
