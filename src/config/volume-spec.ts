/**
 * What a volume is asked to be, and what it holds: families, their options, content. Part of spec.ts, which everybody imports.
 */
import type { ConfigPath } from '../errors.js'
import type { SizeSpec } from '../schema/quantity.js'

export type { SizeSpec } from '../schema/quantity.js'

export type ExtFamily = 'ext2' | 'ext3' | 'ext4'
export type FatFamily = 'fat' | 'fat12' | 'fat16' | 'fat32'
/** Only the host's tools write these. */
export type HostFamily = 'squashfs' | 'erofs' | 'btrfs' | 'f2fs' | 'xfs' | 'ubifs'
/** Type word of `fs:`; `vfat` has become `fat`. */
export type FileSystemType = ExtFamily | FatFamily | 'jffs2' | 'u-boot-env' | 'ubi' | HostFamily | 'swap' | 'verity'

export type OwnerSpec =
  | { readonly kind: 'root' }
  | { readonly kind: 'keep' }
  /** Owner ids on the host → ids in the volume; what is not named becomes 0. */
  | { readonly kind: 'map'; readonly uid: ReadonlyMap<number, number>; readonly gid: ReadonlyMap<number, number> }

/** A user and a group, each a number in decimal or a name in the volume's own etc/passwd and etc/group. */
export interface AccountSpec {
  readonly user: string
  readonly group: string
}

/** One entry of `content:`. Each is laid over, or changes, what the ones before it have made. */
export type ContentSource = LayerSource | DeviceTableSource | TreeChange

/** A tree of its own. */
export interface LayerSource {
  /** `path`: a folder, or an archive as what is in the file tells. `list`: of gen_init_cpio. */
  readonly kind: 'path' | 'folder' | 'tar' | 'cpio' | 'list'
  /** On the host, absolute. */
  readonly path: string
  /** Folder of the volume that gets it (`opt/app`); missing: the root. */
  readonly to?: string
  /** Patterns: only these of it; all but these. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  /** Missing: the volume's rule; where that is missing too, root for a folder, the archive's own ids for an archive. */
  readonly owner?: OwnerSpec | ({ readonly kind: 'account' } & AccountSpec)
  /** What a folder of it does where the volume has a symbolic link: it goes through (the default), or takes its place. */
  readonly overLinks?: 'follow' | 'replace'
  readonly configPath: ConfigPath
}

/** Buildroot's makedevs table. */
export interface DeviceTableSource {
  readonly kind: 'device-table'
  readonly path: string
  readonly configPath: ConfigPath
}

export interface GivenAttributes {
  /** 0 to 0o7777. */
  readonly mode?: number
  readonly owner?: AccountSpec
}

export type TreeChange = { readonly configPath: ConfigPath } & (
  | { readonly kind: 'remove'; readonly patterns: readonly string[] }
  /** `from`: a path, or a pattern that one path matches. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'set'; readonly patterns: readonly string[]; readonly attributes: GivenAttributes }
  | {
      readonly kind: 'put'
      /** In the volume. */
      readonly path: string
      readonly entry: ContentEntry
      readonly attributes: GivenAttributes
    }
)

/** What is put at one path of a volume. */
export type ContentEntry =
  | { readonly kind: 'text'; readonly text: string }
  /** A file of the host, absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'char' | 'block'; readonly major: number; readonly minor: number }
  | { readonly kind: 'fifo' }
  | { readonly kind: 'image'; readonly image: NestedImageSpec }

/** A volume that is the content of a file. */
export interface NestedImageSpec {
  readonly size: Extract<SizeSpec, { kind: 'bytes' | 'auto' }>
  /** With `auto`: room that is left in it. */
  readonly free?: Extract<SizeSpec, { kind: 'bytes' | 'percent' }>
  readonly volume: FormattedVolumeSpec
  readonly configPath: ConfigPath
}

export type Engine = 'native' | 'host' | 'auto'
export type HolePolicy = 'none' | 'host' | 'all'

