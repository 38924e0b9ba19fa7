/** How full partitions are, against `budget:`, and how they grow from release to release. */
import { formatSize } from '../bytes/format-size.js'
import type { BudgetSpec } from '../config/spec.js'
import { LayoutError, type Problem, type Warning } from '../errors.js'
import type { DiskPlan, PlannedPartition } from '../layout/disk-plan.js'
import { freeBytes } from '../layout/free-bytes.js'
import { readSizeHistory, type SizeHistoryLine, withRelease } from './size-history.js'

const WHOLE = 100
/** Releases that growth is measured over, this one included: a jump long ago says little of the next. */
const MAX_RELEASES = 6
/** A partition that overflows later than this is no warning yet. */
const WARN_RELEASES = 3

export interface PartitionGrowth {
  readonly name: string
  readonly usedBytes: number
  readonly sizeBytes: number
  /** Bytes a release, over those that the history knows; undefined for the first. */
  readonly growthBytes: number | undefined
  /** How many more releases of that growth fit; undefined where it does not grow. */
  readonly releasesLeft: number | undefined
}

export interface BudgetReport {
  readonly growth: readonly PartitionGrowth[]
  readonly warnings: readonly Warning[]
  /** The history with this build in it. */
  readonly history: readonly SizeHistoryLine[]
}

/** Reads the history where there is one; writes nothing. Errors as `checkBudget` and `readSizeHistory`. */
export function reportBudget(plan: DiskPlan, budget: BudgetSpec): BudgetReport {
  const before = budget.historyPath === undefined ? [] : readSizeHistory(budget.historyPath)
  return checkBudget(plan, budget, withRelease(before, sizesOf(plan)))
}

/** What the partitions of this plan use: those whose size does not follow from their content. */
export function sizesOf({ spec, partitions }: DiskPlan): SizeHistoryLine {
  const used = partitions.flatMap((partition) => {
    const free = freeBytes(partition)
    const { size, endExclusive } = spec.partitions[partition.index]!
    const fits =
      size?.kind === 'auto' || (size === undefined && endExclusive === undefined && partition.payload === 'raw')
    if (free === undefined || fits) return []
    const sizeBytes = partition.endByte - partition.startByte
    return [[keyOf(partition), { used_bytes: sizeBytes - free, size_bytes: sizeBytes }] as const]
  })
  return { release: spec.budget?.release ?? null, partitions: Object.fromEntries(used) }
}

/** `history` has this plan's sizes as one of its lines. Throws LayoutError with every partition that is too full. */
export function checkBudget(plan: DiskPlan, budget: BudgetSpec, history: readonly SizeHistoryLine[]): BudgetReport {
  const { release, partitions } = sizesOf(plan)
  const failures: Problem[] = []
  const warnings: Warning[] = []
  const growth: PartitionGrowth[] = []
  for (const partition of plan.partitions) {
    const name = keyOf(partition)
    const sizes = partitions[name]
    if (sizes === undefined) continue
    const { used_bytes: usedBytes, size_bytes: sizeBytes } = sizes
    const percent = (usedBytes / sizeBytes) * WHOLE
    const path = plan.spec.partitions[partition.index]!.configPath
    const { failPercent, warnPercent } = budget
    const is = `${formatSize(usedBytes)} of ${formatSize(sizeBytes)} are in use (${percent.toFixed(1)} %)`
    if (failPercent !== undefined && percent > failPercent) {
      failures.push({
        message: `Cannot keep partition "${name}" within its budget: ${is}, at most ${failPercent} % are accepted`,
        path,
      })
    } else if (warnPercent !== undefined && percent > warnPercent) {
      warnings.push({
        finding: 'budget-share',
        message: `Partition "${name}" fills up: ${is}, the budget warns from ${warnPercent} % on`,
        path,
      })
    }
    const limitBytes = (sizeBytes * (failPercent ?? WHOLE)) / WHOLE
    const grown = growthOf(name, history, release)
    const growthBytes = grown?.bytes
    const releasesLeft =
      growthBytes === undefined || growthBytes <= 0
        ? undefined
        : Math.max(0, Math.floor((limitBytes - usedBytes) / growthBytes))
    growth.push({ name, usedBytes, sizeBytes, growthBytes, releasesLeft })
    if (releasesLeft !== undefined && releasesLeft < WARN_RELEASES) {
      const which = releasesLeft === 0 ? 'the next release' : `the ${ordinal(releasesLeft + 1)} release from now`
      warnings.push({
        finding: 'budget-growth',
        message:
          `Partition "${name}" grows by ${formatSize(Math.round(growthBytes!))} a release (the last ${grown!.releases}): ` +
          `${which} no longer fits into ${formatSize(Math.floor(limitBytes))}`,
        path,
      })
    }
  }
  if (failures.length > 0) throw new LayoutError(failures)
  return { growth, warnings, history }
}

/** Bytes a release up to this one, on average over the last ones that know the partition. */
function growthOf(
  name: string,
  history: readonly SizeHistoryLine[],
  release: string | null,
): { bytes: number; releases: number } | undefined {
  const at = release === null ? history.length - 1 : history.findIndex((line) => line.release === release)
  const used = history
    .slice(0, at + 1)
    .flatMap(({ partitions }) => (partitions[name] === undefined ? [] : [partitions[name].used_bytes]))
    .slice(-MAX_RELEASES)
  if (used.length < 2) return undefined
  return { bytes: (used.at(-1)! - used[0]!) / (used.length - 1), releases: used.length }
}

function keyOf({ name, number, index }: PlannedPartition): string {
  return name === '' ? `#${number ?? index + 1}` : name
}

function ordinal(count: number): string {
  return count === 1 ? '1st' : count === 2 ? '2nd' : count === 3 ? '3rd' : `${count}th`
}
