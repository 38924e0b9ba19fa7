/** What claims sectors twice: entries of any table. */
import type { FieldFinding } from '../bytes/field-error.js'

/** [firstLba, endLba), and where it is said. */
export interface ClaimedSectors {
  /** `GPT entry 2`, `MBR record 1`. */
  readonly structure: string
  /** Byte of that structure. */
  readonly offset: number
  readonly firstLba: number
  readonly endLba: number
}

/** A finding for everything that begins before something else has ended. O(n log n). */
export function overlapFindings(claims: readonly ClaimedSectors[]): FieldFinding[] {
  const findings: FieldFinding[] = []
  let furthest: ClaimedSectors | undefined
  for (const claim of claims.toSorted((a, b) => a.firstLba - b.firstLba)) {
    if (furthest !== undefined && claim.firstLba < furthest.endLba) {
      findings.push({
        structure: claim.structure,
        offset: claim.offset,
        field: 'StartingLBA',
        found: claim.firstLba,
        expected: `a sector from ${furthest.endLba} on, where ${furthest.structure} has ended,`,
      })
    }
    if (furthest === undefined || claim.endLba > furthest.endLba) furthest = claim
  }
  return findings
}
