/**
 * Every identifier on the disk follows from the config's `seed` and from names and numbers that the config gives, never
 * from content, place or path: a rebuild with other files keeps the PARTUUIDs that a boot command line names.
 */

import { type Guid, uuidToBytes, uuidV5 } from '../bytes/guid.js'
import { seedNamespace } from '../bytes/seed-namespace.js'
import type { VolumeSpec } from '../config/spec.js'

export interface Identifiers {
  readonly disk: Guid
  partition(place: string, name: string): Guid
  volume(place: string, name: string): Guid
  /** Of the encryption around a volume. */
  luks(place: string, name: string): Guid
  /** Of a volume inside a file. `files`: from the outermost to its own, each as a path in the volume around it. */
  nestedVolume(place: string, name: string, files: readonly string[]): Guid
}

/** UUIDs of version 5 [RFC 9562 §5.5]. `place` is a partition's number. */
export function deriveIdentifiers(seed: string): Identifiers {
  const namespace = seedNamespace(seed)
  return {
    disk: uuidV5(namespace, 'disk'),
    partition: (place, name) => uuidV5(namespace, `partition/${place}/${name}`),
    volume: (place, name) => uuidV5(namespace, `fs/${place}/${name}`),
    luks: (place, name) => uuidV5(namespace, `luks/${place}/${name}`),
    // No path has two slashes in a row, so that no two lists of files read the same.
    nestedVolume: (place, name, files) => uuidV5(namespace, `file/${place}/${name}//${files.join('//')}`),
  }
}

/** The first four bytes as a number whose hexadecimal text is how the UUID begins: an MBR's signature. */
export function firstFourBytes(uuid: Guid): number {
  const bytes = uuidToBytes(uuid)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
}

/** Of a volume, where the config says it. */
export function givenUuid(volume: VolumeSpec): Guid | undefined {
  return 'uuid' in volume ? volume.uuid?.toLowerCase() : undefined
}
