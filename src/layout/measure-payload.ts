/** How much a payload is, and since when. */
import type { VolumeSpec } from '../config/spec.js'
import { compareTimestamps, EPOCH_1980 } from '../tree/file-tree.js'
import { measureTree } from '../tree/tree-stats.js'
import type { Payload, PayloadMeasure, Payloads } from './disk-plan.js'

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
    case 'image':
    case 'sealed':
      return payload.measure
    case 'volumes': {
      const measures = payload.payloads.map(measurePayload)
      const newest = measures
        .map((measure) => measure.newest)
        .sort(compareTimestamps)
        .at(-1)
      return { bytes: measures.reduce((sum, { bytes }) => sum + bytes, 0), newest: newest ?? EPOCH_1980 }
    }
    case 'none':
      return { bytes: 0, newest: EPOCH_1980 }
  }
}

/** The payloads, in the place of UBI's those of its volumes. */
export function leafPayloads(payloads: Payloads): Payloads {
  return payloads.flatMap((payload) => (payload.kind === 'volumes' ? leafPayloads(payload.payloads) : [payload]))
}

/** `ext4`, `fat`, the base name of a raw file, `none`: the last word of a PartList.cfg line. */
export function payloadWord(volume: VolumeSpec): string {
  if (volume.kind === 'raw') return volume.path.slice(volume.path.lastIndexOf('/') + 1)
  return volume.kind === 'none' ? 'none' : volume.type
}
