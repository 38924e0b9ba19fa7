/**
 * Logical partitions of an MBR: where their extended boot records stand, and the extended partition around them.
 *
 * The config gives only the partitions; each EBR goes 1 MiB before its own, as fdisk reserves it, or where less is free two
 * sectors before: as far as can be from the space after the MBR, which boot loaders take without asking. Two sectors it must
 * be, because Linux gives the extended partition a device of that size (oe-core 884c8a0e50, YOCTO#13658).
 */

import { alignUp } from '../bytes/align.js'
import { appendAll } from '../bytes/append-all.js'
import type { ImageSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { type Numbering, partitionText } from './numbering.js'
import { type Stretch, sectorsDo, sectorsText } from './sectors.js'

export const MIN_EBR_DISTANCE_SECTORS = 2
const EBR_DISTANCE_BYTES = 1024 * 1024

/** Where a partition that begins at `startByte` must end at the latest, so that the logical one after it finds room for its EBR. */
export function endBeforeLogical(logicalStartByte: number, startByte: number, sectorSize: number): number {
  const roomy = logicalStartByte - EBR_DISTANCE_BYTES
  return roomy > startByte ? roomy : logicalStartByte - MIN_EBR_DISTANCE_SECTORS * sectorSize
}

export interface Extended extends Stretch {
  readonly number: number
  /** By index in `spec.partitions`, for the logical ones. */
  readonly ebrBytes: ReadonlyMap<number, number>
}

/**
 * `stretches`: everything on the disk, none of it overlapping; `usableStartByte`: after the MBR. Undefined where there is
 * no logical partition. Problems go to `problems`.
 */
export function placeExtended(
  spec: ImageSpec,
  numbering: Numbering,
  stretches: readonly Stretch[],
  options: { usableStartByte: number; problems: Problem[] },
): Extended | undefined {
  if (numbering.extendedNumber === undefined) return undefined
  const { problems } = options
  const logical = [...spec.partitions.keys()].filter((index) => isLogical(spec, index))
  const ebrBytes = new Map<number, number>()
  let previous: number | undefined
  for (const index of logical) {
    const { startByte } = stretches[index]!
    if (previous !== undefined && startByte < stretches[previous]!.startByte) {
      problems.push({
        message: `Cannot number ${partitionText(spec, index)}: it stands before ${partitionText(spec, previous)}, which is listed before it; logical partitions are accepted in the order of the disk, since each boot record leads to the next`,
        path: [...spec.partitions[index]!.configPath, 'start'],
      })
    }
    ebrBytes.set(index, placeEbr(spec, index, stretches, options))
    previous = index
  }
  const range = {
    startByte: Math.min(...ebrBytes.values()),
    endByte: Math.max(...logical.map((index) => stretches[index]!.endByte)),
  }
  appendAll(problems, primariesInside(spec, stretches, range))
  return { number: numbering.extendedNumber, ...range, ebrBytes }
}

function isLogical(spec: ImageSpec, index: number): boolean {
  const { inTable, logical } = spec.partitions[index]!
  return inTable && logical
}

function placeEbr(
  spec: ImageSpec,
  index: number,
  stretches: readonly Stretch[],
  { usableStartByte, problems }: { usableStartByte: number; problems: Problem[] },
): number {
  const { sectorSize } = spec
  const { startByte } = stretches[index]!
  let freeFrom = usableStartByte
  let before = 'the MBR'
  for (const [other, { endByte }] of stretches.entries()) {
    if (endByte > startByte || endByte <= freeFrom) continue
    freeFrom = endByte
    before = partitionText(spec, other)
  }
  const firstFree = alignUp(freeFrom, sectorSize)
  const roomy = startByte - EBR_DISTANCE_BYTES
  const ebrByte = roomy >= firstFree ? roomy : startByte - MIN_EBR_DISTANCE_SECTORS * sectorSize
  if (ebrByte < firstFree) {
    const firstFreeSector = firstFree / sectorSize
    problems.push({
      message: `Cannot place ${partitionText(spec, index)}: its extended boot record needs ${MIN_EBR_DISTANCE_SECTORS} sectors before it, but ${before} ends at sector ${firstFreeSector - 1} and it starts at sector ${startByte / sectorSize}`,
      hint: `The first possible start is ${firstFreeSector + MIN_EBR_DISTANCE_SECTORS}s`,
      path: [...spec.partitions[index]!.configPath, 'start'],
    })
  }
  return Math.max(ebrByte, firstFree)
}

/** A primary partition between logical ones would lie in the extended partition, where two chains claim it. */
function primariesInside(spec: ImageSpec, stretches: readonly Stretch[], extended: Stretch): Problem[] {
  const problems: Problem[] = []
  for (const [index, stretch] of stretches.entries()) {
    const { inTable, configPath } = spec.partitions[index]!
    if (!inTable || isLogical(spec, index)) continue
    if (stretch.endByte <= extended.startByte || stretch.startByte >= extended.endByte) continue
    problems.push({
      message: `Cannot place ${partitionText(spec, index)}: ${sectorsDo(stretch, spec.sectorSize, 'lie')} inside the extended partition, ${sectorsText(extended, spec.sectorSize)}`,
      hint: 'Make it logical too, or move it before the first or after the last logical partition',
      path: configPath,
    })
  }
  return problems
}
