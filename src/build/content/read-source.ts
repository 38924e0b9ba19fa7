/** What one entry of `content:` takes from the host, read before anything is laid over anything. */
import { readFileSync, statSync } from 'node:fs'
import { statsAt } from '../../bytes/path-stats.js'
import { byteString } from '../../bytes/text.js'
import type { ContentEntry, ContentSource, LayerSource, NestedImageSpec } from '../../config/spec.js'
import { type ConfigPath, invariant, LayoutError, type Warning } from '../../errors.js'
import { imageOfBytes } from '../../image/extent.js'
import type { ArchiveShelf } from '../../tree/archive-shelf.js'
import { type CpioListOptions, cpioListTree, readCpioList } from '../../tree/cpio-list.js'
import type { DeviceTable } from '../../tree/device-table.js'
import type { TreeEdit } from '../../tree/edit-tree.js'
import { EMPTY_CONTENT, emptyTree, type FileNode, type FileTree, type Timestamp } from '../../tree/file-tree.js'
import { type FolderOptions, type FolderReading, readFolder, readFolderFile } from '../../tree/folder.js'
import type { XattrRule } from '../../tree/kept-xattrs.js'
import type { Ownership } from '../../tree/ownership.js'
import { unreadable } from '../../tree/payload-problem.js'
import { readSourceFile } from '../../tree/raw-file.js'
import type { NestedImageReading } from './read-nested-image.js'

export interface ContentOptions extends Omit<FolderOptions, 'configPath' | 'owner' | 'modes' | 'links'> {
  /** Of the whole volume; missing: root for the host's folders and files, as they stand for archives. */
  readonly owner?: Ownership
  /** Whether archives' extended attributes arrive. Default: as `xattrs`. */
  readonly archiveXattrs?: XattrRule
  /** The format has neither owners nor modes. */
  readonly ownerless?: boolean
  /** Holds the archives open until the last byte is woven. */
  readonly archives: ArchiveShelf
  /** For `${NAME}` in lists. */
  readonly variable: CpioListOptions['variable']
  /** Lists that the build makes itself, by the paths at which they would stand. */
  readonly lists?: ReadonlyMap<string, Uint8Array>
  /** Makes the volume that is to be the file at `path`; missing where no source is one. */
  readonly readImage?: (image: NestedImageSpec, path: string) => Promise<NestedImageReading>
}

/** What a source becomes, as soon as the time of what the build itself makes is known. */
export type ReadSource =
  | { readonly kind: 'layer'; readonly source: LayerSource; readonly tree: FileTree }
  | { readonly kind: 'device-table'; readonly table: DeviceTable; readonly configPath: ConfigPath }
  | { readonly kind: 'edit'; readonly edit: TreeEdit }

export interface SourceReading {
  /** `time`: of nodes that nobody has another one for. */
  finish(time: Timestamp): ReadSource
  /** Whose times count as the payload's. */
  readonly tree?: FileNode
  readonly warnings?: readonly Warning[]
  readonly sparseAtSource?: FolderReading['sparseAtSource']
  /** Whether nodes may be marked with what they do not carry (`Unkept`). */
  readonly isMarked?: boolean
  /** Whether the tree is another than a copy of the folder with all its attributes would be. */
  readonly isAltered?: boolean
}

/** LayoutError, FormatError with what is missing or cannot be read. */
export async function readSource(source: ContentSource, options: ContentOptions): Promise<SourceReading> {
  const { configPath } = source
  switch (source.kind) {
    case 'path':
      assertThere(source)
      return isRegularFile(source.path) ? readArchive(source, 'any', options) : readHostFolder(source, options)
    case 'folder':
      return readHostFolder(source, options)
    case 'tar':
    case 'cpio':
      return readArchive(source, source.kind, options)
    case 'list': {
      // Read here so that what is wrong is found with everything else; times follow.
      const made = options.lists?.get(source.path)
      const read = (time: Timestamp): FileTree =>
        made === undefined
          ? readCpioList(source.path, { ...options, time, configPath })
          : cpioListTree(made, source.path, { ...options, time, configPath })
      return { tree: read(BEFORE_ALL), finish: (time) => ({ kind: 'layer', source, tree: read(time) }) }
    }
    case 'device-table': {
      readSourceFile(source.path, configPath)
      const table = { file: source.path, text: readFileSync(source.path, 'utf8') }
      return { finish: () => ({ kind: 'device-table', table, configPath }) }
    }
    case 'put':
      return readEntry(source, options)
    default:
      return { finish: () => ({ kind: 'edit', edit: source }) }
  }
}

