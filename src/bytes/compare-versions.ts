/** Versions of releases in their order. */

/**
 * Compares two versions: below 0 where `a` is older, 0 where they are equal. Numbers go by value and are newer than nothing, letters are
 * older than nothing (`1.2-rc1` is older than `1.2`, `1.2.1` and `1.2-3` are newer); what separates them does not matter.
 */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a)
  const right = partsOf(b)
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareParts(left[index], right[index])
    if (order !== 0) return order
  }
  return 0
}

function partsOf(version: string): string[] {
  return version.replace(/^v(?=\d)/i, '').match(/\d+|[a-z]+/gi) ?? []
}

const NUMBER = 2
const NOTHING = 1
const LETTERS = 0

function kindOf(part: string | undefined): number {
  if (part === undefined) return NOTHING
  return /^\d/.test(part) ? NUMBER : LETTERS
}

function compareParts(a: string | undefined, b: string | undefined): number {
  const kinds = kindOf(a) - kindOf(b)
  if (kinds !== 0 || a === undefined || b === undefined) return kinds
  if (kindOf(a) === LETTERS) return a < b ? -1 : Number(a > b)
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : Number(difference > 0n)
}
