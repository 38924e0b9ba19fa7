/** The superblock, and for each group that has a copy the superblock and descriptors there. */
import { uuidToBytes } from '../../bytes/guid.js'
import { byteString, byteStringToBytes } from '../../bytes/text.js'
import { type Extent, ZERO } from '../../image/extent.js'
import { checksumSeed, superblockChecksum } from './checksums.js'
import { highHalf, lowHalf } from './disklayout/halves.js'
import { EXT4_GOOD_OLD_FIRST_INO, EXT4_GOOD_OLD_INODE_SIZE, EXT4_JOURNAL_INO, EXTRA_ISIZE } from './disklayout/inode.js'
import {
  DX_HASH_HALF_MD4,
  EXT2_FLAGS_SIGNED_HASH,
  EXT3_JNL_BACKUP_BLOCKS,
  EXT4_CRC32C_CHKSUM,
  EXT4_DEFM_ACL,
  EXT4_DEFM_XATTR_USER,
  EXT4_DYNAMIC_REV,
  EXT4_ERRORS_CONTINUE,
  EXT4_SUPER_MAGIC,
  EXT4_VALID_FS,
  Ext4SuperBlock,
  LABEL_BYTES,
  LAST_MOUNTED_BYTES,
  NO_MOUNT_LIMIT,
  SUPERBLOCK_OFFSET_BYTES,
} from './disklayout/superblock.js'
import type { EncodedGroups } from './encode-groups.js'
import { type Feature, featureWord } from './features.js'
import { groupHead } from './group-layout.js'
import { orphanInodeOf, type VolumePlan } from './volume-plan.js'

const JNL_BLOCKS_WORDS = 17
const MIN_LOG_BLOCK_SIZE = 10
/** mke2fs says that it wrote a kilobyte on volumes with one of these, whatever it wrote. */
const EXT4_ONLY: readonly Feature[] = ['flex_bg', 'huge_file', 'uninit_bg', 'dir_nlink', 'metadata_csum', 'extra_isize']

export interface SuperblockInput {
  readonly groups: EncodedGroups
  /** Blocks of the file system's own structures, the journal included. */
  readonly overheadBlocks: number
  readonly journalInode: { readonly block: Uint8Array; readonly sizeBytes: number } | undefined
}

/** The fields that all copies share. */
function superblockFields(plan: VolumePlan, { groups, overheadBlocks, journalInode }: SuperblockInput): Ext4SuperBlock {
  const { geometry } = plan
  const { features, blockSize, inodeSize } = geometry
  const seconds = Math.max(0, plan.time.seconds)
  const uuid = uuidToBytes(plan.uuid)
  const logBlockSize = Math.log2(blockSize) - MIN_LOG_BLOCK_SIZE
  const isLarge = inodeSize > EXT4_GOOD_OLD_INODE_SIZE
  const label = new Uint8Array(LABEL_BYTES)
  label.set(byteStringToBytes(byteString(plan.label)))
  return {
    s_inodes_count: geometry.inodeCount,
    s_blocks_count_lo: lowHalf(geometry.blockCount),
    s_r_blocks_count_lo: lowHalf(geometry.reservedBlockCount),
    s_free_blocks_count_lo: lowHalf(groups.freeBlocks),
    s_free_inodes_count: groups.freeInodes,
    s_first_data_block: geometry.firstDataBlock,
    s_log_block_size: logBlockSize,
    s_log_cluster_size: logBlockSize,
    s_blocks_per_group: geometry.blocksPerGroup,
    s_clusters_per_group: geometry.blocksPerGroup,
    s_inodes_per_group: geometry.inodesPerGroup,
    s_mtime: 0,
    s_wtime: lowHalf(seconds),
    s_mnt_count: 0,
    s_max_mnt_count: NO_MOUNT_LIMIT,
    s_magic: EXT4_SUPER_MAGIC,
    s_state: EXT4_VALID_FS,
    s_errors: EXT4_ERRORS_CONTINUE,
    s_minor_rev_level: 0,
    s_lastcheck: lowHalf(seconds),
    s_checkinterval: 0,
    s_creator_os: 0,
    s_rev_level: EXT4_DYNAMIC_REV,
    s_def_resuid: 0,
    s_def_resgid: 0,
    s_first_ino: EXT4_GOOD_OLD_FIRST_INO,
    s_inode_size: inodeSize,
    s_block_group_nr: 0,
    s_feature_compat: featureWord(features, 'compat'),
    s_feature_incompat: featureWord(features, 'incompat'),
    s_feature_ro_compat: featureWord(features, 'ro_compat'),
    s_uuid: uuid,
    s_volume_name: label,
    s_last_mounted: new Uint8Array(LAST_MOUNTED_BYTES),
    s_reserved_gdt_blocks: geometry.reservedDescriptorBlocks,
    s_journal_inum: journalInode === undefined ? 0 : EXT4_JOURNAL_INO,
    s_journal_dev: 0,
    s_last_orphan: 0,
    s_hash_seed: plan.hashSeed,
    s_def_hash_version: DX_HASH_HALF_MD4,
    s_jnl_backup_type: journalInode === undefined ? 0 : EXT3_JNL_BACKUP_BLOCKS,
    s_desc_size: features.has('64bit') ? geometry.descriptorSize : 0,
    s_default_mount_opts: EXT4_DEFM_XATTR_USER + EXT4_DEFM_ACL,
    s_first_meta_bg: 0,
    s_mkfs_time: lowHalf(seconds),
    s_jnl_blocks: journalBackup(journalInode),
    s_blocks_count_hi: highHalf(geometry.blockCount),
    s_r_blocks_count_hi: highHalf(geometry.reservedBlockCount),
    s_free_blocks_count_hi: highHalf(groups.freeBlocks),
    s_min_extra_isize: isLarge ? EXTRA_ISIZE : 0,
    s_want_extra_isize: isLarge ? EXTRA_ISIZE : 0,
    s_flags: EXT2_FLAGS_SIGNED_HASH,
    s_raid_stride: plan.stride,
    s_mmp_block: 0,
    s_raid_stripe_width: plan.stripeWidth,
    s_log_groups_per_flex: Math.log2(geometry.flexSize),
    s_checksum_type: features.has('metadata_csum') ? EXT4_CRC32C_CHKSUM : 0,
    s_kbytes_written: EXT4_ONLY.some((feature) => features.has(feature)) ? 1 : 0,
    s_error_count: 0,
    s_usr_quota_inum: 0,
    s_grp_quota_inum: 0,
    s_overhead_clusters: overheadBlocks,
    s_backup_bgs: geometry.backupGroups,
    s_prj_quota_inum: 0,
    s_checksum_seed: features.has('metadata_csum_seed') ? checksumSeed(uuid) : 0,
    s_wtime_hi: highHalf(seconds),
    s_mtime_hi: 0,
    s_mkfs_time_hi: highHalf(seconds),
    s_lastcheck_hi: highHalf(seconds),
    s_orphan_file_inum: orphanInodeOf(plan),
    s_checksum: 0,
  }
}

