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
import { decodeExfatTime } from '../times.js'
import { upCase } from '../up-case.js'
import { soundCaseTable } from './case-table.js'
import { type Allocation, type ClusterRun, clusterRuns, type ExfatReading } from './cluster-runs.js'
import {
  type Directory,
  type DirectoryPlace,
  type ExfatEntry,
  entriesOf,
  placeOf,
  type Report,
  readDirectory,
  rootPlace,
} from './read-directory.js'
import { clusterOffset } from './volume-shape.js'

/** Deeper than a path of PATH_MAX bytes can name. */
export const MAX_DEPTH = 2048
/**
 * exFAT has no owners and no modes but "read-only": these are the ones of a payload that makes the
 * same volume.
 */
const FILE_MODE = 0o644
const READ_ONLY_FILE_MODE = 0o444
const DIRECTORY_MODE = 0o755

export class TreeReader {
  readonly #reading: ExfatReading
  /** First clusters of directories that were read, to their paths: a directory has one parent. */
  readonly #seen = new Map<number, string>()
  /**
   * Clusters that directories and files may still have. They are as many as the volume has, twice:
   * some may be cross-linked, and a directory may be read for its way and for itself.
   */
  #budget: number

  #caseTable: { readonly units: Uint16Array | undefined } | undefined

  constructor(reading: ExfatReading) {
    this.#reading = reading
    this.#budget = 2 * reading.shape.clusters
  }

