/**
 * Directories and their entry sets: a primary entry with the secondary ones that belong to it.
 * [EXFAT §6, §7]
 */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { type ByteString, byteString, displayName } from '../../../bytes/text.js'
import { setChecksum } from '../checksums.js'
import {
  ALLOCATION_POSSIBLE,
  ATTR_DIRECTORY,
  BENIGN,
  ENTRY_BYTES,
  FileEntry,
  IN_USE,
  MAX_DIRECTORY_BYTES,
  NameEntry,
  NO_FAT_CHAIN,
  SECONDARY,
  StreamEntry,
  TYPE_END,
  TYPE_FILE,
  TYPE_NAME,
  TYPE_STREAM,
  UNITS_PER_NAME_ENTRY,
} from '../disklayout.js'
import { type Allocation, type ClusterRun, clusterRuns, type ExfatReading } from './cluster-runs.js'
import { clusterOffset } from './volume-shape.js'

export interface DirectoryPlace {
  /** '' for the root. */
  readonly path: ByteString
  readonly allocation: Allocation
}

/** A file or a directory as its entry set describes it. */
export interface ExfatEntry {
  readonly name: ByteString
  readonly isDirectory: boolean
  readonly file: FileEntry
  readonly stream: StreamEntry
  readonly path: ByteString
  /** `file "a"`, and the place of its primary entry. */
  readonly allocation: Allocation
  /** Byte of its stream extension in the volume. */
  readonly streamOffset: number
  /** Clusters of further secondary entries, as vendors define them. [EXFAT §7.9] */
  readonly vendorAllocations: readonly Allocation[]
}

export interface Directory {
  readonly runs: readonly ClusterRun[]
  /** The entries up to the one that ends the list. */
  readonly bytes: Uint8Array
  /** Returns the byte of the volume at which byte `at` of the directory lies. */
  offsetOf(at: number): number
}

export type Report = (finding: FieldFinding) => void

export function rootPlace({ shape }: ExfatReading): DirectoryPlace {
  return {
    path: '' as ByteString,
    allocation: {
      structure: 'root directory',
      offset: shape.regionOffset,
      firstCluster: shape.boot.FirstClusterOfRootDirectory,
      lengthBytes: undefined,
      isContiguous: false,
    },
  }
}

/**
 * Reads a directory up to the end of its list. FormatError where its clusters cannot be followed,
 * or it is longer than a directory may be.
 */
export function readDirectory(reading: ExfatReading, { allocation }: DirectoryPlace): Directory {
  const { shape, view } = reading
  const { structure, offset } = allocation
  const runs = clusterRuns(reading, allocation)
  const starts = startsOf(runs, shape.clusterBytes)
  const lengthBytes = starts.at(-1)!
  if (lengthBytes > MAX_DIRECTORY_BYTES) {
    const finding = { structure, offset, field: 'DataLength', found: lengthBytes }
    throw fieldError(view.name, { ...finding, expected: `at most ${MAX_DIRECTORY_BYTES}` })
  }
  return {
    runs,
    bytes: readEntries(reading, runs, structure),
    offsetOf(at) {
      const run = lastAtOrBefore(starts, at)
      return clusterOffset(shape, runs[run]!.first) + at - starts[run]!
    },
  }
}

/** The byte of the directory at which each run begins, and at last its length. */
function startsOf(runs: readonly ClusterRun[], clusterBytes: number): readonly number[] {
  const starts = [0]
  for (const { count } of runs) starts.push(starts.at(-1)! + count * clusterBytes)
  return starts
}

/** Returns the index of the run in which `at` lies; of the last one for what lies after it. */
function lastAtOrBefore(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length - 2]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return low
}

const CHUNK_BYTES = 1 << 16

/**
 * Reads in chunks up to the end of the list: memory follows the entries, not the length that is
 * declared.
 */
function readEntries({ view, shape }: ExfatReading, runs: readonly ClusterRun[], structure: string): Uint8Array {
  const chunks: Uint8Array[] = []
  for (const { first, count } of runs) {
    const start = clusterOffset(shape, first)
    const end = start + count * shape.clusterBytes
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const chunk = view.read(at, Math.min(CHUNK_BYTES, end - at), structure)
      for (let entry = 0; entry < chunk.length; entry += ENTRY_BYTES) {
        if (chunk[entry] === TYPE_END) return Buffer.concat([...chunks, chunk.subarray(0, entry)])
      }
      chunks.push(chunk)
    }
  }
  return Buffer.concat(chunks)
}

