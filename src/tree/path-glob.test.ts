import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteString } from '../bytes/text.js'
import { compileGlob } from './path-glob.js'

const SEED = 20261130

/** As it would be written as one regular expression. */
function asExpression(pattern: string): RegExp {
  const text = pattern.replace(/\/$/, '')
  const source = text
    .replace(/^\.?\//, '')
    .replace(
      /\*\*\/|\*\*|\*|\?|\[!a\]/g,
      (part) => ({ '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' })[part] ?? '(?!/)[^a]',
    )
  return new RegExp(`${text.includes('/') ? '^' : '(?:^|/)'}${source}$`, 's')
}

describe('a pattern of many stars', () => {
  it('matches what the same regular expression does', () => {
    const pattern = fc.array(fc.constantFrom('*', '**', '**/', '?', 'a', 'b', '/', '[!a]'), { maxLength: 9 })
    const path = fc.array(fc.constantFrom('a', 'b', 'c', '/'), { maxLength: 10 })
    fc.assert(
      fc.property(pattern, path, (steps, letters) => {
        const [text, name] = [steps.join(''), letters.join('')]
        fc.pre(text !== '')
        expect({ text, name, match: compileGlob(text)(byteString(name)) }).toEqual({
          text,
          name,
          match: asExpression(text).test(name),
        })
      }),
      { seed: SEED, numRuns: 5000 },
    )
  })

  it.each([`${'*a'.repeat(40)}b`, `${'**/'.repeat(40)}zz`, `${'**a'.repeat(40)}b`])(
    'takes time by its length times that of the path: %s',
    (pattern) => {
      const matches = compileGlob(pattern)
      const before = process.cpuUsage()
      expect(matches(byteString('a'.repeat(2000)))).toBe(false)
      expect(matches(byteString('a/'.repeat(1000)))).toBe(false)
      // Some milliseconds; the regular expression of it does not end.
      expect(process.cpuUsage(before).user).toBeLessThan(5e6)
    },
  )
})
