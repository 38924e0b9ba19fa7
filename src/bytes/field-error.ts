import { FormatError, type Problem } from '../errors.js'

/** What is wrong, where: a field of a structure. Readers throw it, checkers collect it. */
export interface FieldFinding {
  /** With what tells it from its likes: `group descriptor 3`, `inode 12`, `directory "etc"`. */
  readonly structure: string
  /** Bytes from the start of the file, or of the volume. */
  readonly offset: number
  /** The specification's name of it where there is one. */
  readonly field: string
  readonly found: number | string
  /** What would have been accepted, as text. */
  readonly expected: string
  readonly hint?: string
  /** The volume or table is read in the same way all the same: a state or an oddity, to be noted and no damage. */
  readonly isHarmless?: true
}

/** "Cannot read ⟨structure⟩ at byte ⟨offset⟩ of ⟨file⟩: ⟨field⟩ is ⟨found⟩, ⟨expected⟩ is expected" */
export function fieldError(path: string, finding: FieldFinding): FormatError {
  const { hint } = finding
  return new FormatError(`Cannot read ${findingText(path, finding)}`, {
    ...(hint !== undefined && { hint }),
    details: { path, ...finding },
  })
}

/** A finding that ends nothing: "⟨structure⟩ at byte ⟨offset⟩ of ⟨file⟩: ⟨field⟩ is ⟨found⟩, ⟨expected⟩ is expected" */
export function findingProblem(path: string, finding: FieldFinding): Problem {
  const { hint } = finding
  return { message: findingText(path, finding), ...(hint !== undefined && { hint }) }
}

function findingText(path: string, { structure, offset, field, found, expected }: FieldFinding): string {
  return `${structure} at byte ${offset} of "${path}": ${field} is ${found}, ${expected} is expected`
}
