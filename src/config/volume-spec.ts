/**
 * What a volume is asked to be, and what it holds: families, their options, content. Part of spec.ts, which everybody imports.
 */
import type { ConfigPath } from '../errors.js'
import type { UbiOptions } from '../filesystems/ubi/option-table.js'
import type { VerityTableOptions as VerityOptions } from '../filesystems/verity/option-table.js'
import type { SizeSpec } from '../schema/quantity.js'

export type { SizeSpec } from '../schema/quantity.js'

export type OwnerSpec =
  | { readonly kind: 'root' }
  | { readonly kind: 'keep' }
  /** Owner ids on the host → ids in the volume; what is not named becomes 0. */
  | { readonly kind: 'map'; readonly uid: ReadonlyMap<number, number>; readonly gid: ReadonlyMap<number, number> }

/** Permission bits of what comes from the host's folders: as they are there, or as git keeps them. */
export type ModesSpec = 'host' | 'git'

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
  /** Of a folder's files; missing: nobody has said it, and they are the host's. */
  readonly modes?: ModesSpec
  /** Of a folder: its symlinks are read as what they lead to. */
  readonly links?: 'follow'
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
  | { readonly kind: 'file'; readonly path: string; readonly modes?: ModesSpec }
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
  readonly volume: FileSystemSpec
  readonly configPath: ConfigPath
}

export type Engine = 'native' | 'host' | 'auto'
export type HolePolicy = 'none' | 'host' | 'all'

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

/** A volume that a file system, or what fills a partition like one, is written into. */
export interface FileSystemSpec {
  readonly kind: 'file-system'
  /** A type of the registry: `ext4`, `fat`, `squashfs`. */
  readonly type: string
  readonly label?: string
  readonly uuid?: string
  readonly content: readonly ContentSource[]
  /** Missing: root for files from the host's folders, the recorded owners for archives and lists. */
  readonly owner?: OwnerSpec
  readonly holes: HolePolicy
  readonly engine: Engine
  /** `auto`: kept where the host can read them (getfattr). */
  readonly xattrs: 'none' | 'keep' | 'auto'
  /** As the option table of the file system read them. */
  readonly options: object
}

/** Raw flash that holds volumes. */
export interface UbiSpec {
  readonly kind: 'ubi'
  readonly type: 'ubi'
  readonly volumes: readonly UbiVolumeSpec[]
  readonly options: UbiOptions
  /** Of the whole flash, where the config says it. */
  readonly flashBytes?: number
}

/** Hashes of another partition. */
export interface VerityVolumeSpec {
  readonly kind: 'verity'
  readonly type: 'verity'
  /** Name of the partition whose every byte it has hashes of. */
  readonly covers: string
  readonly uuid?: string
  readonly options: VerityOptions
}

export type VolumeSpec =
  | FileSystemSpec
  | UbiSpec
  | VerityVolumeSpec
  /** A file, copied as it is. `written`: its path as the config has it. `fill`: what the tail of the partition becomes; unspecified when missing. */
  | { readonly kind: 'raw'; readonly path: string; readonly written?: string; readonly fill?: number }
  /** No `fs:` at all. */
  | { readonly kind: 'none'; readonly fill?: number }

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
