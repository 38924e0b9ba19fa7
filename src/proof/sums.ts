import type { Problem } from '../errors.js'

export const SUMS_NAME = 'SHA256SUMS'

/** What was found of a file: its size, and its SHA-256 where somebody made one. */
export interface FoundFile {
  readonly sizeBytes: number
  readonly sha256?: string | undefined
}

const LINE = /^([0-9a-f]{64}) [ *](.+)$/

/** SHA256SUMS against what was found: one problem for each line that does not fit. A file not looked at is left alone. */
export function checkSums(text: string, found: ReadonlyMap<string, FoundFile>): Problem[] {
  const problems: Problem[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const [, expected, path] = LINE.exec(line) ?? []
    if (expected === undefined || path === undefined) {
      problems.push({
        message: `Cannot verify by ${SUMS_NAME}: line ${index + 1} is no SHA-256, two blanks and a name`,
      })
      continue
    }
    const file = found.get(path)
    if (file === undefined) {
      problems.push({ message: `Cannot verify ${path}: ${SUMS_NAME} names it, and it is not there` })
    } else if (file.sha256 !== undefined && file.sha256 !== expected) {
      problems.push({ message: `Cannot verify ${path}: its SHA-256 is ${file.sha256}, ${SUMS_NAME} says ${expected}` })
    }
  }
  return problems
}
