/**
 * Feature flags of the superblock, by the names that mke2fs -O takes, and the profiles that fix a set of them whatever
 * a machine's mke2fs.conf says.  [EXT4 disk layout, super block: s_feature_*]
 */
import { FormatError } from '../../errors.js'
import type { ExtFormatOptions, ExtType } from './options.js'

type FeatureWord = 'compat' | 'incompat' | 'ro_compat'

const FEATURES = {
  has_journal: ['compat', 0x0004],
  ext_attr: ['compat', 0x0008],
  resize_inode: ['compat', 0x0010],
  dir_index: ['compat', 0x0020],
  sparse_super2: ['compat', 0x0200],
  orphan_file: ['compat', 0x1000],
  filetype: ['incompat', 0x0002],
  meta_bg: ['incompat', 0x0010],
  extent: ['incompat', 0x0040],
  '64bit': ['incompat', 0x0080],
  flex_bg: ['incompat', 0x0200],
  metadata_csum_seed: ['incompat', 0x2000],
  large_dir: ['incompat', 0x4000],
  sparse_super: ['ro_compat', 0x0001],
  large_file: ['ro_compat', 0x0002],
  huge_file: ['ro_compat', 0x0008],
  uninit_bg: ['ro_compat', 0x0010],
  dir_nlink: ['ro_compat', 0x0020],
  extra_isize: ['ro_compat', 0x0040],
  metadata_csum: ['ro_compat', 0x0400],
} as const satisfies Record<string, readonly [FeatureWord, number]>

export type Feature = keyof typeof FEATURES
export type FeatureSet = ReadonlySet<Feature>

/** Other spellings that mke2fs takes. */
const ALIASES: Readonly<Record<string, Feature>> = {
  extents: 'extent',
  uninit_groups: 'uninit_bg',
  gdt_csum: 'uninit_bg',
  csum_seed: 'metadata_csum_seed',
}

/** Features of mke2fs that this writer does not make, so that a request gets a better answer than "unknown". */
const UNSUPPORTED = new Set(
  'bigalloc casefold dir_prealloc ea_inode encrypt fast_commit imagic_inodes inline_data journal_dev mmp project quota stable_inodes verity'.split(
    ' ',
  ),
)

const EXT2: readonly Feature[] = [
  'ext_attr',
  'resize_inode',
  'dir_index',
  'filetype',
  'sparse_super',
  'large_file',
] as const
const EXT3: readonly Feature[] = ['has_journal', ...EXT2]
const EXT4_COMMON: readonly Feature[] = [...EXT3, 'extent', 'flex_bg', 'huge_file', 'dir_nlink', 'extra_isize']
const EXT4: readonly Feature[] = [...EXT4_COMMON, '64bit', 'metadata_csum']

/** What each profile is for, and its features. docs/OUTPUT.md repeats the reasons. */
const PROFILES: Readonly<Record<string, { readonly type: ExtType; readonly features: readonly Feature[] }>> = {
  ext2: { type: 'ext2', features: EXT2 },
  ext3: { type: 'ext3', features: EXT3 },
  /** mke2fs 1.47.0 of Debian 12. */
  default: { type: 'ext4', features: EXT4 },
  /** mke2fs 1.47's own defaults. Linux 5.15 writes orphan_file; GRUB before 2.12 rejects metadata_csum_seed. */
  modern: { type: 'ext4', features: [...EXT4, 'metadata_csum_seed', 'orphan_file'] },
  /** GRUB 2.04 refuses every incompatible feature but filetype, extent, flex_bg, meta_bg and 64bit. */
  'grub-2.04': { type: 'ext4', features: EXT4 },
  /** U-Boot reads the default set, writes only without metadata_csum and 64bit, and into no directory with a hash tree. */
  'u-boot': { type: 'ext4', features: EXT4_COMMON.filter((feature) => feature !== 'dir_index') },
  /** mke2fs 1.42.9 as CentOS 7 has it: its e2fsck knows no metadata_csum. */
  'kernel-3.10': { type: 'ext4', features: [...EXT4_COMMON, '64bit', 'uninit_bg'] },
}

