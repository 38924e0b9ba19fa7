/** What the superblock says of the volume, for `inspect`. */
import { uuidFromBytes } from '../../../bytes/guid.js'
import type { ImageView } from '../../../image/image-view.js'
import type { VolumeSummary } from '../../volume-reader.js'
import { fromHalves } from '../disklayout/halves.js'
import { EXT4_ERROR_FS, EXT4_VALID_FS } from '../disklayout/superblock.js'
import { formatOf } from './feature-names.js'
import { checkSuperblockChecksum, type VolumeShape } from './volume-shape.js'

const NUL = '\0'

export function summarize(view: ImageView, shape: VolumeShape): VolumeSummary {
  const { superblock, blockSize, blockCount, features } = shape
  const s = superblock
  const high = (value: number): number => (features.has('64bit') ? value : 0)
  const freeBlocks = Math.min(blockCount, fromHalves(s.s_free_blocks_count_lo, high(s.s_free_blocks_count_hi)))
  const freeInodes = Math.min(shape.inodeCount, s.s_free_inodes_count)
  const label = text(s.s_volume_name)
  return {
    format: formatOf(s),
    ...(label !== '' && { label }),
    ...(s.s_uuid.some((byte) => byte !== 0) && { uuid: uuidFromBytes(s.s_uuid) }),
    sizeBytes: blockCount * blockSize,
    usedBytes: (blockCount - freeBlocks) * blockSize,
    freeBytes: freeBlocks * blockSize,
    usedInodes: shape.inodeCount - freeInodes,
    freeInodes,
    state: stateOf(shape),
    facts: {
      block_size: blockSize,
      blocks: blockCount,
      ...(shape.clusterBlocks > 1 && { cluster_size: shape.clusterBlocks * blockSize }),
      groups: shape.groupCount,
      inodes: shape.inodeCount,
      inode_size: shape.inodeSize,
      reserved_blocks: fromHalves(s.s_r_blocks_count_lo, high(s.s_r_blocks_count_hi)),
      unused_tail_bytes: view.sizeBytes - blockCount * blockSize,
      features: features.names,
      ...(text(s.s_last_mounted) !== '' && { last_mounted: text(s.s_last_mounted) }),
      mounts: s.s_mnt_count,
    },
  }
}

/** The worst first. */
function stateOf(shape: VolumeShape): string {
  const { s_state, s_error_count, s_last_orphan } = shape.superblock
  let isDamaged = false
  checkSuperblockChecksum(shape, () => {
    isDamaged = true
  })
  if (isDamaged) return 'the superblock has a wrong checksum'
  if (s_state & EXT4_ERROR_FS || s_error_count > 0) return 'errors were found'
  if (shape.features.has('needs_recovery')) return 'the journal needs recovery'
  if (shape.features.has('orphan_present') || s_last_orphan !== 0) return 'deleted files wait for their removal'
  return s_state & EXT4_VALID_FS ? 'clean' : 'not unmounted'
}

/** Up to the first NUL. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').split(NUL)[0]!
}