  /**
   * The entry at a path, undefined for the root; `null` where there is none. Names are found as
   * they are, then in any case.
   */
  locate(path: readonly ByteString[]): ExfatEntry | undefined | null {
    let place = rootPlace(this.#reading)
    let found: ExfatEntry | undefined
    for (const [index, name] of path.entries()) {
      const entries = [...this.entries(place)]
      found = entries.find((entry) => entry.name === name) ?? this.#inAnyCase(entries, name)
      if (found === undefined) return null
      if (!found.isDirectory && index < path.length - 1) return null
      place = placeOf(found)
    }
    return found
  }

  #inAnyCase(entries: readonly ExfatEntry[], name: ByteString): ExfatEntry | undefined {
    const folded = this.#folded(name)
    return entries.find((entry) => this.#folded(entry.name) === folded)
  }

  #folded(name: ByteString): string {
    this.#caseTable ??= { units: soundCaseTable(this.#reading) }
    return upCase(Buffer.from(name, 'latin1').toString(), this.#caseTable.units)
  }

  /**
   * The node of an entry, undefined: of the root; of a directory with its children, and theirs left
   * out.
   */
  node(entry: ExfatEntry | undefined): FileNode {
    if (entry !== undefined && !entry.isDirectory) return this.#file(entry)
    const node = this.#emptyDirectory(entry)
    const place = entry === undefined ? rootPlace(this.#reading) : placeOf(entry)
    for (const child of this.entries(place)) {
      if (node.children.has(child.name)) continue
      node.children.set(child.name, child.isDirectory ? this.#emptyDirectory(child) : this.#file(child))
    }
    return node
  }

  tree(): FileTree {
    const root = this.#emptyDirectory(undefined)
    const nodes = new Map<string, DirectoryNode>([['', root]])
    for (const { place, directory } of this.directories()) {
      const node = nodes.get(place.path)!
      nodes.delete(place.path)
      for (const entry of entriesOf(place, directory, this.#report)) {
        // Of two entries with one name the first is found.
        if (node.children.has(entry.name)) continue
        const child = entry.isDirectory ? this.#emptyDirectory(entry) : this.#file(entry)
        node.children.set(entry.name, child)
        if (child.type === 'directory') nodes.set(entry.path, child)
      }
    }
    return root
  }

  /** Every directory, parents before children. */
  *directories(): Generator<{ readonly place: DirectoryPlace; readonly directory: Directory }> {
    const open = [{ place: rootPlace(this.#reading), depth: 0 }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { place, depth } = next
      if (depth === MAX_DEPTH) {
        const { structure, offset } = place.allocation
        const finding = { structure, offset, field: 'its depth', found: `${MAX_DEPTH} directories`, expected: 'fewer' }
        throw fieldError(this.#reading.view.name, finding)
      }
      const directory = this.#directory(place)
      yield { place, directory }
      const names = new Set<string>()
      for (const entry of entriesOf(place, directory, this.#report)) {
        if (names.has(entry.name)) continue
        names.add(entry.name)
        if (entry.isDirectory) open.push({ place: placeOf(entry), depth: depth + 1 })
      }
    }
  }

  *entries(place: DirectoryPlace): Generator<ExfatEntry> {
    yield* entriesOf(place, this.#directory(place), this.#report)
  }

  /** A set whose sums are wrong is read as Linux reads it; one whose form is wrong has no name. */
  readonly #report: Report = (finding) => {
    if (finding.field === 'SetChecksum') return
    throw fieldError(this.#reading.view.name, finding)
  }

  #directory(place: DirectoryPlace): Directory {
    const { firstCluster, structure, offset } = place.allocation
    const known = this.#seen.get(firstCluster)
    if (known !== undefined && known !== place.path) {
      const found = `${firstCluster}, the first cluster of directory "${known}"`
      const finding = { structure, offset, field: 'FirstCluster', found, expected: 'one of its own' }
      throw fieldError(this.#reading.view.name, finding)
    }
    this.#seen.set(firstCluster, place.path)
    const directory = readDirectory(this.#reading, place)
    this.#spend(directory.runs, place.allocation)
    return directory
  }

  #emptyDirectory(entry: ExfatEntry | undefined): DirectoryNode {
    return { ...emptyTree(entry === undefined ? EPOCH_1980 : mtimeOf(entry)), mode: DIRECTORY_MODE }
  }

  #file(entry: ExfatEntry): RegularFileNode {
    const mode = (entry.file.FileAttributes & ATTR_READ_ONLY) === 0 ? FILE_MODE : READ_ONLY_FILE_MODE
    const content = lazily(entry.stream.DataLength, () => this.#content(entry))
    return { type: 'file', mode, uid: 0, gid: 0, mtime: mtimeOf(entry), content }
  }

  #spend(runs: readonly ClusterRun[], { structure, offset }: Allocation): void {
    this.#budget -= runs.reduce((sum, { count }) => sum + count, 0)
    if (this.#budget >= 0) return
    const found = 'clusters that other files have, too'
    throw fieldError(this.#reading.view.name, { structure, offset, field: 'FirstCluster', found, expected: 'its own' })
  }

  #content({ stream, allocation }: ExfatEntry): DiskImage {
    const { view, shape } = this.#reading
    if (stream.DataLength === 0) return EMPTY_CONTENT
    const runs = clusterRuns(this.#reading, allocation)
    this.#spend(runs, allocation)
    const builder = new ImageBuilder(stream.DataLength)
    // What lies after ValidDataLength was never written and reads as zeros. [EXFAT §7.6.5]
    const validBytes = Math.min(stream.ValidDataLength, stream.DataLength)
    let at = 0
    for (const { first, count } of runs) {
      const length = Math.min(count * shape.clusterBytes, validBytes - at)
      if (length <= 0) break
      builder.image(at, view.slice(clusterOffset(shape, first), length, allocation.structure))
      at += length
    }
    return builder.finish()
  }
}

/**
 * A content whose clusters are followed when they are asked for: one damaged file does not hide the
 * others.
 */
function lazily(sizeBytes: number, make: () => DiskImage): DiskImage {
  let made: DiskImage | undefined
  return {
    sizeBytes,
    get extents() {
      made ??= make()
      return made.extents
    },
  }
}

function mtimeOf({ file }: ExfatEntry): FileNode['mtime'] {
  const time = { timestamp: file.LastModifiedTimestamp, increment: file.LastModified10msIncrement }
  return decodeExfatTime(time, file.LastModifiedUtcOffset) ?? EPOCH_1980
}