/** The features of a volume, from type, profile and single changes. Throws FormatError with everything that is wrong. */
export function chooseFeatures(options: ExtFormatOptions): FeatureSet {
  const features = new Set(profileFeatures(options))
  const unknown: string[] = []
  for (const item of (options.features ?? []).flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== '')) {
    const name = item.replace(/^\^/, '')
    if (name === 'none') {
      features.clear()
      continue
    }
    const feature = toFeature(name)
    if (feature === undefined) unknown.push(name)
    else if (item.startsWith('^')) features.delete(feature)
    else features.add(feature)
  }
  if (unknown.length > 0) {
    throw new FormatError(
      unknown.map((name) => ({
        message: `Cannot make ${options.type} with feature "${name}": ${
          UNSUPPORTED.has(name) ? 'diskloom does not write it' : 'no such feature'
        }, accepted are ${Object.keys(FEATURES).join(', ')}`,
      })),
    )
  }
  if (options.journal_size === 0) features.delete('has_journal')
  else if (options.journal_size !== undefined) features.add('has_journal')
  dropImplied(features, options)
  assertCombination(features, options)
  return features
}

function profileFeatures({ type, profile }: ExtFormatOptions): readonly Feature[] {
  const name = profile === undefined || profile === 'default' ? (type === 'ext4' ? 'default' : type) : profile
  const found = Object.hasOwn(PROFILES, name) ? PROFILES[name] : undefined
  if (found === undefined) {
    throw new FormatError(
      `Cannot make ${type} with profile "${name}": no such profile, accepted are ${Object.keys(PROFILES).join(', ')}`,
    )
  }
  if (found.type !== type) {
    throw new FormatError(`Cannot make ${type} with profile "${name}": the profile is for ${found.type}`)
  }
  return found.features
}

function toFeature(name: string): Feature | undefined {
  return Object.hasOwn(FEATURES, name) ? (name as Feature) : Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined
}

/** As mke2fs: what came only from the profile and lost what it stands on goes without a word. */
function dropImplied(features: Set<Feature>, options: ExtFormatOptions): void {
  const asked = new Set((options.features ?? []).flatMap((text) => text.split(/[\s,]+/)))
  if (features.has('metadata_csum')) features.delete('uninit_bg')
  if (!features.has('has_journal') && !asked.has('orphan_file')) features.delete('orphan_file')
  if (!features.has('metadata_csum') && !asked.has('metadata_csum_seed')) features.delete('metadata_csum_seed')
}

const NEEDS: readonly (readonly [Feature, Feature])[] = [
  ['64bit', 'extent'],
  ['metadata_csum_seed', 'metadata_csum'],
  ['orphan_file', 'has_journal'],
  ['resize_inode', 'sparse_super'],
  ['large_dir', 'dir_index'],
]

function assertCombination(features: FeatureSet, { type }: ExtFormatOptions): void {
  const problems = NEEDS.filter(([feature, needed]) => features.has(feature) && !features.has(needed)).map(
    ([feature, needed]) => ({ message: `Cannot make ${type} with feature "${feature}": it needs "${needed}"` }),
  )
  if (features.has('meta_bg') && features.has('resize_inode')) {
    problems.push({ message: `Cannot make ${type} with feature "meta_bg": it excludes "resize_inode"` })
  }
  if (problems.length > 0) throw new FormatError(problems)
}

/** One feature word of the superblock. */
export function featureWord(features: FeatureSet, word: FeatureWord): number {
  let bits = 0
  for (const feature of features) if (FEATURES[feature][0] === word) bits += FEATURES[feature][1]
  return bits
}

/** In the order in which dumpe2fs lists them: by word, then by bit. */
export function listFeatures(features: FeatureSet): Feature[] {
  return (Object.keys(FEATURES) as Feature[]).filter((feature) => features.has(feature))
}

/** Groups have checksums and may leave bitmaps and inode tables uninitialised. */
export function hasGroupChecksums(features: FeatureSet): boolean {
  return features.has('metadata_csum') || features.has('uninit_bg')
}
