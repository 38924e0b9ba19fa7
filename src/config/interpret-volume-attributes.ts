/** What volumes of several families are told in the same way. */

import { parseVolumeId } from '../schema/identifiers.js'
import { ownerMapOf } from './interpret-content.js'
import type { PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'
import type { OwnerSpec } from './spec.js'

export function ownerOf({ owner }: PartitionInput): OwnerSpec | undefined {
  return typeof owner === 'object' ? ownerMapOf(owner) : owner && { kind: owner }
}

/** `fs_uuid` as the UUID of a volume; the volume id of a FAT is refused. */
export function volumeUuidOf(
  { fs_uuid: uuid }: PartitionInput,
  { interpretation, path, text }: PartitionContext,
): { uuid?: string } {
  if (uuid === undefined) return {}
  if (parseVolumeId(uuid) !== undefined) {
    const message = `Cannot use fs_uuid of ${text}: "${uuid}" is the volume id of a FAT, accepted is a UUID`
    interpretation.refuse([...path, 'fs_uuid'], message)
  }
  return { uuid }
}
