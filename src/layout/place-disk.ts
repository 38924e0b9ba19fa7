/** From the config's meaning and the payload's measures to the place of everything. No volume is planned here. */

import { alignDown } from '../bytes/align.js'
import { appendAll } from '../bytes/append-all.js'
import type { ImageSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import type { VolumeEnvironment } from '../filesystems/volume.js'
import { BOOT_CODE_BYTES } from '../tables/mbr/disklayout.js'
import { checkFields } from './check-fields.js'
import { findConflicts, requiredBytes } from './conflicts.js'
import type { PlacedPartition, Placement, Region } from './disk-plan.js'
import { type Extended, placeExtended } from './extended.js'
import { checkNumbers, type Numbering, numberPartitions } from './numbering.js'
import { type Measure, placePartitions } from './place-partitions.js'
import type { Stretch } from './sectors.js'
import { checkDisk, type TableFrame, tableFrame } from './table-frame.js'

/** What else a placement takes from outside; see `VolumeEnvironment`. */
export interface PlacementContext {
  readonly measure: Measure
  environmentOf(index: number, startByte: number): VolumeEnvironment
}

export interface PlacementResult {
  /** Undefined where there are problems. */
  readonly placement?: Placement
  readonly problems: readonly Problem[]
  /** By index in `spec.partitions`, as far as they are known: their contents can be judged whatever else is wrong. */
  readonly stretches: readonly (Stretch | undefined)[]
}

export function placeRegions(spec: ImageSpec, context: PlacementContext): PlacementResult {
  const diskProblems = checkDisk(spec)
  if (diskProblems.length > 0) return { problems: diskProblems, stretches: [] }
  const numbering = numberPartitions(spec)
  const frame = tableFrame(spec, { bootCode: false })
  const { stretches, problems: placeProblems } = placePartitions(spec, frame, context.measure)
  const problems = [...checkFields(spec), ...checkNumbers(spec, numbering), ...placeProblems]

  const bootCode = stretches.some((stretch, index) => isBootCode(spec, index, stretch))
  const frameAround = tableFrame(spec, { bootCode })
  const claims = stretches.flatMap((stretch, index) => (stretch === undefined ? [] : [claimOf(spec, index, stretch)]))
  appendAll(problems, findConflicts(spec, frameAround, claims))
  // Boot records fill gaps: what gaps there are is only known once everything else stands without conflict.
  if (problems.length > 0 || !stretches.every((stretch) => stretch !== undefined)) return { problems, stretches }

  const { usableStartByte } = frame
  const extended = placeExtended(spec, numbering, stretches, { usableStartByte, problems })
  if (problems.length > 0) return { problems, stretches }
  const sizeBytes = spec.sizeBytes ?? requiredBytes(spec, frame, claims)
  const disk = { frame: frameAround, claims, sizeBytes }
  return { placement: assemble(spec, context, disk, { stretches, numbering, extended }), problems, stretches }
}

/** A blob in the disk's first 440 bytes, which belong to no table. */
function isBootCode(spec: ImageSpec, index: number, stretch: Stretch | undefined): boolean {
  return !spec.partitions[index]!.inTable && stretch !== undefined && stretch.endByte <= BOOT_CODE_BYTES
}

function claimOf(spec: ImageSpec, index: number, stretch: Stretch): Region {
  const { inTable, name } = spec.partitions[index]!
  return { kind: inTable ? 'partition' : 'blob', name, ...stretch, index }
}

interface NumberedPlaces {
  readonly stretches: readonly Stretch[]
  readonly numbering: Numbering
  readonly extended: Extended | undefined
}

function assemble(
  spec: ImageSpec,
  context: PlacementContext,
  disk: { frame: TableFrame; claims: readonly Region[]; sizeBytes: number },
  { stretches, numbering, extended }: NumberedPlaces,
): Placement {
  const { frame, claims, sizeBytes } = disk
  const usableEnd = alignDown(sizeBytes - frame.endBytes, spec.sectorSize)
  const regions: Region[] = [...frame.regions, ...claims]
  if (frame.endBytes > 0) {
    regions.push({ kind: 'table', name: 'backup GPT entries and header', startByte: usableEnd, endByte: sizeBytes })
  }
  for (const [index, ebrByte] of extended?.ebrBytes ?? []) {
    const name = `EBR of ${spec.partitions[index]!.name || `partition ${numbering.numbers[index]}`}`
    regions.push({ kind: 'table', name, startByte: ebrByte, endByte: ebrByte + spec.sectorSize })
  }
  const partitions = stretches.map((stretch, index): PlacedPartition => {
    const { name, inTable, logical } = spec.partitions[index]!
    const number = numbering.numbers[index]
    const ebrByte = extended?.ebrBytes.get(index)
    return {
      index,
      ...(number !== undefined && { number }),
      name,
      ...stretch,
      logical: inTable && logical,
      environment: context.environmentOf(index, stretch.startByte),
      ...(ebrByte !== undefined && { ebrByte }),
    }
  })
  return {
    sizeBytes,
    usable: { startByte: frame.usableStartByte, endByte: usableEnd },
    partitions,
    ...(extended && {
      extended: { number: extended.number, startByte: extended.startByte, endByte: extended.endByte },
    }),
    regions: withGaps(regions, sizeBytes),
  }
}

/** Sorted, with what lies between as gaps. */
function withGaps(regions: Region[], sizeBytes: number): Region[] {
  const all: Region[] = []
  let end = 0
  for (const region of regions.sort((a, b) => a.startByte - b.startByte)) {
    if (region.startByte > end) all.push({ kind: 'gap', name: '', startByte: end, endByte: region.startByte })
    all.push(region)
    end = region.endByte
  }
  if (end < sizeBytes) all.push({ kind: 'gap', name: '', startByte: end, endByte: sizeBytes })
  return all
}
