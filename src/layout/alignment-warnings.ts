import type { ImageSpec } from '../config/spec.js'
import type { ConfigPath, Warning } from '../errors.js'
import { partitionText } from './numbering.js'

/** Pages of flash, and the sectors of most disks behind their 512 bytes. */
const ALIGNMENT_BYTES = 4096
/** Partitions that a message names. */
const NAMED = 4

interface Placed {
  readonly index: number
  readonly startByte: number
}

/**
 * Returns one warning for the whole disk, however many partitions start at no multiple of 4 KiB. A
 * partition whose own `accept:` names the finding has a warning of its own, which that entry matches.
 */
export function alignmentWarnings(spec: ImageSpec, placed: readonly Placed[]): Warning[] {
  const unaligned = placed.filter(
    ({ index, startByte }) => spec.partitions[index]!.inTable && startByte % ALIGNMENT_BYTES !== 0,
  )
  const own = unaligned.filter(({ index }) => acceptsAlone(spec, spec.partitions[index]!.configPath))
  const others = unaligned.filter((each) => !own.includes(each))
  return [...own.map((each) => [each]), ...(others.length > 0 ? [others] : [])].map((group) => ({
    finding: 'alignment',
    ...(group.length === 1 ? oneUnaligned(spec, group[0]!) : severalUnaligned(spec, group)),
    path: [...spec.partitions[group[0]!.index]!.configPath, 'start'],
  }))
}

function acceptsAlone({ accept = [] }: ImageSpec, configPath: ConfigPath): boolean {
  return accept.some(
    ({ finding, scope }) =>
      finding === 'alignment' && scope.length > 0 && scope.every((step, index) => step === configPath[index]),
  )
}

function oneUnaligned(spec: ImageSpec, { index, startByte }: Placed): Pick<Warning, 'message' | 'hint'> {
  const grain = ALIGNMENT_BYTES / spec.sectorSize
  const sector = startByte / spec.sectorSize
  const below = Math.floor(sector / grain) * grain
  const text = partitionText(spec, index)
  return {
    message: `${text[0]!.toUpperCase()}${text.slice(1)} starts at sector ${sector}, which is no multiple of 4 KiB: it is not properly aligned for best performance`,
    hint: `The next aligned sectors are ${below}s and ${below + grain}s; what was asked is built all the same`,
  }
}

function severalUnaligned(spec: ImageSpec, group: readonly Placed[]): Pick<Warning, 'message' | 'hint'> {
  const named = group
    .slice(0, NAMED)
    .map(({ index, startByte }) => `${partitionText(spec, index)} at sector ${startByte / spec.sectorSize}`)
  const more = group.length > NAMED ? ` and ${group.length - NAMED} more` : ''
  return {
    message: `${group.length} partitions start at no multiple of 4 KiB: ${named.join(', ')}${more}; they are not properly aligned for best performance`,
    hint: `Start them at multiples of ${ALIGNMENT_BYTES / spec.sectorSize}s; what was asked is built all the same`,
  }
}
