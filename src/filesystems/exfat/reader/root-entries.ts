/**
 * Reads the entries of the root that describe the volume: bitmap, up-case table, label, GUID.
 * [EXFAT §7.1 to §7.5]
 */
import { guidFromBytes } from '../../../bytes/guid.js'
import {
  BitmapEntry,
  GuidEntry,
  LabelEntry,
  MAX_LABEL_UNITS,
  TYPE_BITMAP,
  TYPE_GUID,
  TYPE_LABEL,
  TYPE_UP_CASE,
  UpCaseEntry,
} from '../disklayout.js'
import type { Allocation, ExfatReading } from './cluster-runs.js'
import { type Directory, entriesOf, readDirectory, rootPlace } from './read-directory.js'

export interface RootEntries {
  readonly root: Directory
  readonly bitmap: Allocation | undefined
  readonly upCase: (Allocation & { readonly checksum: number }) | undefined
  readonly label: string | undefined
  /** The byte of the root at which its entry begins. */
  readonly labelAt: number | undefined
  readonly guid: string | undefined
  readonly guidAt: number | undefined
  /** Entries of a type that had one before: `allocation bitmap` at its byte of the volume. */
  readonly repeated: readonly { readonly structure: string; readonly offset: number }[]
}

/** FormatError where the root cannot be followed. Damaged sets of files are passed over. */
export function readRootEntries(reading: ExfatReading): RootEntries {
  const place = rootPlace(reading)
  const root = readDirectory(reading, place)
  const found = new Map<number, number>()
  const repeated: { structure: string; offset: number }[] = []
  const ignore = (): void => undefined
  const note = (type: number, at: number): void => {
    const structure = NAMES[type]
    if (structure === undefined) return
    // The first of two bitmaps is the one of the first FAT.
    if (found.has(type)) repeated.push({ structure, offset: root.offsetOf(at) })
    else found.set(type, at)
  }
  for (const _ of entriesOf(place, root, ignore, note));
  const at = (type: number): number | undefined => found.get(type)
  const [bitmapAt, upCaseAt, labelAt, guidAt] = [at(TYPE_BITMAP), at(TYPE_UP_CASE), at(TYPE_LABEL), at(TYPE_GUID)]
  const { view } = reading
  const bitmap =
    bitmapAt === undefined ? undefined : view.decode(BitmapEntry, root.offsetOf(bitmapAt), NAMES[TYPE_BITMAP])
  const upCase =
    upCaseAt === undefined ? undefined : view.decode(UpCaseEntry, root.offsetOf(upCaseAt), NAMES[TYPE_UP_CASE])
  return {
    root,
    bitmap: bitmap && tableAt('allocation bitmap', root.offsetOf(bitmapAt!), bitmap),
    upCase: upCase && {
      ...tableAt('up-case table', root.offsetOf(upCaseAt!), upCase),
      checksum: upCase.TableChecksum,
    },
    label: labelAt === undefined ? undefined : labelText(root.bytes, labelAt),
    labelAt,
    guid: guidAt === undefined ? undefined : guidFromBytes(GuidEntry.decode(root.bytes, guidAt).VolumeGuid),
    guidAt,
    repeated,
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [TYPE_BITMAP]: 'allocation bitmap',
  [TYPE_UP_CASE]: 'up-case table',
  [TYPE_LABEL]: 'volume label',
  [TYPE_GUID]: 'volume GUID',
}

/** How findings call the entries that describe the volume, and whether a type is one of them. */
export const VOLUME_ENTRIES = {
  bitmap: NAMES[TYPE_BITMAP]!,
  label: NAMES[TYPE_LABEL]!,
  guid: NAMES[TYPE_GUID]!,
  isOne: (type: number): boolean => NAMES[type] !== undefined,
} as const

function tableAt(
  structure: string,
  offset: number,
  { FirstCluster, DataLength }: { readonly FirstCluster: number; readonly DataLength: number },
): Allocation {
  return { structure, offset, firstCluster: FirstCluster, lengthBytes: DataLength, isContiguous: false }
}

function labelText(bytes: Uint8Array, at: number): string | undefined {
  const { CharacterCount, VolumeLabel } = LabelEntry.decode(bytes, at)
  const units = Math.min(CharacterCount, MAX_LABEL_UNITS)
  const text = Buffer.from(VolumeLabel)
    .toString('utf16le', 0, 2 * units)
    .replace(/\p{Surrogate}/gu, '\ufffd')
  return text === '' ? undefined : text
}
