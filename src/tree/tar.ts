/** A tar as a payload tree. File contents stay in the archive: they become ranges of it. */
import type { ArchiveFile } from '../archives/archive-file.js'
import { readTar, type TarEntry } from '../archives/tar/tar-reader.js'
import { displayName } from '../bytes/text.js'
import type { ConfigPath, Warning } from '../errors.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import { type DataScanner, makeDataScanner } from './data-ranges.js'
import type { FileNode, FileTree, Timestamp, Unkept } from './file-tree.js'
import { ACL_ACCESS_XATTR, ACL_DEFAULT_XATTR, type SortedXattrs, sortXattrs, type XattrRule } from './kept-xattrs.js'
import { type Ownership, ownerInVolume } from './ownership.js'
import { encodeAclText } from './posix-acl-text.js'
import { clampTimestamp } from './timestamp.js'
import { TreeBuilder } from './tree-builder.js'
import { type ArchiveTree, treeOfArchive, type UnpackOptions } from './unpacked-archive.js'

/** How an archive's entries become nodes. */
export interface ArchiveTreeRules {
  readonly owner: Ownership
  /**
   * `none` and `host`: the holes that the archive has, since somebody packed them as such; `all`: blocks of zeros in
   * files of 1 MiB and more, too.
   */
  readonly holes: 'none' | 'host' | 'all'
  readonly xattrs: XattrRule
  readonly clampTo?: Timestamp
  /** The config value that named the archive. */
  readonly configPath?: ConfigPath
}

export interface ArchiveTreeOptions extends ArchiveTreeRules, UnpackOptions {}

/** Shorter files keep their zeros under `holes: all`. */
const MIN_SPARSE_FILE_BYTES = 1 << 20

/**
 * LayoutError when the file is missing; FormatError with the byte offset where it is no tar or damaged, and with all
 * paths that cannot be in a tree.
 */
export async function readTarTree(path: string, options: ArchiveTreeOptions): Promise<ArchiveTree> {
  return treeOfArchive(path, options, ({ parts }) => tarTree(parts[0]!.archive, path, options))
}

/** `path`: the archive's, for messages; `warn` hears of an archive that may be cut off. Contents stay in the archive. */
export function tarTree(
  archive: ArchiveFile,
  path: string,
  options: ArchiveTreeRules,
  warn: (warning: Warning) => void = () => undefined,
): FileTree {
  const epoch = { seconds: 0, nanoseconds: 0 }
  const builder = new TreeBuilder(`"${path}"`, options.clampTo ?? epoch)
  const content = new TarContent(archive.file, options.holes)
  const entries = readTar(archive)
  let next = entries.next()
  for (; next.done !== true; next = entries.next()) {
    const entry = next.value
    if (entry.type === 'hardlink') builder.link(entry.path, entry.link)
    else builder.add(entry.path, nodeOf(entry, content, options))
  }
  if (!next.value.isMarked) {
    warn({
      finding: 'archive-end',
      message: `"${path}" ends without the blocks of zeros that end a tar: it may be cut off between two entries`,
      hint: 'Make the archive again, or compare it with its source; every tar program writes an end',
    })
  }
  return builder.finish()
}

function nodeOf(entry: TarEntry, content: TarContent, options: ArchiveTreeRules): FileNode {
  const { kept, leftOut } = xattrsOf(entry, options.xattrs)
  const attributes = {
    mode: entry.mode,
    ...ownerInVolume(options.owner, entry),
    mtime: clampTimestamp(entry.mtime, options.clampTo),
    ...(kept.size === 0 ? {} : { xattrs: kept }),
    ...(leftOut.length === 0 ? {} : { unkept: unkeptOf(leftOut, options) }),
  }
  switch (entry.type) {
    case 'directory':
      return { type: 'directory', ...attributes, children: new Map() }
    case 'symlink':
      return { type: 'symlink', ...attributes, target: entry.link }
    case 'char':
    case 'block':
      return { type: entry.type, ...attributes, major: entry.major, minor: entry.minor }
    case 'fifo':
      return { type: 'fifo', ...attributes }
    default:
      return { type: 'file', ...attributes, content: content.of(entry) }
  }
}

function unkeptOf(xattrs: readonly string[], { configPath }: ArchiveTreeRules): Unkept {
  return configPath === undefined ? { xattrs } : { xattrs, configPath }
}

const NO_XATTRS: SortedXattrs = { kept: new Map(), leftOut: [] }

/** FormatError for an ACL that cannot be read, where the rule would keep it. */
function xattrsOf({ path, xattrs, acl }: TarEntry, rule: XattrRule): SortedXattrs {
  if (rule === 'none' || (xattrs.size === 0 && acl === undefined)) return NO_XATTRS
  const all = new Map(xattrs)
  const where = (kind: string): string => `the ${kind} ACL of "${displayName(path)}"`
  if (acl?.access !== undefined) all.set(ACL_ACCESS_XATTR, encodeAclText(acl.access, where('access')))
  if (acl?.default !== undefined) all.set(ACL_DEFAULT_XATTR, encodeAclText(acl.default, where('default')))
  return sortXattrs(all, rule)
}

class TarContent {
  readonly #file: SourceFile
  readonly #scanner: DataScanner | undefined

  constructor(file: SourceFile, holes: ArchiveTreeRules['holes']) {
    this.#file = file
    this.#scanner = holes === 'all' ? makeDataScanner() : undefined
  }

  of({ sizeBytes, stretches }: Pick<TarEntry, 'sizeBytes' | 'stretches'>): DiskImage {
    const builder = new ImageBuilder(sizeBytes)
    for (const { offset, length, archiveOffset } of stretches) {
      if (this.#scanner === undefined || sizeBytes < MIN_SPARSE_FILE_BYTES) {
        builder.file(offset, length, this.#file, archiveOffset)
        continue
      }
      for (const [start, end] of this.#scanner.scan(this.#file.path, length, archiveOffset)) {
        builder.file(offset + start, end - start, this.#file, archiveOffset + start)
      }
    }
    return builder.finish()
  }
}
