import type { Problem } from '../errors.js'

import { MANIFEST_NAME, SUMS_NAME } from './manifest-names.js'

/** What was found of a file: its size, and its SHA-256 where somebody made one. */
export interface FoundFile {
  readonly sizeBytes: number
  readonly sha256?: string | undefined
}

const LINE = /^([0-9a-f]{64}) [ *](.+)$/

/** SHA256SUMS against the sums that it must have: one problem for each line that is wrong, missing or too many. */
export function checkSums(text: string, expected: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const [, sum, path] = LINE.exec(line) ?? []
    if (sum === undefined || path === undefined) {
      problems.push({
        message: `Cannot verify by ${SUMS_NAME}: line ${index + 1} is no SHA-256, two blanks and a name`,
      })
      continue
    }
    const wanted = expected.get(path)
    if (seen.has(path)) {
      problems.push({ message: `Cannot verify ${path}: ${SUMS_NAME} names it twice` })
    } else if (wanted === undefined) {
      problems.push({ message: `Cannot verify ${path}: ${SUMS_NAME} names it, ${MANIFEST_NAME} has no SHA-256 of it` })
    } else if (wanted !== sum) {
      problems.push({ message: `Cannot verify ${path}: ${SUMS_NAME} says ${sum}, ${wanted} is expected` })
    }
    seen.add(path)
  }
  for (const path of expected.keys()) {
    if (!seen.has(path)) problems.push({ message: `Cannot verify ${path}: ${SUMS_NAME} has no line of it` })
  }
  return problems
}
