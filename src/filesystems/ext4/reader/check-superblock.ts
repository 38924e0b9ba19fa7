/** Values of the superblock that reading does not depend on, and its copies.  [e2fsprogs 1.47.0 e2fsck/super.c] */
import { isZero } from '../../../bytes/zeros.js'
import { superblockChecksum } from '../checksums.js'
import { fromHalves } from '../disklayout/halves.js'
import { EXT4_GOOD_OLD_INODE_SIZE, EXT4_JOURNAL_INO } from '../disklayout/inode.js'
import { EXT4_CRC32C_CHKSUM, Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import type { CheckContext } from './check-context.js'
import { holdsSuperblock, superblockBlock } from './group-places.js'
import { checkSuperblockChecksum, hex } from './volume-shape.js'

const ADDRESS_BYTES = 4
const EXTRA_SIZE_STEP = 4
const MAX_LOG_GROUPS_PER_FLEX = 31

export function checkSuperblock({ shape, report }: CheckContext): void {
  checkSuperblockChecksum(shape, report)
  const s = shape.superblock
  const { features, blockCount, blockSize, inodeSize, inodeCount } = shape
  const expect = (isSo: boolean, field: string, found: number | string, expected: string): void => {
    if (!isSo) report({ structure: 'superblock', offset: SUPERBLOCK_OFFSET_BYTES, field, found, expected })
  }
  const has64 = features.has('64bit')
  const reserved = fromHalves(s.s_r_blocks_count_lo, has64 ? s.s_r_blocks_count_hi : 0)
  expect(reserved <= blockCount / 2, 's_r_blocks_count', reserved, `at most half of the ${blockCount} blocks`)
  const perBlock = blockSize / ADDRESS_BYTES
  expect(
    s.s_reserved_gdt_blocks <= perBlock,
    's_reserved_gdt_blocks',
    s.s_reserved_gdt_blocks,
    `at most ${perBlock}, what one block of numbers can name`,
  )
  expect(
    !features.has('meta_bg') || s.s_first_meta_bg <= shape.descriptorBlocks,
    's_first_meta_bg',
    s.s_first_meta_bg,
    `at most ${shape.descriptorBlocks}, the blocks of descriptors`,
  )
  expect(
    s.s_log_groups_per_flex <= MAX_LOG_GROUPS_PER_FLEX,
    's_log_groups_per_flex',
    s.s_log_groups_per_flex,
    `at most ${MAX_LOG_GROUPS_PER_FLEX}`,
  )
  const room = inodeSize - EXT4_GOOD_OLD_INODE_SIZE
  for (const field of ['s_min_extra_isize', 's_want_extra_isize'] as const) {
    const isSound = room === 0 || (s[field] <= room && s[field] % EXTRA_SIZE_STEP === 0)
    expect(isSound, field, s[field], `a multiple of ${EXTRA_SIZE_STEP} up to ${room}`)
  }
  expect(
    shape.checksumSeed === undefined || s.s_checksum_type === EXT4_CRC32C_CHKSUM,
    's_checksum_type',
    s.s_checksum_type,
    `${EXT4_CRC32C_CHKSUM} (crc32c) with the feature metadata_csum`,
  )
  expect(
    !features.has('metadata_csum') || !features.has('uninit_bg'),
    's_feature_ro_compat',
    'metadata_csum and uninit_bg',
    'one of the two',
  )
  if (!features.has('has_journal')) {
    expect(s.s_journal_inum === 0, 's_journal_inum', s.s_journal_inum, '0 without the feature has_journal')
  } else if (s.s_journal_dev === 0) {
    const expected = `${EXT4_JOURNAL_INO} where the journal is in the volume`
    expect(s.s_journal_inum === EXT4_JOURNAL_INO, 's_journal_inum', s.s_journal_inum, expected)
  }
  if (features.has('quota')) {
    for (const field of ['s_usr_quota_inum', 's_grp_quota_inum', 's_prj_quota_inum'] as const) {
      expect(s[field] <= inodeCount, field, s[field], `0 or an inode up to ${inodeCount}`)
    }
  }
  expect(s.s_last_orphan <= inodeCount, 's_last_orphan', s.s_last_orphan, `0 or an inode up to ${inodeCount}`)
  const free = fromHalves(s.s_free_blocks_count_lo, has64 ? s.s_free_blocks_count_hi : 0)
  expect(free <= blockCount, 's_free_blocks_count', free, `at most ${blockCount}`)
}

/** What all copies have in common; the rest is written to the first one only. */
const SAME_IN_COPIES = [
  's_magic',
  's_inodes_count',
  's_blocks_count_lo',
  's_blocks_count_hi',
  's_first_data_block',
  's_log_block_size',
  's_log_cluster_size',
  's_blocks_per_group',
  's_clusters_per_group',
  's_inodes_per_group',
  's_inode_size',
  's_desc_size',
  's_first_meta_bg',
] as const
/** Flags that the kernel sets when it first uses what they stand for, in the first copy alone. */
const SET_IN_USE = {
  s_feature_compat: 0x0008, // ext_attr
  s_feature_incompat: 0x0004 | 0x0040, // needs_recovery, extent
  s_feature_ro_compat: 0x0002 | 0x0020 | 0x1_0000, // large_file, dir_nlink, orphan_present
} as const

export function checkBackups(context: CheckContext): void {
  const { shape, disk, report } = context
  const { superblock, blockSize, groupCount } = shape
  const holders = Array.from({ length: groupCount }, (_, group) => group).filter(
    (group) => group > 0 && holdsSuperblock(shape, group),
  )
  const copyAt = (group: number): Uint8Array =>
    disk.view.read(superblockBlock(shape, group) * blockSize, Ext4SuperBlock.SIZE, `superblock copy in group ${group}`)
  if (holders.length > 0 && holders.every((group) => isZero(copyAt(group)))) {
    context.hasBlankCopies = true
    report({
      structure: `superblock copies in ${holders.length} groups, the first of them group ${holders[0]}`,
      offset: superblockBlock(shape, holders[0]!) * blockSize,
      field: 'their content',
      found: 'zeros, as e2image leaves them',
      expected: 'a copy of the superblock',
      isHarmless: true,
    })
    return
  }
  for (const group of holders) {
    const offset = superblockBlock(shape, group) * blockSize
    const structure = `superblock copy in group ${group}`
    const bytes = copyAt(group)
    const copy = disk.view.decode(Ext4SuperBlock, offset, structure)
    const expect = (isSo: boolean, field: string, found: number | string, expected: number | string): void => {
      if (!isSo) report({ structure, offset, field, found, expected: `${expected}` })
    }
    for (const field of SAME_IN_COPIES) {
      expect(copy[field] === superblock[field], field, copy[field], `${superblock[field]}, as in the first one`)
    }
    expect(
      copy.s_uuid.every((byte, index) => byte === superblock.s_uuid[index]),
      's_uuid',
      Buffer.from(copy.s_uuid).toString('hex'),
      `${Buffer.from(superblock.s_uuid).toString('hex')}, as in the first one`,
    )
    for (const field of ['s_feature_compat', 's_feature_incompat', 's_feature_ro_compat'] as const) {
      const differing = (copy[field] ^ superblock[field]) & ~SET_IN_USE[field]
      expect(differing === 0, field, hex(copy[field]), `${hex(superblock[field])}, as in the first one`)
    }
    const number = group % GROUP_NUMBERS
    // Old versions of mke2fs wrote none.
    const isOwn = copy.s_block_group_nr === number || copy.s_block_group_nr === 0
    expect(isOwn, 's_block_group_nr', copy.s_block_group_nr, number)
    if (shape.checksumSeed !== undefined) {
      const expected = superblockChecksum(bytes)
      expect(copy.s_checksum === expected, 's_checksum', hex(copy.s_checksum), hex(expected))
    }
  }
}
/** s_block_group_nr has 16 bits. */
const GROUP_NUMBERS = 0x1_0000
