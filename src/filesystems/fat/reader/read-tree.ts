/** Directories and files as a payload tree: the contents are stretches of the image. */
import { fieldError } from '../../../bytes/field-error.js'
import type { ByteString } from '../../../bytes/text.js'
import { type DiskImage, ImageBuilder } from '../../../image/extent.js'
import {
  type DirectoryNode,
  EMPTY_CONTENT,
  EPOCH_1980,
  emptyTree,
  type FileNode,
  type FileTree,
  type RegularFileNode,
} from '../../../tree/file-tree.js'
import { ATTR_READ_ONLY } from '../disklayout.js'
import { type ChainOwner, type ClusterRun, readChain } from './cluster-chain.js'
import type { FatReading } from './fat-reading.js'
import {
  type Directory,
  type DirectoryPlace,
  type FatEntry,
  ownerOfFile,
  parseDirectory,
  placeOfEntry,
  readDirectoryBytes,
  rootPlace,
} from './read-directory.js'
import { decodeFatTime } from './read-time.js'
import { clusterOffset } from './volume-shape.js'

/** Deeper than a path of PATH_MAX bytes can name. */
export const MAX_DEPTH = 2048
/** FAT has no owners and no modes but "read-only": those of a payload that would make the same volume, so both can be compared. */
const FILE_MODE = 0o644
const READ_ONLY_FILE_MODE = 0o444
const DIRECTORY_MODE = 0o755

/** A node with what the volume says of it; `entry` is missing for the root. */
export interface LocatedNode {
  readonly entry: FatEntry | undefined
  readonly parent: DirectoryPlace
  /** Of a directory. */
  readonly place: DirectoryPlace | undefined
}

export class TreeReader {
  readonly #reading: FatReading
  /** First clusters of the directories on the way and read before, to their paths: a directory has one parent. */
  readonly #seen = new Map<number, string>()
  /** Clusters that files may still have: as many as the volume has, and once more for what is cross-linked. */
  #budget: number

  constructor(reading: FatReading) {
    this.#reading = reading
    this.#budget = 2 * reading.shape.clusters
  }