/** Options of ext2/3/4 as the config spells them; a missing one follows mke2fs 1.47.0 of Debian 12. */
export interface ExtOptions {
  readonly block_size?: 1024 | 2048 | 4096
  readonly inode_size?: number
  readonly bytes_per_inode?: number
  readonly inodes?: number
  /** 0 to 50. */
  readonly reserved_percent?: number
  /** Bytes; 0 = no journal. */
  readonly journal_size?: number
  /** `default`, `modern`, `grub-2.04`, `u-boot`, `kernel-3.10`, `ext3`, `ext2`. */
  readonly profile?: string
  /** Single features on top of the profile, as mke2fs -O: `['^metadata_csum', 'uninit_bg']`. */
  readonly features?: readonly string[]
  readonly lazy_itable_init?: boolean
  readonly lost_and_found?: boolean
  readonly hash_seed?: string
}

/** Options of FAT as the config spells them; a missing one follows mkfs.fat 4.2. */
export interface FatOptions {
  /** Bytes. */
  readonly cluster_size?: number
  readonly fats?: number
  readonly reserved_sectors?: number
  readonly root_entries?: number
  readonly media?: number
  readonly volume_id?: number
  readonly oem?: string
  /** Symlinks, devices and owners become warnings instead of errors. */
  readonly lossy?: boolean
  /** Paths of files or folders that stand first in their directories and in the data area (boot files). */
  readonly order?: readonly string[]
  /** `UTC` (default) or a fixed offset `+01:00`: FAT's times have no zone. */
  readonly time_zone?: string
}

/** Options of JFFS2 as the config spells them; what each means stands with the format. */
export interface Jffs2Options {
  /** Bytes. */
  readonly erase_block?: number
  readonly cleanmarkers?: boolean
  readonly compression?: 'zlib' | 'none'
  readonly byte_order?: 'little' | 'big'
  readonly pad?: boolean
}

/** Options of a U-Boot environment as the config spells them. */
export interface UBootEnvOptions {
  /** Bytes of one copy. */
  readonly size?: number
  readonly redundant?: 'none' | 'both' | 'active' | 'obsolete'
  readonly byte_order?: 'little' | 'big'
  readonly padding?: number
}

/** Options of the formats that the host's tools write; which of them a format has is the config's to check. */
export interface HostOptions {
  /** `none` for a volume that is not compressed. */
  readonly compression?: string
  readonly level?: number
  readonly block_size?: number
  readonly inode_size?: number
  /** As after the tool's own option for features. */
  readonly features?: readonly string[]
  /** btrfs: copies of metadata. */
  readonly metadata?: 'single' | 'dup'
  /** btrfs: data and metadata in the same chunks. */
  readonly mixed?: boolean
  /** f2fs: percent of the volume that is kept for cleaning. */
  readonly overprovision_percent?: number
  /** ubifs: logical erase blocks that it can ever grow to. */
  readonly max_leb_count?: number
  /** ubifs: the first mount that may write programs free pages anew. */
  readonly space_fixup?: boolean
}

export interface SwapOptions {
  /** Bytes of a page of the kernel that will use it. */
  readonly page_size?: number
}

/** Options of a hash partition as the config spells them; what each means stands with the format. */
export interface VerityOptions {
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  /** Bytes. */
  readonly data_block_size?: number
  readonly hash_block_size?: number
  /** Hexadecimal digits, '' for no salt at all. */
  readonly salt?: string
  readonly hash_type?: 0 | 1
  /** GPT: the UUIDs of both partitions are the two halves of the root hash. */
  readonly uuids_from_root_hash?: boolean
}

/** Options of UBI: the flash in bytes, and what is in its headers. */
export interface UbiOptions {
  readonly erase_block: number
  /** What is written at once: the page of a NAND flash, 1 of NOR. */
  readonly min_io_size: number
  readonly sub_page_size?: number
  readonly vid_header_offset?: number
  readonly leb_size?: number
  readonly image_sequence?: number
  readonly erase_counter?: number
}