/**
 * The files and folders of a directory. Damage is reported and its set is passed over. `report`
 * throws or collects. `others` receives the type and the offset of every other entry in use that
 * belongs to no set.
 */
export function* entriesOf(
  place: DirectoryPlace,
  directory: Directory,
  report: Report,
  others: (type: number, at: number) => void = () => undefined,
): Generator<ExfatEntry> {
  const { bytes } = directory
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]!
    if (type !== TYPE_FILE) {
      if ((type & IN_USE) !== 0) others(type, at)
      at += ENTRY_BYTES
      continue
    }
    const set = new SetReader(place, directory, at, report)
    const entry = set.read()
    if (entry !== undefined) yield entry
    at += set.lengthBytes
  }
}

/** Reads the set whose primary entry lies at `at`. */
class SetReader {
  readonly #place: DirectoryPlace
  readonly #directory: Directory
  readonly #at: number
  readonly #report: Report
  /**
   * Length of the primary entry and the secondary ones in use that follow it, as many as it counts at
   * most.
   */
  readonly lengthBytes: number

  constructor(place: DirectoryPlace, directory: Directory, at: number, report: Report) {
    this.#place = place
    this.#directory = directory
    this.#at = at
    this.#report = report
    const { bytes } = directory
    const counted = at + (1 + bytes[at + 1]!) * ENTRY_BYTES
    let end = at + ENTRY_BYTES
    while (end < counted && end < bytes.length && isSecondaryInUse(bytes[end]!)) end += ENTRY_BYTES
    this.lengthBytes = end - at
  }

  read(): ExfatEntry | undefined {
    const { bytes } = this.#directory
    const at = this.#at
    const file = FileEntry.decode(bytes, at)
    const present = this.lengthBytes / ENTRY_BYTES - 1
    if (file.SecondaryCount < 2 || file.SecondaryCount > present) {
      const expected = `${Math.max(2, present)}, the secondary entries that follow`
      return this.#fault(0, { field: 'SecondaryCount', found: file.SecondaryCount, expected })
    }
    if (bytes[at + ENTRY_BYTES] !== TYPE_STREAM) {
      const expected = `${TYPE_STREAM}, a stream extension`
      return this.#fault(1, { field: 'EntryType', found: bytes[at + ENTRY_BYTES]!, expected })
    }
    const long = tooLongField(bytes, at + ENTRY_BYTES)
    if (long !== undefined) {
      return this.#fault(1, { field: long, found: 'more than 2^53 - 1', expected: 'at most 2^53 - 1' })
    }
    const stream = StreamEntry.decode(bytes, at + ENTRY_BYTES)
    const text = this.#name(stream.NameLength, file.SecondaryCount - 1)
    if (text === undefined) return undefined
    const checksum = setChecksum(bytes.subarray(at, at + this.lengthBytes))
    if (checksum !== file.SetChecksum) {
      this.#fault(0, { field: 'SetChecksum', found: file.SetChecksum, expected: String(checksum) })
    }
    if (!isName(text)) {
      const expected = 'a name without " * / : < > ? \\ |'
      return this.#fault(2, { field: 'FileName', found: JSON.stringify(text), expected })
    }
    return this.#entry(file, stream, byteString(text))
  }

  #entry(file: FileEntry, stream: StreamEntry, name: ByteString): ExfatEntry {
    const isDirectory = (file.FileAttributes & ATTR_DIRECTORY) !== 0
    const path = (this.#place.path === '' ? name : `${this.#place.path}/${name}`) as ByteString
    const structure = `${isDirectory ? 'directory' : 'file'} "${displayName(path)}"`
    const allocation: Allocation = {
      structure,
      offset: this.#directory.offsetOf(this.#at),
      firstCluster: stream.FirstCluster,
      lengthBytes: stream.DataLength,
      isContiguous: (stream.GeneralSecondaryFlags & NO_FAT_CHAIN) !== 0,
    }
    const firstOther = 2 + Math.ceil(stream.NameLength / UNITS_PER_NAME_ENTRY)
    const vendorAllocations = this.#vendorAllocations(firstOther, structure)
    const streamOffset = this.#directory.offsetOf(this.#at + ENTRY_BYTES)
    return { name, isDirectory, file, stream, path, allocation, streamOffset, vendorAllocations }
  }

