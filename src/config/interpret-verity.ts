/** Hash partitions, and whether what they cover can be covered. */
import { didYouMean } from '../bytes/nearest.js'
import { fileSystemOf } from '../filesystems/registry.js'
import { verity } from '../filesystems/verity/file-system.js'
import { volumeUuidOf } from './interpret-volume-attributes.js'
import type { Interpretation, PartitionContext, Pieces } from './interpretation.js'
import { ownOptions } from './own-options.js'
import type { PartitionInput } from './schema/partition.js'
import type { ImageSpec, PartitionSpec, VerityVolumeSpec, VolumeSpec } from './spec.js'

export function verityVolume(input: PartitionInput, context: PartitionContext): VolumeSpec {
  const { interpretation, path, text, unread, nesting } = context
  if (input.covers === undefined && !unread.has('covers') && nesting === undefined) {
    const message = `Cannot make hashes in ${text}: it says no partition to cover, covers: NAME is needed`
    interpretation.refuse(path, message)
  }
  return {
    kind: 'verity',
    type: 'verity',
    covers: input.covers ?? '',
    options: ownOptions<VerityVolumeSpec['options']>(input, verity, context),
    ...volumeUuidOf(input, context),
  }
}

type CheckedSpec = Pick<ImageSpec, 'table' | 'partitions' | 'sectorSize'>
type VerityPartition = PartitionSpec & { readonly volume: VerityVolumeSpec }

/** What takes more than one partition to judge. `inputs`: as written, for what could not be read. */
export function checkCovered(
  spec: CheckedSpec,
  inputs: readonly (Pieces<PartitionInput> | undefined)[],
  interpretation: Interpretation,
): void {
  // A name that could not be read may be the one that is missed.
  const areNamesKnown = inputs.every((input) => input !== undefined && !input.unread.has('name'))
  const coveredBy = new Map<string, string>()
  for (const partition of spec.partitions) {
    if (!isVerity(partition) || partition.volume.covers === '') continue
    checkBlockSizes(partition, spec, interpretation)
    const { covers } = partition.volume
    const data = spec.partitions.find(({ name }) => name === covers)
    const refuse = (key: string, message: string, hint?: string): void =>
      interpretation.refuse([...partition.configPath, key], `Cannot cover partition "${covers}": ${message}`, hint)
    const other = coveredBy.get(covers)
    coveredBy.set(covers, partition.name)
    if (data === undefined) {
      const names = spec.partitions.map(({ name }) => name).filter((name) => name !== '' && name !== partition.name)
      if (areNamesKnown) refuse('covers', 'there is none of that name', didYouMean(covers, names))
      continue
    }
    if (other !== undefined) refuse('covers', `"${other}" covers it, once is accepted`)
    const what = uncoverable(data, partition)
    const isRead = inputs[Number(data.configPath[1])]?.unread.has('fs') !== true
    if (what !== undefined && isRead) {
      refuse('covers', `it ${what}, accepted are file systems that are only read and raw files`)
    }
    if (partition.volume.options.uuids_from_root_hash === true) checkUuids(partition, { data, spec, refuse })
  }
}

function isVerity(partition: PartitionSpec): partition is VerityPartition {
  return partition.volume.kind === 'verity'
}

function uncoverable(data: PartitionSpec, verity: PartitionSpec): string | undefined {
  if (data === verity) return 'is the hash partition itself'
  if (data.luks !== undefined) return 'is encrypted, with other bytes in every build'
  const { volume } = data
  if (volume.kind === 'none') return 'has no content'
  if (volume.kind === 'raw') return undefined
  if (volume.kind === 'verity') return 'holds hashes'
  return fileSystemOf(volume.type).isWrittenByBoard ? `is ${volume.type}, which the board writes to` : undefined
}

function checkBlockSizes({ volume, configPath, name }: VerityPartition, spec: CheckedSpec, to: Interpretation): void {
  for (const key of ['data_block_size', 'hash_block_size'] as const) {
    const bytes = volume.options[key]
    if (bytes === undefined || bytes >= spec.sectorSize) continue
    to.refuse(
      [...configPath, 'options', key],
      `Cannot use options.${key} of partition "${name}": it is ${bytes} bytes, the disk's sectors of ${spec.sectorSize} bytes or more are accepted`,
    )
  }
}

interface UuidCheck {
  readonly data: PartitionSpec
  readonly spec: CheckedSpec
  refuse(key: string, message: string, hint?: string): void
}

/** They stand in the table, so everything that the root hash follows from must be known when the disk is laid out. */
function checkUuids(verity: VerityPartition, { data, spec, refuse }: UuidCheck): void {
  const what = 'uuids_from_root_hash'
  if (spec.table !== 'gpt' || !data.inTable || !verity.inTable) {
    refuse('options', `${what} needs a GPT that has both partitions, since their UUIDs stand there`)
    return
  }
  const given = [data, verity].find(({ uuid }) => uuid !== undefined)
  if (given !== undefined) refuse('options', `${what} makes the UUIDs, but partition "${given.name}" is given one`)
  if (!isMadeBeforeLayout(data.volume)) {
    refuse(
      'options',
      `${what} needs its content when the disk is laid out, but the host's tools make ${'type' in data.volume ? data.volume.type : 'it'} afterwards`,
      "Leave the option out, or use a format of diskloom's own, squashfs or erofs",
    )
  }
}

function isMadeBeforeLayout(volume: VolumeSpec): boolean {
  if (volume.kind !== 'file-system' || volume.engine !== 'host') return true
  return fileSystemOf(volume.type).hasOwnSize === true
}
