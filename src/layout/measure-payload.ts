/** How much a payload is, and since when. */
import type { VolumeSpec } from '../config/spec.js'
import { compareTimestamps, EPOCH_1980, type Timestamp } from '../tree/file-tree.js'
import { measureTree } from '../tree/tree-stats.js'
import type { Payload } from './disk-plan.js'

export interface PayloadMeasure {
  /** Of the files, holes included; of a raw file its length; of a finished volume what is no fill. */
  readonly bytes: number
  /** The newest modification time; 1980-01-01 where there is none, or none later. */
  readonly newest: Timestamp
}

/** O(nodes). */
export function measurePayload(payload: Payload): PayloadMeasure {
  switch (payload.kind) {
    case 'tree': {
      const { bytes, newest } = measureTree(payload.tree)
      const hasTime = payload.tree.children.size > 0 && compareTimestamps(newest, EPOCH_1980) > 0
      return { bytes, newest: hasTime ? newest : EPOCH_1980 }
    }
    case 'file':
      return { bytes: payload.file.sizeBytes, newest: EPOCH_1980 }
    case 'image': {
      let bytes = 0
      for (const { length, source } of payload.image.extents) if (source.kind !== 'fill') bytes += length
      return { bytes, newest: EPOCH_1980 }
    }
    case 'none':
      return { bytes: 0, newest: EPOCH_1980 }
  }
}

/** `ext4`, `fat`, the base name of a raw file, `none`: the last word of a PartList.cfg line. */
export function payloadWord(volume: VolumeSpec): string {
  if (volume.kind === 'raw') return volume.path.slice(volume.path.lastIndexOf('/') + 1)
  return volume.kind === 'none' ? 'none' : volume.type
}
