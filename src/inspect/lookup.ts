/** From a place in an opened image to the node that stands there, with errors that say what is there instead. */
import { type ByteString, displayName } from '../bytes/text.js'
import { visibleWord } from '../bytes/visible-text.js'
import { FormatError, UsageError } from '../errors.js'
import { READABLE_TITLES } from '../filesystems/registry.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import type { FileNode } from '../tree/file-tree.js'
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
  const choices = disk.partitions.map((partition) => ({
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

/** A node with the names under which it stands. UsageError where nothing does. */
export function findNode(
  partition: OpenPartition,
  path: readonly ByteString[],
): { node: FileNode; path: ByteString[] } {
  const volume = volumeOf(partition)
  const node = volume.find(path)
  return node === undefined ? findByDisplayName(volume, path, partition) : { node, path: [...path] }
}

/** Finds names by the form in which `ls` shows them: with `\xNN` for bytes that are no UTF-8, and `\u{NNNN}`. */
function findByDisplayName(
  volume: VolumeReader,
  path: readonly ByteString[],
  partition: OpenPartition,
): { node: FileNode; path: ByteString[] } {
  let node = volume.find([])
  const way: ByteString[] = []
  for (const wanted of path) {
    if (node?.type !== 'directory') throw missing(way, partition, node)
    const shown = visibleWord(displayName(wanted))
    const name = node.children.has(wanted)
      ? wanted
      : [...node.children.keys()].find((known) => visibleWord(displayName(known)) === shown)
    if (name === undefined) throw missing([...way, wanted], partition, undefined)
    way.push(name)
    node = volume.find(way)
  }
  if (node === undefined) throw missing(way, partition, undefined)
  return { node, path: way }
}

function missing(path: readonly ByteString[], partition: OpenPartition, node: FileNode | undefined): UsageError {
  const shown = `/${path.map(displayName).join('/')}`
  if (node?.type === 'symlink') {
    return new UsageError(
      `Cannot go on behind "${shown}" of ${partition.view.name}: it is a symlink to "${displayName(node.target)}"`,
      {
        hint: 'Symlinks are not followed inside an image.',
      },
    )
  }
  const why = node === undefined ? 'there is nothing of that name' : `it is a ${node.type}, a folder is expected`
  return new UsageError(`Cannot find "${shown}" in ${partition.view.name}: ${why}`)
}
