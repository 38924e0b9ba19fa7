/** The one overlap check: partitions, blobs and the table's own sectors, all as regions. */

import { alignUp } from '../bytes/align.js'
import { appendAll } from '../bytes/append-all.js'
import type { ImageSpec } from '../config/spec.js'
import { invariant, type Problem } from '../errors.js'
import { MAX_LBA } from '../tables/mbr/writer.js'
import type { Region } from './disk-plan.js'
import { partitionText } from './numbering.js'
import { DEFAULT_ALIGN_BYTES } from './place-partitions.js'
import { bytesText, placeUnit, sectorsDo, sectorsText } from './sectors.js'
import { IMAGE_GRAIN_BYTES, type TableFrame } from './table-frame.js'

/**
 * Every pair of `regions` that overlap, every region past the end, and every partition before the first usable sector.
 * `claims`: partitions and blobs, each with its index. O(n log n + pairs).
 */
export function findConflicts(spec: ImageSpec, frame: TableFrame, claims: readonly Region[]): Problem[] {
  const sorted = [...frame.regions, ...claims].sort((a, b) => a.startByte - b.startByte || a.endByte - b.endByte)
  const problems: Problem[] = []
  for (const [position, region] of sorted.entries()) {
    for (let next = position + 1; next < sorted.length && sorted[next]!.startByte < region.endByte; next++) {
      problems.push(overlap(spec, frame, region, sorted[next]!))
    }
  }
  for (const claim of claims) appendAll(problems, checkBounds(spec, frame, claim, claims))
  return problems
}

function overlap(spec: ImageSpec, frame: TableFrame, a: Region, b: Region): Problem {
  // The one listed later is the one to move; the table cannot.
  const [moved, kept] = b.kind === 'table' || (a.kind !== 'table' && a.index! > b.index!) ? [a, b] : [b, a]
  invariant(moved.index !== undefined, 'two regions of the table never overlap')
  const message = `Cannot place ${regionText(spec, moved)}: ${sectorsDo(moved, placeUnit(spec), 'overlap')} ${regionText(spec, kept)}, ${sectorsText(kept, placeUnit(spec))}`
  const path = spec.partitions[moved.index]!.configPath
  if (kept.kind !== 'table') return { message, path }
  return { message, hint: hintForTable(spec, frame, moved), path }
}

function regionText(spec: ImageSpec, region: Region): string {
  return region.index === undefined ? `the ${region.name}` : partitionText(spec, region.index)
}

/** Boot ROMs look for their blob at a fixed place, so it is the table that has to give way. */
function hintForTable(spec: ImageSpec, frame: TableFrame, moved: Region): string {
  if (spec.table === 'mbr') return 'The first possible start is 1s'
  if (moved.kind !== 'blob' || moved.startByte < 2 * spec.sectorSize) {
    return `The first aligned start after the table is ${alignUp(frame.usableStartByte, DEFAULT_ALIGN_BYTES) / DEFAULT_ALIGN_BYTES}MiB`
  }
  const entriesAt = alignUp(moved.endByte, IMAGE_GRAIN_BYTES)
  return `Move the entry array behind it with gpt: { entries_at: ${entriesAt / 1024}KiB }, or use table: mbr`
}

function* checkBounds(
  spec: ImageSpec,
  frame: TableFrame,
  claim: Region,
  claims: readonly Region[],
): Generator<Problem> {
  const { sizeBytes, sectorSize, table } = spec
  const { configPath: path } = spec.partitions[claim.index!]!
  const subject = `Cannot place ${partitionText(spec, claim.index!)}:`
  const does = (verb: string): string => `${subject} ${sectorsDo(claim, placeUnit(spec), verb)}`
  if (sizeBytes !== undefined && claim.endByte > sizeBytes - frame.endBytes) {
    const needed = requiredBytes(spec, frame, claims)
    yield {
      message: `${does('end')} past ${endText(spec, frame, sizeBytes)}`,
      hint: `${restHint(spec, claim)}The disk needs at least ${bytesText(needed)} for all that is placed, it has ${bytesText(sizeBytes)}`,
      path,
    }
  }
  if (claim.kind !== 'partition') return
  const isAfterTable = frame.regions.every(
    (region) => claim.startByte >= region.endByte || claim.endByte <= region.startByte,
  )
  if (claim.startByte < frame.usableStartByte && isAfterTable) {
    yield {
      message: `${does('begin')} before the first usable sector ${frame.usableStartByte / sectorSize} of the GPT`,
      hint: 'Only blobs (in_table: false) may stand between the header and a moved entry array',
      path,
    }
  }
  if (table === 'mbr' && claim.endByte / sectorSize > MAX_LBA + 1) {
    yield {
      message: `${does('end')} past sector ${MAX_LBA}, the last that an MBR can say (${bytesText((MAX_LBA + 1) * sectorSize)})`,
      hint: 'Use table: gpt',
      path,
    }
  }
}

/** For places that say the whole disk and mean all that is left of it. */
function restHint({ partitions, sizeBytes }: ImageSpec, { index }: Region): string {
  const { size, endExclusive } = partitions[index!]!
  const isShare = size?.kind === 'percent'
  const isWhole = endExclusive?.kind === 'bytes' && endExclusive.bytes === sizeBytes
  const counts = isShare ? ' (a share is one of the whole disk)' : ''
  return isShare || isWhole ? `size: rest takes all that is left up to there${counts}. ` : ''
}

function endText(spec: ImageSpec, frame: TableFrame, sizeBytes: number): string {
  const { sectorSize, table } = spec
  const lastUsable = (sizeBytes - frame.endBytes) / sectorSize - 1
  if (table === 'mtd') return `the end of the flash, 0x${sizeBytes.toString(16)}`
  if (table !== 'gpt') return `the last sector ${lastUsable} of the disk`
  const backup = { startByte: sizeBytes - frame.endBytes, endByte: sizeBytes }
  return `the last usable sector ${lastUsable} (${sectorsDo(backup, sectorSize, 'hold')} the backup GPT)`
}

/** The smallest disk that holds everything that has a place. */
export function requiredBytes(spec: ImageSpec, frame: TableFrame, claims: readonly Region[]): number {
  const end = Math.max(frame.usableStartByte, ...claims.map(({ endByte }) => endByte)) + frame.endBytes
  if (spec.mtd !== undefined) return alignUp(end, spec.mtd.eraseBlockBytes)
  return alignUp(end, spec.table === 'none' ? spec.sectorSize : IMAGE_GRAIN_BYTES)
}
