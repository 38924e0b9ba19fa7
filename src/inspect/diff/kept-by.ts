/** What formats keep of a node, so that only that is compared. */
import type { VolumeReader } from '../../filesystems/volume-reader.js'
import type { Timestamp } from '../../tree/file-tree.js'
import type { TreeComparison } from './compare-trees.js'
import type { Ignorable, Ignored } from './ignored.js'

type Kept = Pick<TreeComparison, 'ignored' | 'asKept' | 'rootAttributes'>

/** Only what all of the volumes' formats can hold is compared. */
export function keptBy(volumes: readonly Pick<VolumeReader, 'summary'>[], ignored: Ignored): Kept {
  if (volumes.some(({ summary }) => summary.format.startsWith('fat'))) {
    return { ignored: new Set([...ignored, ...NOT_IN_FAT]), asKept: asFatTime, rootAttributes: false }
  }
  const isWithoutFractions = volumes.some(
    ({ summary: { format, facts } }) => format === 'jffs2' || facts.inode_size === SMALL_INODE_BYTES,
  )
  return isWithoutFractions ? { ignored, asKept: inWholeSeconds } : { ignored }
}

/** Without room for nanoseconds, as JFFS2's are. [EXT4 disk layout] */
const SMALL_INODE_BYTES = 128

const NOT_IN_FAT: readonly Ignorable[] = ['modes', 'owners', 'xattrs', 'links']
const FAT_STEP_SECONDS = 2
/** 1980-01-01 and 2107-12-31T23:59:58. [FATGEN] */
const FAT_EARLIEST_SECONDS = 315_532_800
const FAT_LATEST_SECONDS = 4_354_819_198

function asFatTime({ seconds }: Timestamp): Timestamp {
  const even = Math.floor(seconds / FAT_STEP_SECONDS) * FAT_STEP_SECONDS
  return { seconds: Math.min(Math.max(even, FAT_EARLIEST_SECONDS), FAT_LATEST_SECONDS), nanoseconds: 0 }
}

function inWholeSeconds({ seconds }: Timestamp): Timestamp {
  return { seconds, nanoseconds: 0 }
}
