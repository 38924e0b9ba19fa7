/**
 * Reading and checking share their code and differ in what a finding does: a reader throws the first one, a checker
 * collects them and goes on with the next thing that does not depend on it.
 */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { Findings, findingOf } from '../../../bytes/findings.js'

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
  const findings = new Findings()
  try {
    check((finding) => {
      findings.add(finding)
      if (findings.isFull) throw new EnoughFound()
    })
  } catch (error) {
    const finding = findingOf(error)
    if (finding !== undefined) findings.add(finding)
    else if (!(error instanceof EnoughFound)) throw error
  }
  return findings.list
}
