import { FormatError } from '../errors.js'

/** What is wrong, where: a field of a structure of a file. */
export interface FieldFinding {
  readonly structure: string
  /** Bytes from the start of the file. */
  readonly offset: number
  readonly field: string
  readonly found: number | string
  /** What would have been accepted, as text. */
  readonly expected: string
  readonly hint?: string
}

/** "Cannot read ⟨structure⟩ at byte ⟨offset⟩ of ⟨file⟩: ⟨field⟩ is ⟨found⟩, ⟨expected⟩ is expected" */
export function fieldError(path: string, finding: FieldFinding): FormatError {
  const { structure, offset, field, found, expected, hint } = finding
  return new FormatError(
    `Cannot read ${structure} at byte ${offset} of "${path}": ${field} is ${found}, ${expected} is expected`,
    { ...(hint !== undefined && { hint }), details: { path, structure, offset, field, found, expected } },
  )
}
