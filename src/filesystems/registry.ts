/** Every file system that diskloom knows. A new one is its folder and one line here. */
import { invariant } from '../errors.js'
import { exfat } from './exfat/file-system.js'
import { ext } from './ext4/file-system.js'
import { fat } from './fat/file-system.js'
import type { FileSystem, FileSystemReading } from './file-system.js'
import { btrfs } from './host-made/btrfs.js'
import { erofs } from './host-made/erofs.js'
import { f2fs } from './host-made/f2fs.js'
import { squashfs } from './host-made/squashfs.js'
import { ubifs } from './host-made/ubifs.js'
import { xfs } from './host-made/xfs.js'
import { jffs2 } from './jffs2/file-system.js'
import { swap } from './swap/file-system.js'
import { uBootEnv } from './u-boot-env/file-system.js'
import { ubi } from './ubi/file-system.js'
import { verity } from './verity/file-system.js'

/** In the order in which help and messages list them, and in which readers probe a volume. */
export const FILE_SYSTEMS: readonly FileSystem<never>[] = [
  ext,
  fat,
  exfat,
  jffs2,
  uBootEnv,
  ubi,
  squashfs,
  erofs,
  btrfs,
  f2fs,
  xfs,
  ubifs,
  swap,
  verity,
]

/** The file systems whose volumes can be read, for messages: `ext2, ext3, ext4, FAT, JFFS2`. */
export const READABLE_TITLES = FILE_SYSTEMS.filter(({ reading }) => reading !== undefined)
  .map(({ title }) => title)
  .join(', ')

interface Word {
  readonly type: string
  readonly fileSystem: FileSystem<never>
}

const WORDS: ReadonlyMap<string, Word> = new Map(
  FILE_SYSTEMS.flatMap((fileSystem) =>
    Object.entries(fileSystem.words).map(([word, type]): [string, Word] => [word, { type, fileSystem }]),
  ),
)

/** The words of `fs:`, each once. */
export const FILE_SYSTEM_WORDS: readonly string[] = [...WORDS.keys()]

/** The type and the file system that a word of `fs:` means: `vfat` means `fat` of FAT. */
export function fileSystemOfWord(word: string): Word | undefined {
  return WORDS.get(word)
}

/** The file system of a type or of a planned format (`fat32`); undefined for a format that is known by name only. */
export function fileSystemOfFormat(format: string): FileSystem<never> | undefined {
  return WORDS.get(format)?.fileSystem
}

/** The file system of a type that a config has named. */
export function fileSystemOf(type: string): FileSystem<never> {
  const fileSystem = fileSystemOfFormat(type)
  invariant(fileSystem !== undefined, `"${type}" is a type that a config can name`)
  return fileSystem
}

/** A file system beside its reader. */
export interface ReadableFileSystem {
  readonly fileSystem: FileSystem<never>
  readonly reading: FileSystemReading
}

/** Loads all readers, in the order in which they probe. */
export async function loadReadings(): Promise<readonly ReadableFileSystem[]> {
  const readings = FILE_SYSTEMS.map(async (fileSystem): Promise<ReadableFileSystem[]> => {
    const reading = await fileSystem.reading?.()
    return reading === undefined ? [] : [{ fileSystem, reading }]
  })
  return (await Promise.all(readings)).flat()
}
