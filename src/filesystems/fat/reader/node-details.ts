/** What a directory entry says beyond the node, for `stat`. */
import type { Timestamp } from '../../../tree/file-tree.js'
import type { NodeDetails } from '../../volume-reader.js'
import { ATTR_ARCHIVE, ATTR_HIDDEN, ATTR_READ_ONLY, ATTR_SYSTEM, FIRST_CLUSTER } from '../disklayout.js'
import { readChain } from './cluster-chain.js'
import type { FatReading } from './fat-reading.js'
import { ownerOfFile } from './read-directory.js'
import { decodeFatTime } from './read-time.js'
import type { LocatedNode } from './read-tree.js'
import { clusterOffset } from './volume-shape.js'

/** As DOS and mtools show them, in their order. */
const ATTRIBUTE_LETTERS = [
  [ATTR_ARCHIVE, 'A'],
  [ATTR_READ_ONLY, 'R'],
  [ATTR_HIDDEN, 'H'],
  [ATTR_SYSTEM, 'S'],
] as const

export function describeNode(reading: FatReading, { entry, parent, place }: LocatedNode): NodeDetails {
  const { shape, offsetMinutes } = reading
  const owner = place?.owner ?? ownerOfFile(parent, entry!)
  const firstCluster = place?.firstCluster ?? entry!.firstCluster
  const hasChain = firstCluster >= FIRST_CLUSTER
  const { runs, count } = hasChain ? readChain(reading, firstCluster, owner, shape.clusters) : { runs: [], count: 0 }
  const chain = {
    first_cluster: firstCluster,
    clusters: count,
    fragments: runs.length,
    ...(hasChain && { first_byte: clusterOffset(shape, firstCluster) }),
  }
  if (entry === undefined) return chain
  const { record } = entry
  return {
    short_name: record.DIR_Name.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`),
    attributes: ATTRIBUTE_LETTERS.map(([bit, letter]) => ((record.DIR_Attr & bit) === 0 ? '' : letter)).join(''),
    ...chain,
    directory_slot: entry.slot,
    ...(record.DIR_CrtDate !== 0 && {
      created: isoText(decodeFatTime(record.DIR_CrtDate, record.DIR_CrtTime, record.DIR_CrtTimeTenth, offsetMinutes)),
    }),
    ...(record.DIR_LstAccDate !== 0 && {
      accessed: isoText(decodeFatTime(record.DIR_LstAccDate, 0, 0, 0)).slice(0, 10),
    }),
  }
}

function isoText({ seconds, nanoseconds }: Timestamp): string {
  return new Date(seconds * 1000 + nanoseconds / 1_000_000).toISOString()
}