const BEFORE_ALL: Timestamp = { seconds: 0, nanoseconds: 0 }

/** LayoutError in words for both, where nothing there says whether a folder or an archive was meant. */
function assertThere({ path, configPath }: LayerSource): void {
  try {
    statSync(path)
  } catch (error) {
    const accepted = 'a folder or an archive that this user can read is accepted'
    throw new LayoutError(unreadable(`"${path}"`, error, accepted, configPath), { cause: error })
  }
}

function isRegularFile(path: string): boolean {
  return statsAt(path)?.isFile() ?? false
}

async function readHostFolder(source: LayerSource, options: ContentOptions): Promise<SourceReading> {
  const { configPath, modes, links } = source
  const owner = ownershipOf(source, options, ROOT_BY_DEFAULT)
  const chosen = { ...(modes && { modes }), ...(links === 'follow' && { links }) }
  const reading = await readFolder(source.path, { ...options, ...chosen, owner, configPath })
  const isAltered = reading.isMarked || modes === 'git' || links !== undefined
  return { ...reading, isAltered, finish: () => ({ kind: 'layer', source, tree: reading.tree }) }
}

/** Where nobody says who owns what comes from the host. */
const ROOT_BY_DEFAULT: Ownership = { kind: 'root', byDefault: true }

async function readArchive(
  source: LayerSource,
  format: 'tar' | 'cpio' | 'any',
  options: ContentOptions,
): Promise<SourceReading> {
  const { tree, warnings } = await options.archives.readTree(source.path, format, {
    ...options,
    xattrs: options.archiveXattrs ?? options.xattrs,
    owner: ownershipOf(source, options, { kind: 'keep' }),
    configPath: source.configPath,
  })
  const { configPath: path } = source
  const located = warnings.map((warning) => ({ ...warning, path }))
  return { tree, warnings: located, isMarked: true, finish: () => ({ kind: 'layer', source, tree }) }
}

/** An account is given to the finished tree, whoever owned it before. */
function ownershipOf({ owner }: LayerSource, options: ContentOptions, usual: Ownership): Ownership {
  if (owner?.kind === 'account') return { kind: 'root' }
  return owner ?? options.owner ?? usual
}

async function readEntry(
  source: Extract<ContentSource, { kind: 'put' }>,
  options: ContentOptions,
): Promise<SourceReading> {
  const { path, entry, attributes, configPath } = source
  const put = (node: FileNode): ReadSource => ({
    kind: 'edit',
    edit: { kind: 'put', path, node, attributes, configPath },
  })
  if (entry.kind === 'image') {
    invariant(options.readImage !== undefined, 'whoever gives images says how they are made')
    const { content, newest, warnings } = await options.readImage(entry.image, path)
    const file = (mtime: Timestamp): FileNode => ({ type: 'file', mode: FILE_MODE, uid: 0, gid: 0, mtime, content })
    return { tree: file(newest), warnings, finish: (time) => put(file(time)) }
  }
  if (entry.kind !== 'file') return { finish: (time) => put(nodeOf(entry, time)) }
  const owner = options.owner ?? ROOT_BY_DEFAULT
  const modes = entry.modes && { modes: entry.modes }
  const { node, ...reading } = await readFolderFile(entry.path, { ...options, ...modes, owner, configPath })
  return { ...reading, tree: node, finish: () => put(node) }
}

const FILE_MODE = 0o644
const LINK_MODE = 0o777
const DEVICE_MODE = 0o600

function nodeOf(entry: Exclude<ContentEntry, { kind: 'file' | 'image' }>, mtime: Timestamp): FileNode {
  const owned = { uid: 0, gid: 0, mtime }
  switch (entry.kind) {
    case 'text': {
      const bytes = Buffer.from(entry.text, 'utf8')
      const content = bytes.length === 0 ? EMPTY_CONTENT : imageOfBytes(bytes)
      return { type: 'file', mode: FILE_MODE, ...owned, content }
    }
    case 'directory':
      return emptyTree(mtime)
    case 'symlink':
      return { type: 'symlink', mode: LINK_MODE, ...owned, target: byteString(entry.target) }
    case 'char':
    case 'block':
      return { type: entry.kind, mode: DEVICE_MODE, ...owned, major: entry.major, minor: entry.minor }
    case 'fifo':
      return { type: 'fifo', mode: DEVICE_MODE, ...owned }
  }
}