/** i_block of the journal's inode, then i_size_high and i_size_lo. */
function journalBackup(inode: SuperblockInput['journalInode']): number[] {
  if (inode === undefined) return new Array<number>(JNL_BLOCKS_WORDS).fill(0)
  const view = new DataView(inode.block.buffer, inode.block.byteOffset, inode.block.length)
  const words = Array.from({ length: inode.block.length / 4 }, (_, index) => view.getUint32(index * 4, true))
  return [...words, highHalf(inode.sizeBytes), lowHalf(inode.sizeBytes)]
}

/** Every group's head, from the first byte of the volume on: superblock copies, descriptors, blocks reserved for more. */
export function encodeHeads(plan: VolumePlan, input: SuperblockInput): Extent[] {
  const { geometry } = plan
  const { blockSize, features } = geometry
  const fields = superblockFields(plan, input)
  const extents: Extent[] = []
  const zeros = (offset: number, length: number): void => {
    if (length > 0) extents.push({ offset, length, source: ZERO })
  }
  const bytes = (offset: number, content: Uint8Array): void => {
    extents.push({ offset, length: content.length, source: { kind: 'bytes', bytes: content } })
  }
  const superblock = (group: number): Uint8Array => {
    const own = { ...fields, s_block_group_nr: group % 0x10000, s_state: group === 0 ? EXT4_VALID_FS : 0 }
    const encoded = Ext4SuperBlock.encode(own)
    if (!features.has('metadata_csum')) return encoded
    return Ext4SuperBlock.encode({ ...own, s_checksum: superblockChecksum(encoded) })
  }
  zeros(0, SUPERBLOCK_OFFSET_BYTES)
  for (let group = 0; group < geometry.groupCount; group++) {
    const head = groupHead(geometry, group)
    if (head.hasSuperblock) {
      const offset = group === 0 ? SUPERBLOCK_OFFSET_BYTES : head.firstBlock * blockSize
      bytes(offset, superblock(group))
      zeros(offset + Ext4SuperBlock.SIZE, head.descriptorBlock * blockSize - offset - Ext4SuperBlock.SIZE)
    }
    if (head.descriptorBlocks > 0) {
      const from = head.descriptorIndex * blockSize
      const part = input.groups.descriptors.subarray(from, from + head.descriptorBlocks * blockSize)
      bytes(head.descriptorBlock * blockSize, part)
    }
    // Those behind the first superblock hold the resize inode's map.
    if (head.reservedBlocks > 0 && group > 0) {
      zeros((head.descriptorBlock + head.descriptorBlocks) * blockSize, head.reservedBlocks * blockSize)
    }
  }
  return extents
}
