/** Names and places of partitions, from the manifest that goes with an image: an MBR has no names, raw flash no table. */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { statsAt } from '../bytes/path-stats.js'
import { FormatError } from '../errors.js'
import { MANIFEST_NAME } from './manifest-names.js'
import { type Manifest, parseManifest } from './manifest-schema.js'
import { isZipFile, readZipMember } from './zip-member.js'

/** A partition of a disk, by its name in the config. */
export interface NamedPlace {
  /** Undefined outside the table. */
  readonly number?: number
  readonly name: string
  readonly startByte: number
  readonly sizeBytes: number
}

export interface NamedPlaces {
  /** Of the disk that they are on. */
  readonly diskBytes: number
  readonly places: readonly NamedPlace[]
}

/** Of 500,000 files. */
const MAX_MANIFEST_BYTES = 256 << 20

/**
 * Returns what the manifest of a build says: the one in a bundle or in a folder, or the one beside an image which lists that
 * file. Undefined where there is none, or none that can be read: what it holds are names alone, and
 * whoever asks whether it is sound verifies it.
 */
export function manifestPlaces(path: string): NamedPlaces | undefined {
  const stats = path === '-' ? undefined : statsAt(path)
  if (stats?.isDirectory() === true) return placesIn(readBounded(join(path, MANIFEST_NAME)))
  if (stats?.isFile() !== true) return undefined
  if (isZipFile(path)) return placesIn(readZipMember(path, MANIFEST_NAME, MAX_MANIFEST_BYTES))
  return placesIn(readBounded(join(dirname(path), MANIFEST_NAME)), basename(path))
}

/** Returns partitions with the names of the manifest that goes with `path`, where they have none of their own. */
export function namedByManifest<Part extends { readonly name: string; readonly startByte: number }>(
  path: string,
  partitions: readonly Part[],
  diskBytes: number,
): readonly Part[] {
  const found = partitions.some(({ name }) => name === '') ? manifestPlaces(path) : undefined
  if (found?.diskBytes !== diskBytes) return partitions
  return partitions.map((partition) => {
    const place = found.places.find(({ startByte }) => startByte === partition.startByte)
    return partition.name !== '' || place === undefined ? partition : { ...partition, name: place.name }
  })
}

function readBounded(path: string): Uint8Array | undefined {
  const stats = statsAt(path)
  return stats?.isFile() === true && stats.size <= MAX_MANIFEST_BYTES ? readFileSync(path) : undefined
}

/** `file`: the name that the manifest must list. */
function placesIn(text: Uint8Array | undefined, file?: string): NamedPlaces | undefined {
  const manifest = text && parseOrNone(text)
  if (manifest === undefined) return undefined
  const { image, outputs, partitions } = manifest
  if (file !== undefined && file !== image.name && !outputs.some(({ path }) => path === file)) return undefined
  return {
    diskBytes: image.size_bytes,
    places: partitions.map(({ number, name, start_byte: startByte, size_bytes: sizeBytes }) => ({
      ...(number !== undefined && { number }),
      name,
      startByte,
      sizeBytes,
    })),
  }
}

function parseOrNone(text: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(text, MANIFEST_NAME)
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
