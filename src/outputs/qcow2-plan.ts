/**
 * A QCOW2 file as it will stand, known before any byte flows: header, reference counts, L1, the L2 tables that have an
 * entry, content. Zeros that matter are zero clusters, unspecified space is not allocated: the three states, kept.
 */
import { OFLAG_COPIED_HIGH } from '../archives/qcow2/disklayout.js'
import type { DiskImage } from '../image/extent.js'
import type { BlockStretch } from './block-stretches.js'
import type { PlacedStretch } from './placed-writer.js'
import type { PlannedFile } from './planned-sink.js'
import {
  clusterStretches,
  countClusters,
  countReferences,
  encodeL1,
  encodeL2Tables,
  encodeQcow2Header,
  encodeRefcounts,
  encodeRefcountTable,
  l1Clusters,
  l2Tables,
  putEntry,
  QCOW2_CLUSTER_BYTES,
} from './qcow2-structure.js'

interface Header {
  readonly position: number
  readonly bytes: Uint8Array
}

export function planQcow2(image: DiskImage): PlannedFile {
  const { sizeBytes } = image
  const stretches = clusterStretches(image)
  const tables = l2Tables(stretches)
  const data = stretches.reduce((sum, { start, end, fill }) => sum + (fill === 0 ? 0 : countClusters(end - start)), 0)
  const shape = countReferences({ l1: l1Clusters(sizeBytes), l2: tables.length, data })
  const used = 1 + shape.refcountTable + shape.refcountBlocks + shape.l1 + shape.l2 + shape.data
  const at = {
    refcountTable: QCOW2_CLUSTER_BYTES,
    refcountBlocks: (1 + shape.refcountTable) * QCOW2_CLUSTER_BYTES,
    l1: (1 + shape.refcountTable + shape.refcountBlocks) * QCOW2_CLUSTER_BYTES,
    l2: (used - shape.data - shape.l2) * QCOW2_CLUSTER_BYTES,
    data: (used - shape.data) * QCOW2_CLUSTER_BYTES,
  }
  const placed = placeData(stretches, at.data)
  function* headers(): Generator<Header> {
    yield { position: 0, bytes: encodeQcow2Header(sizeBytes, at, shape) }
    yield { position: at.refcountTable, bytes: encodeRefcountTable(shape.refcountBlocks, at.refcountBlocks) }
    let counted = at.refcountBlocks
    for (const bytes of encodeRefcounts(used, () => 1)) {
      yield { position: counted, bytes }
      counted += bytes.length
    }
    yield { position: at.l1, bytes: encodeL1(sizeBytes, tables, at.l2) }
    let position = at.l2
    for (const bytes of encodeL2Tables(stretches, tables, placesOf(placed))) {
      yield { position, bytes }
      position += QCOW2_CLUSTER_BYTES
    }
  }
  return { sizeBytes: used * QCOW2_CLUSTER_BYTES, headers: headers(), stretches: placed }
}

function placeData(stretches: readonly BlockStretch[], position: number): PlacedStretch[] {
  const placed: PlacedStretch[] = []
  let next = position
  for (const { start, end, fill } of stretches) {
    if (fill === 0) continue
    placed.push({ start, end, position: next })
    next += end - start
  }
  return placed
}

/** Asked in the order of the disk. */
function placesOf(placed: readonly PlacedStretch[]): (view: DataView, entry: number, diskOffset: number) => void {
  let index = 0
  return (view, entry, diskOffset) => {
    while (placed[index]!.end <= diskOffset) index++
    const { start, position } = placed[index]!
    putEntry(view, entry, position + diskOffset - start, OFLAG_COPIED_HIGH)
  }
}
