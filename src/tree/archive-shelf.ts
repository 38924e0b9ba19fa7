/**
 * The archives that a build takes files from: each is opened, and unpacked where it is compressed, once, and stays open
 * until the last byte was woven.
 */
import type { ArchiveFile } from '../archives/archive-file.js'
import { beginsTar } from '../archives/tar/tar-reader.js'
import { byteStringFromBytes, displayName } from '../bytes/text.js'
import { type ConfigPath, FormatError, type Warning } from '../errors.js'
import { cpioTree } from './cpio.js'
import type { FileTree } from './file-tree.js'
import { problemAt } from './payload-problem.js'
import { type ArchiveTreeRules, tarTree } from './tar.js'
import { type UnpackedArchive, type UnpackOptions, unpackArchive } from './unpacked-archive.js'

export type ArchiveFormat = 'tar' | 'cpio'

export class ArchiveShelf {
  readonly #options: Omit<UnpackOptions, 'configPath'>
  readonly #open = new Map<string, Promise<UnpackedArchive>>()

  constructor(options: Omit<UnpackOptions, 'configPath'>) {
    this.#options = options
  }

  /**
   * The tree in an archive. `format`: what it is, or `any` for what its first bytes say. LayoutError when the file is
   * missing; FormatError where it is damaged or neither.
   */
  async readTree(
    path: string,
    format: ArchiveFormat | 'any',
    options: ArchiveTreeRules & { readonly configPath?: ConfigPath },
  ): Promise<{ readonly tree: FileTree; readonly warnings: readonly Warning[] }> {
    const { parts } = await this.#archive(path, options.configPath)
    const { archive } = parts[0]!
    const found = format === 'any' ? formatOf(archive, path, options.configPath) : format
    const warnings: Warning[] = []
    const tree =
      found === 'tar'
        ? tarTree(archive, path, options, (warning) => warnings.push(warning))
        : cpioTree(parts, path, options)
    return { tree, warnings }
  }

  /** Lets everything go: trees from here cannot be read any more. */
  async release(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    for (const result of opened) if (result.status === 'fulfilled') result.value.release()
  }

  #archive(path: string, configPath: ConfigPath | undefined): Promise<UnpackedArchive> {
    let archive = this.#open.get(path)
    if (archive === undefined) {
      archive = unpackArchive(path, { ...this.#options, ...(configPath && { configPath }) })
      this.#open.set(path, archive)
    }
    return archive
  }
}

const HEAD_BYTES = 10_240
const SHOWN_BYTES = 16

function formatOf(archive: ArchiveFile, path: string, configPath: ConfigPath | undefined): ArchiveFormat {
  const { sizeBytes } = archive
  const head = archive.read(0, Math.min(HEAD_BYTES, sizeBytes), 'the beginning').slice()
  const text = byteStringFromBytes(head)
  // Of every kind of cpio in text: the reader then says which ones it takes.
  if (beginsTar(head, sizeBytes)) return 'tar'
  if (/^0707\d\d/.test(text)) return 'cpio'
  const shown = displayName(byteStringFromBytes(head.subarray(0, SHOWN_BYTES)))
  const found = sizeBytes === 0 ? 'an empty file' : `a file that begins with "${shown}"`
  const accepted = 'accepted are a folder, and a tar or cpio, plain or packed by gzip, xz, zstd, bzip2 or lz4'
  throw new FormatError(
    problemAt(
      `Cannot read "${path}": it is ${found}, ${accepted}`,
      configPath,
      'As it is, a file goes into a partition by fs: PATH, and into a volume by content: [{ path: /NAME, file: PATH }]; a list of gen_init_cpio by { list: PATH }',
    ),
  )
}
