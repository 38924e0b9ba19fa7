/** The holes of the files of a folder, found for all of them at once. */
import { ImageBuilder, type SourceFile } from '../image/extent.js'
import type { CommandRunner } from './command-runner.js'
import { findDataExtents, STAT_BLOCK_BYTES, WORTH_ASKING_BYTES } from './data-extents.js'
import { type ByteRange, type DataScanner, makeDataScanner, ZERO_BLOCK_BYTES } from './data-ranges.js'
import { originAndContent, type RegularFileNode } from './file-tree.js'
import type { FileStatus, HostPath } from './folder-listing.js'

export interface FileWithHoles {
  readonly path: HostPath
  readonly node: RegularFileNode
  readonly file: SourceFile
  readonly status: FileStatus
}

/** Shorter files keep their zeros under `holes: all`. */
const MIN_SPARSE_FILE_BYTES = 1 << 20
/** Files whose holes are shorter are read as a whole, which costs less than a line of perl's answer is worth. */
const HOLLOW_FILE_BYTES = 1 << 24

/** What the file system does not store of a file. */
export function savedBytes({ sizeBytes, blocks }: FileStatus): number {
  return sizeBytes - blocks * STAT_BLOCK_BYTES
}

export class FolderHoles {
  readonly #holes: 'none' | 'host' | 'all'
  readonly #waiting: FileWithHoles[] = []
  #scanner: DataScanner | undefined

  constructor(holes: 'none' | 'host' | 'all') {
    this.#holes = holes
  }

  /** Keeps a file in mind whose zeros are to become holes; others are left as they are. */
  add(entry: FileWithHoles): void {
    const { status } = entry
    const hasHoles =
      (this.#holes === 'host' && savedBytes(status) >= ZERO_BLOCK_BYTES) ||
      (this.#holes === 'all' && status.sizeBytes >= MIN_SPARSE_FILE_BYTES)
    if (hasHoles) this.#waiting.push(entry)
  }

  /** Gives the files in mind their content; `attempt` runs the part of each, and keeps its error. */
  async find(
    { runner, signal }: { readonly runner?: CommandRunner; readonly signal?: AbortSignal },
    attempt: (path: HostPath, action: () => void) => void,
  ): Promise<void> {
    const waiting = this.#waiting.splice(0)
    const hollow = waiting.filter(({ status }) => savedBytes(status) >= HOLLOW_FILE_BYTES)
    const extents = new Map<RegularFileNode, readonly ByteRange[] | undefined>()
    const saved = hollow.reduce((sum, { status }) => sum + savedBytes(status), 0)
    if (runner !== undefined && saved >= WORTH_ASKING_BYTES) {
      const files = hollow.map(({ file }) => file)
      const found = await findDataExtents(files, { runner, signal })
      for (const [index, { node }] of hollow.entries()) extents.set(node, found[index])
    }
    for (const { path, node, file } of waiting) attempt(path, () => this.#setContent(node, file, extents.get(node)))
  }

  #setContent(node: RegularFileNode, file: SourceFile, extents: readonly ByteRange[] | undefined): void {
    this.#scanner ??= makeDataScanner()
    const builder = new ImageBuilder(file.sizeBytes)
    for (const [start, end] of this.#scanner.scan(file.path, file.sizeBytes, 0, extents)) {
      builder.file(start, end - start, file, start)
    }
    Object.assign(node, originAndContent(file, builder.finish()))
  }
}
