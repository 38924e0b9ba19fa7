/** A disk whose partitions are called as its config calls them, where its own table has no names or is not on it. */
import type { OpenImage, OpenPartition } from './open-image.js'

/** A partition by its name; `number` is missing outside the table. */
export interface Place {
  readonly number?: number
  readonly name: string
  readonly startByte: number
  readonly sizeBytes: number
}

/**
 * Returns the disk with these names. Partitions of its table keep their own names, and get one where they have none; what
 * the table does not list is in `outside`. A disk without a table (raw flash, a single volume) has the places as its
 * partitions. Places that go past its end are left out.
 */
export function withNames(disk: OpenImage, places: readonly Place[]): OpenImage {
  const there = places.filter(
    ({ startByte, sizeBytes }) => sizeBytes > 0 && startByte + sizeBytes <= disk.view.sizeBytes,
  )
  if (disk.table === undefined) {
    // One place for the whole disk says no more than the disk itself.
    return there.length === 0 ? disk : { ...disk, partitions: there.map((place) => opened(disk, place)) }
  }
  const partitions = disk.partitions.map((partition) => {
    const place = there.find(({ startByte }) => startByte === partition.startByte)
    return place === undefined || partition.name !== '' || place.name === ''
      ? partition
      : renamed(disk, partition, place.name)
  })
  const starts = new Set(disk.partitions.map(({ startByte }) => startByte))
  const outside = there.filter(({ startByte, name }) => name !== '' && !starts.has(startByte))
  return { ...disk, partitions, outside: outside.map((place) => opened(disk, place)) }
}

function opened(disk: OpenImage, { number, name, startByte, sizeBytes }: Place): OpenPartition {
  const view = disk.view.part(startByte, sizeBytes, `${calledPlace(number, name)} of ${disk.name}`)
  let content: ReturnType<OpenPartition['content']> | undefined
  return {
    ...(number !== undefined && { number }),
    name,
    startByte,
    sizeBytes,
    view,
    content: () => {
      content ??= disk.contentOf(view)
      return content
    },
  }
}

function renamed(disk: OpenImage, partition: OpenPartition, name: string): OpenPartition {
  const { number, startByte, view } = partition
  const there = view.sizeBytes
  const known = opened(disk, {
    ...(number !== undefined && { number }),
    name,
    startByte: there === 0 ? 0 : startByte,
    sizeBytes: there,
  })
  return { ...partition, name, view: known.view, content: known.content }
}

function calledPlace(number: number | undefined, name: string): string {
  const called = number === undefined ? 'partition' : `partition ${number}`
  return name === '' ? called : `${called} "${name}"`
}
