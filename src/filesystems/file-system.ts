/**
 * A file system as everything outside its own folder knows it: one descriptor that the folder exports and
 * registry.ts lists. Config words, schema, help, layout, manifest, inspection and comparison derive from it, so
 * that a new file system is its folder and one line of the registry.
 */
import type * as z from 'zod'
import type { ImageView } from '../image/image-view.js'
import type { Timestamp } from '../tree/file-tree.js'
import type { Place } from './place.js'
import type { VolumeFormat } from './volume.js'
import type { VolumeReader } from './volume-reader.js'

/** Keys of a partition that describe its inside. Each descriptor lists those that it understands. */
export const VOLUME_KEYS = [
  'content',
  'covers',
  'label',
  'fs_uuid',
  'owner',
  'holes',
  'xattrs',
  'modes',
  'engine',
  'options',
  'volumes',
  'free',
  'fill',
] as const
export type VolumeKey = (typeof VOLUME_KEYS)[number]

/**
 * The keys of `options:` that one file system has, each with its leaf: range, help and default are said here and
 * nowhere else. The types of the options are inferred from it.
 */
export type OptionTable = z.ZodRawShape
/** The options that a table reads. */
export type OptionsOf<Table extends OptionTable> = Readonly<z.output<z.ZodObject<Table>>>

/** An option, or another key of the partition, that does not go with the others. */
export interface OptionFault {
  /** From the partition on: `['options', 'level']`, `['label']`. */
  readonly path: readonly string[]
  /** Half a sentence after "Cannot use options.level of partition …:". */
  readonly message: string
  readonly hint?: string
}

/** What the config asks of a volume, for the checks that concern several keys. */
export interface AskedVolume<Options> {
  readonly label?: string
  readonly options: Options
  readonly engine: 'native' | 'host' | 'auto'
}

/** Which attributes of a file survive in the format; the others are neither read from the host nor compared. */
export interface KeptAttributes {
  readonly modes: boolean
  readonly owners: boolean
  readonly xattrs: boolean
  /** Several names of one file. */
  readonly hardLinks: boolean
  /** Symlinks, devices, FIFOs and sockets. */
  readonly specialFiles: boolean
  readonly holes: boolean
  /** The mode, owner and times of the root folder. */
  readonly rootAttributes: boolean
  /** False: `Readme` and `README` are one name. */
  readonly caseOfNames: boolean
  /** The time as the format stores it. `facts` are those of the volume's summary or plan. */
  time(time: Timestamp, facts: Readonly<Record<string, unknown>>): Timestamp
}

/** What reads volumes of a file system. Loaded only by the commands that look inside. */
export interface FileSystemReading {
  /**
   * Whether a stretch looks like such a volume. It asks for less than the reader does, since one damaged field must
   * not hide a volume: its reader then names that field.
   */
  probe(view: ImageView): boolean
  /** FormatError where the volume is damaged, IoError where it cannot be read. */
  open(view: ImageView): VolumeReader
  /**
   * Names the structure and the field that a byte belongs to. `offset` and the result are bytes of the volume; `view`
   * is the volume as it should be. Missing: differences are named by the volume alone.
   */
  locate?(offset: number, view: ImageView): Place
}

export interface FileSystem<Options extends object = object> {
  /** Names the family in plans and in `${family}-…` facts: `ext`, `fat`. */
  readonly family: string
  /** In sentences: `ext2, ext3, ext4`, `FAT`. */
  readonly title: string
  /** The words of `fs:`, each with the type that it means: `vfat` means `fat`. */
  readonly words: Readonly<Record<string, string>>
  /**
   * What fills a volume: a tree of files, one text file, nothing, volumes of its own, or hashes of another
   * partition.
   */
  readonly content: 'tree' | 'text' | 'none' | 'volumes' | 'hashes'
  readonly keys: readonly VolumeKey[]
  /** Longest label in bytes of UTF-8, where the format itself does not check it. */
  readonly labelBytes?: number
  readonly options: OptionTable
  /** Further checks of options that were each read alone. */
  check?(asked: AskedVolume<Options>): readonly OptionFault[]
  /** Options that the host's tools cannot be asked for. */
  readonly nativeOnlyOptions?: readonly string[]
  /** The option that holds what `fs_uuid: 1234-ABCD` says; missing: `fs_uuid` is a UUID. */
  readonly volumeIdOption?: string
  /** The option that takes the erase block of the whole flash as its default. */
  readonly eraseBlockOption?: string

  /** Who can make a volume. */
  readonly madeBy: 'diskloom' | 'host' | 'either'
  /** What its volumes lie on. `ubi`: a volume of UBI only; `flash`: raw flash without UBI. */
  readonly liesOn: 'block' | 'flash' | 'ubi'
  /** A volume of UBI can hold it. */
  readonly fitsUbi: boolean
  /** The board writes to it, so that it can be neither covered by verity nor compared later. */
  readonly isWrittenByBoard?: true
  /** A volume is as large as its content makes it, so that its partition needs no size. */
  readonly hasOwnSize?: true
  /** Host-made: bytes below which the tools refuse to make a volume. */
  minimumBytes?(options: Options): { readonly bytes: number; readonly hint?: string }
  /** A reader takes only sectors as large as the disk's, so that verity may not cover it with larger blocks. */
  readonly keepsSectorSize?: true
  /** Name of its partition type, by the format that was planned; missing: `linux`. */
  partitionType?(table: 'gpt' | 'mbr', format: string | undefined): string

  readonly keeps: KeptAttributes
  /** Windows gives its volumes a drive letter. */
  readonly readByWindows?: true
  /** Firmware reads it: UEFI, the Raspberry Pi's, the boot ROMs that load files. */
  readonly readByFirmware?: true
  /** The package that cross-checks our reader. */
  readonly crossCheck?: 'ext2fs' | 'fatfs'

  /** The writer; missing where only the host's tools have one. */
  readonly format?: VolumeFormat<Options>
  /** The reader; missing where volumes are recognised by name only. */
  readonly reading?: () => Promise<FileSystemReading>
}

/**
 * Types a descriptor by its option table. What reads a config checks options against that table before the writer
 * sees them, which is why the registry may forget the type.
 */
export function defineFileSystem<Options extends object>(fileSystem: FileSystem<Options>): FileSystem<never> {
  return fileSystem as unknown as FileSystem<never>
}

/** Everything is kept, times to the nanosecond. */
export const KEEPS_ALL: KeptAttributes = {
  modes: true,
  owners: true,
  xattrs: true,
  hardLinks: true,
  specialFiles: true,
  holes: true,
  rootAttributes: true,
  caseOfNames: true,
  time: (time) => time,
}

/** Names, contents and times are kept, as FAT and exFAT do it; each has a step and a range of times of its own. */
export const KEEPS_CONTENT: Omit<KeptAttributes, 'time'> = {
  modes: false,
  owners: false,
  xattrs: false,
  hardLinks: false,
  specialFiles: false,
  holes: false,
  rootAttributes: false,
  caseOfNames: false,
}

/** A time without its fraction of a second. */
export function inWholeSeconds({ seconds }: Timestamp): Timestamp {
  return { seconds, nanoseconds: 0 }
}
