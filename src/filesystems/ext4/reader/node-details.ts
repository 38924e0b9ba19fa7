/** What an inode says beyond the node, for `stat`: in the words of the format. */

import type { Timestamp } from '../../../tree/file-tree.js'
import type { NodeDetails } from '../../volume-reader.js'
import { I_BLOCKS_UNIT_BYTES } from '../disklayout/inode.js'
import { readBlockMap } from './block-map.js'
import { type InodeRecord, isInline, otherTimes, usesExtents } from './read-inode.js'
import type { Reading } from './reading.js'
import { hasBlockMap } from './used-stretches.js'
import { hex } from './volume-shape.js'

const NANOSECOND_DIGITS = 9

export function describeNode(reading: Reading, inode: InodeRecord): NodeDetails {
  const { atime, ctime, crtime } = otherTimes(inode)
  return {
    inode: inode.number,
    links: inode.links,
    flags: hex(inode.flags),
    generation: inode.generation,
    blocks: inode.allocatedBytes / I_BLOCKS_UNIT_BYTES,
    ...mapDetails(reading, inode),
    ...(inode.xattrBlock !== 0 && { xattr_block: inode.xattrBlock }),
    atime: timeText(atime),
    ctime: timeText(ctime),
    ...(crtime !== undefined && { crtime: timeText(crtime) }),
  }
}

function mapDetails(reading: Reading, inode: InodeRecord): NodeDetails {
  if (isInline(inode)) return { map: 'inline' }
  if (!hasBlockMap(reading, inode)) return {}
  const { runs } = readBlockMap(reading, inode)
  return {
    map: usesExtents(inode) ? 'extents' : 'indirect blocks',
    fragments: runs.length,
    ...(runs.length > 0 && { first_block: runs[0]!.physical }),
  }
}

/** Seconds since 1970 with nanoseconds, exactly. */
function timeText({ seconds, nanoseconds }: Timestamp): string {
  return `${seconds}.${String(nanoseconds).padStart(NANOSECOND_DIGITS, '0')}`
}