  /** Undefined where no such name is. Names are sought as Linux does: as they are, then in any case, then as short names. */
  locate(path: readonly ByteString[]): LocatedNode | undefined {
    let place = rootPlace(this.#reading)
    let located: LocatedNode = { entry: undefined, parent: place, place }
    for (const name of path) {
      if (located.place === undefined) return undefined
      place = located.place
      const entry = findEntry(this.directory(place).entries, name)
      if (entry === undefined) return undefined
      located = { entry, parent: place, place: entry.isDirectory ? placeOfEntry(place, entry) : undefined }
    }
    return located
  }

  /** The node, of a directory with its children, and theirs left out. */
  node({ entry, parent, place }: LocatedNode): FileNode {
    if (place === undefined) return this.#file(parent, entry!)
    const node = this.#emptyDirectory(entry)
    for (const child of this.directory(place).entries) {
      if (!node.children.has(child.name)) {
        node.children.set(child.name, child.isDirectory ? this.#emptyDirectory(child) : this.#file(place, child))
      }
    }
    return node
  }

  tree(): FileTree {
    const root = this.#emptyDirectory(undefined)
    const nodes = new Map([['', root]])
    for (const { place, directory } of this.#directories()) {
      const node = nodes.get(place.path)!
      nodes.delete(place.path)
      for (const entry of directory.entries) {
        // Of two entries with one name the first is what everybody finds.
        if (node.children.has(entry.name)) continue
        const child = entry.isDirectory ? this.#emptyDirectory(entry) : this.#file(place, entry)
        node.children.set(entry.name, child)
        if (child.type === 'directory') nodes.set(placeOfEntry(place, entry).path, child)
      }
    }
    return root
  }

  /** All clusters that directories stand in. */
  directoryClusters(): ReadonlySet<number> {
    const clusters = new Set<number>()
    for (const { directory } of this.#directories()) {
      for (const { first, count } of directory.runs)
        for (let index = 0; index < count; index++) clusters.add(first + index)
    }
    return clusters
  }

  /** Every directory, parents before children. */
  *#directories(): Generator<{ place: DirectoryPlace; directory: Directory }> {
    const open = [{ place: rootPlace(this.#reading), depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { place, depth } = next
      if (depth === MAX_DEPTH) throw this.#refuse(place.owner, `${MAX_DEPTH} directories deep`, 'fewer')
      const directory = this.directory(place)
      yield { place, directory }
      const names = new Set<string>()
      for (const entry of directory.entries) {
        if (names.has(entry.name)) continue
        names.add(entry.name)
        if (entry.isDirectory) open.push({ place: placeOfEntry(place, entry), depth: depth + 1 })
      }
    }
  }

  /** Reads it. FormatError where it is a directory that was read before, too. */
  directory(place: DirectoryPlace): Directory {
    const known = this.#seen.get(place.firstCluster)
    if (known !== undefined && known !== place.path && place.firstCluster !== 0) {
      throw this.#refuse(
        place.owner,
        `${place.firstCluster}, the first cluster of directory "${known}"`,
        'one of its own',
      )
    }
    this.#seen.set(place.firstCluster, place.path)
    const directory = parseDirectory(this.#reading, place, readDirectoryBytes(this.#reading, place), () => {})
    const [unnamed] = directory.unnamed
    if (unnamed !== undefined) throw fieldError(this.#reading.view.name, unnamed)
    return directory
  }

  #emptyDirectory(entry: FatEntry | undefined): DirectoryNode {
    const mtime = entry === undefined ? EPOCH_1980 : this.#mtime(entry)
    return { ...emptyTree(mtime), mode: DIRECTORY_MODE }
  }

  #file(parent: DirectoryPlace, entry: FatEntry): RegularFileNode {
    const mode = (entry.record.DIR_Attr & ATTR_READ_ONLY) === 0 ? FILE_MODE : READ_ONLY_FILE_MODE
    const content = this.#content(entry, ownerOfFile(parent, entry))
    return { type: 'file', mode, uid: 0, gid: 0, mtime: this.#mtime(entry), content }
  }

  #mtime({ record }: FatEntry): FileNode['mtime'] {
    return decodeFatTime(record.DIR_WrtDate, record.DIR_WrtTime, 0, this.#reading.offsetMinutes)
  }

  #content({ record, firstCluster }: FatEntry, owner: ChainOwner): DiskImage {
    const sizeBytes = record.DIR_FileSize
    if (sizeBytes === 0) return EMPTY_CONTENT
    const wanted = Math.ceil(sizeBytes / this.#reading.shape.clusterBytes)
    const { runs, count } = readChain(this.#reading, firstCluster, owner, wanted)
    if (count < wanted)
      throw this.#refuse(
        { ...owner, field: 'its chain of clusters' },
        `${count} long`,
        `${wanted} for ${sizeBytes} bytes`,
      )
    this.#budget -= count
    if (this.#budget < 0) {
      throw this.#refuse(
        { ...owner, field: 'its chain of clusters' },
        'one that other files have, too',
        'one of its own',
      )
    }
    return contentOfRuns(this.#reading, owner, runs, sizeBytes)
  }

  #refuse(owner: ChainOwner, found: string, expected: string): Error {
    return fieldError(this.#reading.view.name, { ...owner, found, expected })
  }
}

/** The clusters end to end, as far as the file goes. */
function contentOfRuns(
  { view, shape }: FatReading,
  { structure }: ChainOwner,
  runs: readonly ClusterRun[],
  sizeBytes: number,
): DiskImage {
  const builder = new ImageBuilder(sizeBytes)
  let at = 0
  for (const { first, count } of runs) {
    const length = Math.min(count * shape.clusterBytes, sizeBytes - at)
    builder.image(at, view.slice(clusterOffset(shape, first), length, structure))
    at += length
  }
  return builder.finish()
}

function findEntry(entries: readonly FatEntry[], name: ByteString): FatEntry | undefined {
  const folded = foldAscii(name)
  return (
    entries.find((entry) => entry.name === name) ??
    entries.find((entry) => foldAscii(entry.name) === folded) ??
    entries.find(({ shortName }) => foldAscii(dotted(shortName)) === folded)
  )
}

/** Names differ in more than the case of ASCII letters; beyond those, systems disagree. */
export function foldAscii(name: string): string {
  return name.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
}

function dotted(shortName: string): string {
  return `${shortName.slice(0, 8).trimEnd()}.${shortName.slice(8)}`.replace(/\.? *$/, '')
}
