/**
 * All feature flags by the names that dumpe2fs has for them, and which of the incompatible ones this reader understands.
 * A volume with another cannot be read; unknown ro_compat flags forbid writing only.  [EXT4 disk layout, super block: s_feature_*]
 */
import type { Ext4SuperBlock } from '../disklayout/superblock.js'

const COMPAT = {
  dir_prealloc: 0x0001,
  imagic_inodes: 0x0002,
  has_journal: 0x0004,
  ext_attr: 0x0008,
  resize_inode: 0x0010,
  dir_index: 0x0020,
  lazy_bg: 0x0040,
  exclude_inode: 0x0080,
  snapshot_bitmap: 0x0100,
  sparse_super2: 0x0200,
  fast_commit: 0x0400,
  stable_inodes: 0x0800,
  orphan_file: 0x1000,
} as const

const INCOMPAT = {
  compression: 0x0001,
  filetype: 0x0002,
  needs_recovery: 0x0004,
  journal_dev: 0x0008,
  meta_bg: 0x0010,
  extent: 0x0040,
  '64bit': 0x0080,
  mmp: 0x0100,
  flex_bg: 0x0200,
  ea_inode: 0x0400,
  dirdata: 0x1000,
  metadata_csum_seed: 0x2000,
  large_dir: 0x4000,
  inline_data: 0x8000,
  encrypt: 0x1_0000,
  casefold: 0x2_0000,
} as const

const RO_COMPAT = {
  sparse_super: 0x0001,
  large_file: 0x0002,
  btree_dir: 0x0004,
  huge_file: 0x0008,
  uninit_bg: 0x0010,
  dir_nlink: 0x0020,
  extra_isize: 0x0040,
  snapshot: 0x0080,
  quota: 0x0100,
  bigalloc: 0x0200,
  metadata_csum: 0x0400,
  replica: 0x0800,
  'read-only': 0x1000,
  project: 0x2000,
  shared_blocks: 0x4000,
  verity: 0x8000,
  orphan_present: 0x1_0000,
} as const

export type ReaderFeature = keyof typeof COMPAT | keyof typeof INCOMPAT | keyof typeof RO_COMPAT

const UNREADABLE: ReadonlySet<string> = new Set<ReaderFeature>(['compression', 'journal_dev', 'dirdata'])

export interface VolumeFeatures {
  /** In the order in which dumpe2fs lists them; unknown flags as `FEATURE_I18`, as it has them. */
  readonly names: readonly string[]
  /** Incompatible ones that this reader does not understand. */
  readonly unreadable: readonly string[]
  has(feature: ReaderFeature): boolean
}

export function readFeatures(superblock: Ext4SuperBlock): VolumeFeatures {
  const compat = namesOf(superblock.s_feature_compat, COMPAT, 'C')
  const incompat = namesOf(superblock.s_feature_incompat, INCOMPAT, 'I')
  const readOnly = namesOf(superblock.s_feature_ro_compat, RO_COMPAT, 'R')
  const names = [...compat, ...incompat, ...readOnly]
  const set = new Set(names)
  const unreadable = incompat.filter((name) => !Object.hasOwn(INCOMPAT, name) || UNREADABLE.has(name))
  return { names, unreadable, has: (feature) => set.has(feature) }
}

function namesOf(word: number, names: Readonly<Record<string, number>>, letter: string): string[] {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => Math.floor(word / 2 ** bit) % 2 === 1)
    .map((bit) => Object.entries(names).find(([, flag]) => flag === 2 ** bit)?.[0] ?? `FEATURE_${letter}${bit}`)
}

const EXT3_INCOMPAT: readonly string[] = ['filetype', 'needs_recovery', 'journal_dev', 'meta_bg']
const EXT3_RO_COMPAT: readonly string[] = ['sparse_super', 'large_file', 'btree_dir']

/** As blkid tells them apart: ext4 by the first feature that ext3 does not know, ext3 by its journal. */
export function formatOf(superblock: Ext4SuperBlock): 'ext2' | 'ext3' | 'ext4' {
  const newer = [
    ...namesOf(superblock.s_feature_incompat, INCOMPAT, 'I').filter((name) => !EXT3_INCOMPAT.includes(name)),
    ...namesOf(superblock.s_feature_ro_compat, RO_COMPAT, 'R').filter((name) => !EXT3_RO_COMPAT.includes(name)),
  ]
  if (newer.length > 0) return 'ext4'
  return Math.floor(superblock.s_feature_compat / COMPAT.has_journal) % 2 === 1 ? 'ext3' : 'ext2'
}
