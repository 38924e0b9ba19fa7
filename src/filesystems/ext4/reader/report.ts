/**
 * Reading and checking share their code and differ in what a finding does: a reader throws the first one, a checker
 * collects them and goes on with the next thing that does not depend on it.
 */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { MAX_FINDINGS } from '../../../bytes/findings.js'
import { FormatError } from '../../../errors.js'

export type Report = (finding: FieldFinding) => void

/** Ends reading with a FormatError. */
export function reportByThrowing(viewName: string): Report {
  return (finding) => {
    throw fieldError(viewName, finding)
  }
}

/** Thrown when there are enough findings. */
class EnoughFound extends Error {}

/** Runs `check` and gives what it reported. A FormatError of the bytes below (a place beyond the image) is a finding like others. */
export function collectFindings(check: (report: Report) => void): readonly FieldFinding[] {
  const findings: FieldFinding[] = []
  try {
    check((finding) => {
      findings.push(finding)
      if (findings.length >= MAX_FINDINGS) throw new EnoughFound()
    })
  } catch (error) {
    if (error instanceof EnoughFound) return findings
    const finding = findingOf(error)
    if (finding === undefined) throw error
    findings.push(finding)
  }
  return findings
}

/** The finding inside a FormatError that `fieldError` made. */
export function findingOf(error: unknown): FieldFinding | undefined {
  if (!(error instanceof FormatError)) return undefined
  const { path: _, ...finding } = error.details as { path?: string } & Partial<FieldFinding>
  return finding.structure === undefined ? undefined : (finding as FieldFinding)
}
