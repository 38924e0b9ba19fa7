/** Findings as a reader or a check collects them: bounded, and what a damaged place throws is one of them. */
import { FormatError } from '../errors.js'
import type { FieldFinding } from './field-error.js'

/** More of them say no more. */
export const MAX_FINDINGS = 200

export class Findings {
  readonly #list: FieldFinding[] = []

  /** What comes after the first MAX_FINDINGS is forgotten. */
  add(...findings: readonly FieldFinding[]): void {
    this.#list.push(...findings.slice(0, MAX_FINDINGS - this.#list.length))
  }

  /** The same for a list of any length, which has no room as arguments of a call. */
  addAll(findings: readonly FieldFinding[]): void {
    this.add(...findings.slice(0, MAX_FINDINGS))
  }

  get list(): readonly FieldFinding[] {
    return this.#list
  }

  get isFull(): boolean {
    return this.#list.length === MAX_FINDINGS
  }

  /** What `read` gives; undefined where it throws a FormatError that names a field, which is then a finding. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      const finding = findingOf(error)
      if (finding === undefined) throw error
      this.add(finding)
      return undefined
    }
  }
}

/** What `fieldError` was made from; undefined for any other error. */
export function findingOf(error: unknown): FieldFinding | undefined {
  if (!(error instanceof FormatError)) return undefined
  const { structure, offset, field, found, expected, hint } = error.details as Partial<FieldFinding>
  if (structure === undefined || offset === undefined || field === undefined) return undefined
  if (found === undefined || expected === undefined) return undefined
  return { structure, offset, field, found, expected, ...(hint !== undefined && { hint }) }
}
