/** The entries of a directory.  [FATGEN §6] */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { type ByteString, displayName } from '../../../bytes/text.js'
import {
  ATTR_DIRECTORY,
  ATTR_LONG_NAME,
  ATTR_VOLUME_ID,
  DELETED_SLOT,
  DirectoryEntry,
  END_OF_DIRECTORY,
  MAX_DIRECTORY_SLOTS,
  SLOT_BYTES,
} from '../disklayout.js'
import { type ChainOwner, type ClusterRun, readChain } from './cluster-chain.js'
import type { FatReading } from './fat-reading.js'
import { LongNameReader, utf8OfUnits } from './long-name.js'
import { SHORT_NAME_BYTES, shortNameText } from './short-name.js'
import { clusterOffset } from './volume-shape.js'

/** Where a directory stands and how people call it. */
export interface DirectoryPlace {
  /** '' for the root. */
  readonly path: ByteString
  /** 0: the root of FAT12 and FAT16. */
  readonly firstCluster: number
  readonly owner: ChainOwner
}

/** An entry but the label, `.` and `..`. */
export interface FatEntry {
  readonly name: ByteString
  readonly record: DirectoryEntry
  /** DIR_Name, all eleven characters. */
  readonly shortName: string
  readonly isDirectory: boolean
  readonly firstCluster: number
  /** Slot of the short entry, from 0, and its byte in the volume. */
  readonly slot: number
  readonly offset: number
}

/** A slot that is no entry for a tree. */
export type SpecialEntry = Omit<FatEntry, 'name'>

export interface Directory {
  /** Where it stands; none for the root of FAT12 and FAT16. */
  readonly runs: readonly ClusterRun[]
  readonly entries: readonly FatEntry[]
  readonly labels: readonly SpecialEntry[]
  /** `.` and `..`, wherever they stand. */
  readonly dots: readonly SpecialEntry[]
  /** Entries whose name no path can hold. */
  readonly unnamed: readonly FieldFinding[]
  /** Slots behind the end mark that are not empty. */
  readonly slotsBehindEnd: readonly number[]
}

/** The bytes of a directory, and where they are. */
export interface DirectoryBytes {
  readonly bytes: Uint8Array
  readonly runs: readonly ClusterRun[]
  offsetOf(slot: number): number
}

export function rootPlace({ shape }: FatReading): DirectoryPlace {
  const owner = { structure: 'root directory', offset: shape.bootOffset, field: 'BPB_RootClus' }
  return { path: '' as ByteString, firstCluster: shape.rootCluster, owner }
}

export function placeOfEntry(parent: DirectoryPlace, { name, firstCluster, offset }: FatEntry): DirectoryPlace {
  const path = pathOf(parent, name)
  return { path, firstCluster, owner: { structure: `directory ${quoted(path)}`, offset, field: 'DIR_FstClus' } }
}

export function ownerOfFile(parent: DirectoryPlace, { name, offset }: FatEntry): ChainOwner {
  return { structure: `file ${quoted(pathOf(parent, name))}`, offset, field: 'DIR_FstClus' }
}

function pathOf({ path }: DirectoryPlace, name: ByteString): ByteString {
  return (path === '' ? name : `${path}/${name}`) as ByteString
}

function quoted(path: ByteString): string {
  return `"${displayName(path)}"`
}

/** What a directory may have at most. */
export function mostClusters({ shape }: FatReading): number {
  return Math.ceil((MAX_DIRECTORY_SLOTS * SLOT_BYTES) / shape.clusterBytes)
}

/** FormatError where the chain cannot be followed or is longer than a directory may be. */
export function readDirectoryBytes(reading: FatReading, place: DirectoryPlace): DirectoryBytes {
  const { view, shape } = reading
  const { structure } = place.owner
  if (place.firstCluster === 0 && place.path === '') {
    const bytes = view.read(shape.rootOffset, shape.rootBytes, structure)
    return { bytes, runs: [], offsetOf: (slot) => shape.rootOffset + slot * SLOT_BYTES }
  }
  const { runs, count, isWhole } = readChain(reading, place.firstCluster, place.owner, mostClusters(reading))
  if (!isWhole) throw fieldError(view.name, tooLong(place))
  return bytesOfRuns(reading, structure, runs, count)
}

