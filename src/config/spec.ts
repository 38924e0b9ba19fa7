/**
 * What the config means, after units, variables and grammars: the one value that YAML and PartConfig.cfg both become and
 * that layout, tree and gadget read. Byte counts, absolute paths, no strings left to parse.
 */
import type { ConfigPath, Position, Warning } from '../errors.js'
import type { FindingId } from '../findings.js'
import type { DeviceTreeSpec } from './device-tree-spec.js'
import type { MassStorageSpec } from './mass-storage-spec.js'
import type { ContentSource, LuksSpec, SizeSpec, VolumeSpec } from './volume-spec.js'

export type * from './device-tree-spec.js'
export type * from './mass-storage-spec.js'
export type * from './volume-spec.js'

export interface PartitionSpec {
  /** `''` when the config gives none (MBR has no names). */
  readonly name: string
  /** Bytes from the start of the disk; missing = the next aligned place. */
  readonly start?: SizeSpec
  /** First byte after the partition (the config's `end` is inclusive; the conversion is done). */
  readonly endExclusive?: SizeSpec
  readonly size?: SizeSpec
  /** With `size: auto`: room that the volume has left when it is filled, in bytes or as a share of its size. */
  readonly free?: Extract<SizeSpec, { kind: 'bytes' | 'percent' }>
  /** Bytes; missing = 1 MiB for an omitted start. */
  readonly align?: number
  /** As written: a name, a byte (`0xC`) or a GUID; layout resolves it against the table. */
  readonly type?: string
  readonly uuid?: string
  /** GPT attribute bits. */
  readonly attributes: bigint
  readonly bootable: boolean
  /** False: a boot blob outside the table. */
  readonly inTable: boolean
  /** Inside an extended partition (MBR). */
  readonly logical: boolean
  readonly volume: VolumeSpec
  /** The partition is encrypted, and the volume stands in it. */
  readonly luks?: LuksSpec
  /** Where it stands in the config. */
  readonly configPath: ConfigPath
}

export type OutputFormat =
  | 'raw'
  | 'zip'
  | 'gz'
  | 'xz'
  | 'zst'
  | 'bmap'
  | 'android-sparse'
  | 'qcow2'
  | 'vmdk'
  | 'vdi'
  | 'vhdx'
  | 'split'
  | 'html'

/** One thing that is made of the image. */
export interface OutputSpec {
  readonly format: OutputFormat
  /** File name; of `split`, what the names of its files begin with. */
  readonly name: string
  /** Of the compression, as the format counts. */
  readonly level?: number
  /** `android-sparse`: the most bytes of one file; missing = one file. */
  readonly splitBytes?: number
  /** Empty for what the command line asks for. */
  readonly configPath: ConfigPath
}

/** Where balenaEtcher looks in a zip. */
export const META_NAMES = { bmap: '.meta/image.bmap', manifest: '.meta/manifest.json' } as const

/** For the person who burns the image. */
export const README_NAME = 'README.txt'

export interface BundleSpec {
  /** File name of the zip; default `<image>.zip`. */
  readonly name: string
  /** Files beside the image: absolute path on the host, name in the zip. */
  readonly include: readonly { readonly path: string; readonly name: string; readonly configPath: ConfigPath }[]
  /** Deflate level of the payload, 0 to 9. */
  readonly level: number
  /** Whether `.meta/` is in it, by which balenaEtcher skips what nobody relies on. */
  readonly meta: boolean
  /** Whether README.txt is in it: how to burn the image. */
  readonly readme: boolean
}

export interface BudgetSpec {
  /** Of a partition's size, 1 to 100. */
  readonly warnPercent?: number
  readonly failPercent?: number
  /** Absolute; a line of JSON for each release. */
  readonly historyPath?: string
  readonly release?: string
}

/** Kernel modules that the board loads, and how the list of them is made. */
export interface GadgetModulesSpec {
  /** Text that replaces the install root in the list; usually the literal `${INSTALL_ROOT}`. */
  readonly installRoot: string
  readonly modules: readonly string[]
  /** The installed tree `lib/modules/<version>` or the folder where a kernel was built, when the closure is wanted. */
  readonly modulesDir?: string
  /** Folder of the target in which all modules stand side by side; absolute, without a slash at its end. */
  readonly prefix?: string
  /** Permission bits of the modules. */
  readonly mode?: number
  /** A list of gen_init_cpio that gets the modules. */
  readonly modulesInto?: string
}

/** A cpio that a kernel unpacks into its first root file system. */
export interface InitramfsSpec {
  readonly content: readonly ContentSource[]
  /** Whether the modules that the section lists are in it. */
  readonly modules: boolean
  /** Other results of the section, by name, and where they are in it. */
  readonly results: readonly { readonly path: string; readonly name: string; readonly configPath: ConfigPath }[]
  readonly compression: 'none' | 'gz' | 'xz' | 'zst'
  readonly level?: number
  /** Of the file, beside the other results. */
  readonly name: string
  /** Of the config: locations in the module list are relative to it. */
  readonly folder: string
  readonly configPath: ConfigPath
}

export interface GadgetSpec extends GadgetModulesSpec {
  readonly initramfs?: InitramfsSpec
  /** In the order of the config: of two that set one property of one node the later one wins. */
  readonly deviceTrees: readonly DeviceTreeSpec[]
  readonly massStorage?: MassStorageSpec
  readonly configPath: ConfigPath
}

/** A raw flash, whose partitions the kernel is told and does not find. */
export interface MtdSpec {
  /** Bytes that are erased at once. */
  readonly eraseBlockBytes: number
  /** As the kernel calls the flash, for mtdparts=. */
  readonly id: string
  /** Label of the flash in the device tree, with its &. */
  readonly node: string
}

/** A warning that the config accepts. */
export interface AcceptSpec {
  readonly finding: FindingId
  readonly reason: string
  /** What it is about: empty for the whole config, else the path of a partition. */
  readonly scope: ConfigPath
  readonly configPath: ConfigPath
}

export interface ImageSpec {
  /** File name of the image. */
  readonly name: string
  /** Of the release. */
  readonly version?: string
  /** Missing: as small as holds everything. */
  readonly sizeBytes?: number
  readonly table: 'gpt' | 'mbr' | 'none' | 'mtd'
  readonly sectorSize: 512 | 4096
  /** Namespace of the derived identifiers. */
  readonly seed: string
  readonly sourceDateEpoch?: number
  /** Of the disk. */
  readonly uuid?: string
  readonly mbrSignature?: number
  readonly gpt: { readonly entries: number; readonly entriesAtBytes?: number }
  /** Of `table: mtd`. */
  readonly mtd?: MtdSpec
  readonly partitions: readonly PartitionSpec[]
  readonly bundle: BundleSpec
  readonly outputs: readonly OutputSpec[]
  readonly gadget?: GadgetSpec
  readonly budget?: BudgetSpec
  readonly accept?: readonly AcceptSpec[]
}

/** A read config: its meaning, and where each value of it stands in which file. */
export interface LoadedConfig {
  readonly spec: ImageSpec
  readonly warnings: readonly Warning[]
  /** Every file that was read (the config and its includes), absolute. */
  readonly files: readonly string[]
  /** Position and code frame of the value at `path`, or of its nearest parent that has one. */
  locate(path: ConfigPath): { position: Position; frame: string } | undefined
  /** What `${name}` stands for, for files that have variables of their own (lists of gen_init_cpio). */
  variable(name: string): string | undefined
}