/** A volume on UBI. */
export interface UbiVolumeSpec {
  readonly name: string
  readonly id: number
  readonly isStatic: boolean
  /** Missing: as large as its content. */
  readonly sizeBytes?: number
  /** At the first attach it takes what is left. */
  readonly autoresize: boolean
  /** Neither UBI nor what stands on disks only. */
  readonly volume: VolumeSpec
  readonly configPath: ConfigPath
}

export type VolumeSpec =
  | {
      readonly kind: 'ext'
      readonly type: ExtFamily
      readonly label?: string
      readonly uuid?: string
      readonly content: readonly ContentSource[]
      /** Missing: root for what comes from the host's folders, as they stand for archives and lists. */
      readonly owner?: OwnerSpec
      readonly holes: HolePolicy
      readonly engine: Engine
      /** `auto`: kept where the host can read them (getfattr). */
      readonly xattrs: 'none' | 'keep' | 'auto'
      readonly options: ExtOptions
    }
  | {
      readonly kind: 'fat'
      readonly type: FatFamily
      readonly label?: string
      readonly content: readonly ContentSource[]
      readonly engine: Engine
      readonly options: FatOptions
    }
  | {
      readonly kind: 'jffs2'
      readonly type: 'jffs2'
      readonly content: readonly ContentSource[]
      readonly owner?: OwnerSpec
      readonly xattrs: 'none' | 'keep' | 'auto'
      readonly options: Jffs2Options
    }
  /** Variables of the boot loader; `content` is one file of text. */
  | {
      readonly kind: 'u-boot-env'
      readonly type: 'u-boot-env'
      readonly content: readonly ContentSource[]
      readonly options: UBootEnvOptions
    }
  | {
      readonly kind: 'ubi'
      readonly type: 'ubi'
      readonly volumes: readonly UbiVolumeSpec[]
      readonly options: UbiOptions
      /** Of the whole flash, where the config says it. */
      readonly flashBytes?: number
    }
  | {
      readonly kind: 'host'
      readonly type: HostFamily
      readonly label?: string
      readonly uuid?: string
      readonly content: readonly ContentSource[]
      /** As of ext. */
      readonly owner?: OwnerSpec
      readonly xattrs: 'none' | 'keep' | 'auto'
      readonly options: HostOptions
    }
  | {
      readonly kind: 'swap'
      readonly type: 'swap'
      readonly label?: string
      readonly uuid?: string
      readonly options: SwapOptions
    }
  | {
      readonly kind: 'verity'
      readonly type: 'verity'
      /** Name of the partition whose every byte it has hashes of. */
      readonly covers: string
      readonly uuid?: string
      readonly options: VerityOptions
    }
  /** A file, copied as it is. `fill`: what the tail of the partition becomes; unspecified when missing. */
  | { readonly kind: 'raw'; readonly path: string; readonly fill?: number }
  /** No `fs:` at all. */
  | { readonly kind: 'none'; readonly fill?: number }

/** What diskloom can format itself. */
export type FormattedVolumeSpec = Extract<VolumeSpec, { kind: 'ext' | 'fat' | 'jffs2' | 'u-boot-env' | 'swap' }>
/** What holds volumes in turn. */
export type UbiSpec = Extract<VolumeSpec, { kind: 'ubi' }>
/** What only the host's tools format. */
export type HostVolumeSpec = Extract<VolumeSpec, { kind: 'host' }>
export type VerityVolumeSpec = Extract<VolumeSpec, { kind: 'verity' }>

/** LUKS2 around a volume; what each means stands with the schema. */
export interface LuksSpec {
  /** On the host, absolute. */
  readonly keyFile: string
  /** Missing: drawn at random. */
  readonly volumeKeyFile?: string
  readonly cipher: 'aes-xts-plain64'
  readonly keyBits: 256 | 512
  readonly sectorBytes: 512 | 4096
  readonly pbkdf:
    | {
        readonly type: 'argon2id' | 'argon2i'
        readonly iterations: number
        readonly memoryBytes: number
        readonly parallel: number
      }
    | { readonly type: 'pbkdf2'; readonly iterations: number }
  readonly label?: string
  readonly uuid?: string
}
