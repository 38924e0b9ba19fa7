/** Where an inode's blocks stand, whichever way it says so. */
import { type BlockMap, MapCollector } from './map-collector.js'
import { readExtents } from './read-extents.js'
import { readIndirect } from './read-indirect.js'
import { type InodeRecord, usesExtents } from './read-inode.js'
import type { Reading } from './reading.js'

/** Of a file, directory or long symlink, which has blocks (no inline data, no device number). */
export function readBlockMap(reading: Reading, inode: InodeRecord): BlockMap {
  const map = new MapCollector(reading, inode)
  if (usesExtents(inode)) readExtents(reading, inode, map)
  else readIndirect(reading, inode, map)
  return map
}
