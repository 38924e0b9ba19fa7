/** From the words of a target to the partition of an opened image, with errors that say what is there instead. */
import type { ByteString } from '../bytes/text.js'
import { FormatError, UsageError } from '../errors.js'
import { READABLE_TITLES } from '../filesystems/registry.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import type { OpenImage, OpenPartition } from './open-image.js'
import { type Place, resolvePlace } from './target.js'

export interface Found {
  readonly partition: OpenPartition
  /** Undefined where the partition itself was named. */
  readonly path?: readonly ByteString[]
}

/**
 * The partition, and the path where one was given, that `rest` names; the only one where it names none. `text`: the whole
 * target, for messages. UsageError where there is no such partition, or where one has to be chosen.
 */
export function findPlace(disk: OpenImage, rest: string | undefined, text: string): Found {
  const choices = [...disk.partitions, ...(disk.outside ?? [])].map((partition) => ({
    number: partition.number,
    name: partition.name,
    get label() {
      return partition.content().label
    },
    partition,
  }))
  const place: Place<(typeof choices)[number]> = resolvePlace(rest, choices, text)
  const partition = place.partition?.partition ?? onlyVolume(disk.partitions, text)
  return place.path === undefined ? { partition } : { partition, path: place.path }
}

/** Where nothing is named: the only partition, or the only one with a volume that is read here. */
function onlyVolume(partitions: readonly OpenPartition[], text: string): OpenPartition {
  if (partitions.length === 1) return partitions[0]!
  const readable = partitions.filter((partition) => partition.content().volume !== undefined)
  if (readable.length === 1) return readable[0]!
  const there = partitions.map(({ number, name }) => (name === '' ? `${number}` : `${number} "${name}"`)).join(', ')
  throw new UsageError(
    `Cannot tell which partition of "${text}" is meant: there are ${there === '' ? 'none' : there}, one of them is accepted`,
    { hint: 'Write IMAGE:NUMBER:/PATH or IMAGE:NAME:/PATH.' },
  )
}

/** FormatError where the partition holds no volume that is read here, or a damaged one. */
export function volumeOf(partition: OpenPartition): VolumeReader {
  const { volume, problem, format, description } = partition.content()
  if (volume !== undefined) return volume
  if (problem !== undefined) throw problem
  const what = format === 'unknown' ? 'its format is not known' : `it holds ${description ?? format}`
  throw new FormatError(
    `Cannot read files of ${partition.view.name}: ${what}; volumes of ${READABLE_TITLES} can be read`,
  )
}