  /**
   * Benign secondary entries may have clusters; those of other kinds have the same fields. [EXFAT
   * §6.4]
   */
  #vendorAllocations(firstEntry: number, structure: string): Allocation[] {
    const { bytes } = this.#directory
    const allocations: Allocation[] = []
    for (let entry = firstEntry; entry < this.lengthBytes / ENTRY_BYTES; entry++) {
      const at = this.#at + entry * ENTRY_BYTES
      if ((bytes[at]! & BENIGN) === 0) {
        this.#fault(entry, { field: 'EntryType', found: bytes[at]!, expected: 'a benign secondary entry' })
        continue
      }
      if ((bytes[at + 1]! & ALLOCATION_POSSIBLE) === 0 || tooLongField(bytes, at) === 'DataLength') continue
      const { FirstCluster, DataLength, GeneralSecondaryFlags } = StreamEntry.decode(withoutValidLength(bytes, at))
      allocations.push({
        structure: `vendor allocation of ${structure}`,
        offset: this.#directory.offsetOf(at),
        firstCluster: FirstCluster,
        lengthBytes: DataLength,
        isContiguous: (GeneralSecondaryFlags & NO_FAT_CHAIN) !== 0,
      })
    }
    return allocations
  }

  /** `most`: entries that may be parts of the name. */
  #name(lengthUnits: number, most: number): string | undefined {
    const { bytes } = this.#directory
    const count = Math.ceil(lengthUnits / UNITS_PER_NAME_ENTRY)
    if (count === 0 || count > most) {
      const expected = `1 to ${most * UNITS_PER_NAME_ENTRY}, the name entries of the set`
      this.#fault(1, { field: 'NameLength', found: lengthUnits, expected })
      return undefined
    }
    const units = Buffer.alloc(2 * UNITS_PER_NAME_ENTRY * count)
    for (let part = 0; part < count; part++) {
      const at = this.#at + (2 + part) * ENTRY_BYTES
      if (bytes[at] !== TYPE_NAME) {
        this.#fault(2 + part, { field: 'EntryType', found: bytes[at]!, expected: `${TYPE_NAME}, a part of the name` })
        return undefined
      }
      units.set(NameEntry.decode(bytes, at).FileName, part * 2 * UNITS_PER_NAME_ENTRY)
    }
    return units.toString('utf16le', 0, 2 * lengthUnits)
  }

  /** Reports what is wrong in an entry of the set; 0 is the primary one. */
  #fault(entry: number, finding: Omit<FieldFinding, 'structure' | 'offset'>): undefined {
    const structure = `entry set at entry ${this.#at / ENTRY_BYTES} of ${this.#place.allocation.structure}`
    this.#report({ structure, offset: this.#directory.offsetOf(this.#at + entry * ENTRY_BYTES), ...finding })
  }
}

function isSecondaryInUse(type: number): boolean {
  return (type & IN_USE) !== 0 && (type & SECONDARY) !== 0
}

/** Numbers from 2^53 on have more than 21 bits in their upper half. */
const MAX_UPPER_HALF = 0x1fffff

function tooLongField(bytes: Uint8Array, at: number): 'DataLength' | 'ValidDataLength' | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, ENTRY_BYTES)
  if (view.getUint32(28, true) > MAX_UPPER_HALF) return 'DataLength'
  return view.getUint32(12, true) > MAX_UPPER_HALF ? 'ValidDataLength' : undefined
}

/** A vendor's entry has fields of its own in place of the valid length. */
function withoutValidLength(bytes: Uint8Array, at: number): Uint8Array {
  return Uint8Array.from(bytes.subarray(at, at + ENTRY_BYTES)).fill(0, 8, 16)
}

/** Half a surrogate pair has no UTF-8. */
const NO_NAME = /[\x00-\x1f"*/:<>?\\|]|\p{Surrogate}/u

function isName(text: string): boolean {
  return !NO_NAME.test(text) && text !== '.' && text !== '..'
}

export function placeOf({ path, allocation }: ExfatEntry): DirectoryPlace {
  return { path, allocation }
}