export function tooLong({ owner }: DirectoryPlace): FieldFinding {
  const { structure, offset } = owner
  const found = `more than ${MAX_DIRECTORY_SLOTS} slots`
  return { structure, offset, field: 'its chain of clusters', found, expected: `at most ${MAX_DIRECTORY_SLOTS}` }
}

export function bytesOfRuns(
  { view, shape }: FatReading,
  structure: string,
  runs: readonly ClusterRun[],
  count: number,
): DirectoryBytes {
  const bytes = new Uint8Array(count * shape.clusterBytes)
  let at = 0
  for (const run of runs) {
    const part = view.read(clusterOffset(shape, run.first), run.count * shape.clusterBytes, structure)
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, runs, offsetOf: (slot) => offsetInRuns(shape, runs, slot * SLOT_BYTES) }
}

function offsetInRuns(shape: FatReading['shape'], runs: readonly ClusterRun[], at: number): number {
  let left = at
  for (const { first, count } of runs) {
    const length = count * shape.clusterBytes
    if (left < length) return clusterOffset(shape, first) + left
    left -= length
  }
  return clusterOffset(shape, runs[0]!.first)
}

/** What the slots hold. `report` takes what is wrong with them; reading goes on in any case. */
export function parseDirectory(
  { shape }: FatReading,
  place: DirectoryPlace,
  { bytes, runs, offsetOf }: DirectoryBytes,
  report: (finding: FieldFinding) => void,
): Directory {
  const { structure } = place.owner
  const entries: FatEntry[] = []
  const labels: SpecialEntry[] = []
  const dots: SpecialEntry[] = []
  const unnamed: FieldFinding[] = []
  const longName = new LongNameReader((slot, field, found, expected, isHarmless) =>
    report({
      structure,
      offset: offsetOf(slot),
      field: `${field} of slot ${slot}`,
      found,
      expected,
      ...(isHarmless && { isHarmless }),
    }),
  )
  const slots = bytes.length / SLOT_BYTES
  let slot = 0
  for (; slot < slots; slot++) {
    const at = slot * SLOT_BYTES
    const [first] = bytes.subarray(at)
    if (first === END_OF_DIRECTORY) break
    if (first === DELETED_SLOT) {
      longName.abandon()
      continue
    }
    const attributes = bytes[at + DirectoryEntry.FIELDS.DIR_Attr![0]]!
    if ((attributes & ATTR_LONG_MASK) === ATTR_LONG_NAME) {
      longName.add(slot, bytes.subarray(at, at + SLOT_BYTES))
      continue
    }
    const special = entryOf(shape.width === 32, slot, DirectoryEntry.decode(bytes, at), offsetOf(slot))
    if ((attributes & ATTR_VOLUME_ID) !== 0) {
      longName.abandon()
      labels.push(special)
    } else if (isDot(special.shortName)) {
      longName.abandon()
      dots.push(special)
    } else {
      const long = longName.finish(slot, special.shortName)
      const name = utf8OfUnits(long ?? shortNameText(special.shortName, special.record.DIR_NTRes))
      if (/[/\0]/.test(name) || name === '') {
        const field = `DIR_Name of slot ${slot}`
        unnamed.push({ structure, offset: special.offset, field, found: JSON.stringify(name), expected: 'a name' })
      } else {
        entries.push({ ...special, name })
      }
    }
  }
  longName.abandon()
  return { runs, entries, labels, dots, unnamed, slotsBehindEnd: usedSlots(bytes, slot, slots) }
}

/** The bits that tell a slot of a long name.  [FATGEN §7.1] */
const ATTR_LONG_MASK = 0x3f

function entryOf(isFat32: boolean, slot: number, record: DirectoryEntry, offset: number): SpecialEntry {
  const high = isFat32 ? record.DIR_FstClusHI * 0x10000 : 0
  return {
    record,
    shortName: record.DIR_Name.padEnd(SHORT_NAME_BYTES),
    isDirectory: (record.DIR_Attr & ATTR_DIRECTORY) !== 0,
    firstCluster: high + record.DIR_FstClusLO,
    slot,
    offset,
  }
}

function isDot(shortName: string): boolean {
  return /^\.{1,2} +$/.test(shortName)
}

function usedSlots(bytes: Uint8Array, from: number, to: number): number[] {
  const used: number[] = []
  for (let slot = from; slot < to; slot++) {
    const first = bytes[slot * SLOT_BYTES]
    if (first !== END_OF_DIRECTORY && first !== DELETED_SLOT) used.push(slot)
  }
  return used
}
