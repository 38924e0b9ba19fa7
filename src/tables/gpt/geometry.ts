/** Where a GPT's own sectors stand on a disk. Pure arithmetic, shared by layout (which places around it) and writer. */
import { ceilDivide, divideExactly } from '../../bytes/align.js'
import { GptPartitionEntry } from './disklayout.js'

/** The array's room is at least this, however few entries are used. [UEFI 2.10 §5.3.1] */
export const MIN_ARRAY_BYTES = 16384
/** The header stands after the protective MBR. */
const HEADER_LBA = 1

export interface GptGeometryOptions {
  readonly sectorSize: number
  /** Number of entries; 128 fill the smallest array that the specification allows. */
  readonly entries: number
  /** Byte at which the primary array begins, a whole sector; missing = directly after the header. */
  readonly entriesAtBytes?: number
}

/** All in sectors; [first, end) where two numbers make a range. */
export interface GptGeometry {
  readonly sectorSize: number
  readonly entries: number
  readonly diskSectors: number
  readonly headerLba: number
  readonly arrayLba: number
  readonly arraySectors: number
  /** FirstUsableLBA: 34 for 128 entries at 512 bytes, 6 at 4096, unless the array is moved. */
  readonly firstUsableLba: number
  /** One after LastUsableLBA. */
  readonly usableEndLba: number
  readonly backupArrayLba: number
  readonly backupHeaderLba: number
}

/** Sectors that the entry array takes at either end of the disk. */
export function gptArraySectors({ entries, sectorSize }: GptGeometryOptions): number {
  return ceilDivide(Math.max(entries * GptPartitionEntry.SIZE, MIN_ARRAY_BYTES), sectorSize)
}

/** Bytes that must follow the last partition: backup array and backup header. */
export function gptBackupBytes(options: GptGeometryOptions): number {
  return (gptArraySectors(options) + 1) * options.sectorSize
}

/** Bytes before the first that a partition may use. */
export function gptFirstUsableByte(options: GptGeometryOptions): number {
  return (arrayLbaOf(options) + gptArraySectors(options)) * options.sectorSize
}

function arrayLbaOf({ entriesAtBytes, sectorSize }: GptGeometryOptions): number {
  return entriesAtBytes === undefined ? HEADER_LBA + 1 : divideExactly(entriesAtBytes, sectorSize)
}

/** `diskSizeBytes` is a whole number of sectors and large enough for both copies. */
export function gptGeometry(diskSizeBytes: number, options: GptGeometryOptions): GptGeometry {
  const { sectorSize, entries } = options
  const diskSectors = divideExactly(diskSizeBytes, sectorSize)
  const arraySectors = gptArraySectors(options)
  const backupHeaderLba = diskSectors - 1
  const backupArrayLba = backupHeaderLba - arraySectors
  return {
    sectorSize,
    entries,
    diskSectors,
    headerLba: HEADER_LBA,
    arrayLba: arrayLbaOf(options),
    arraySectors,
    // Right after the array, never "where the first partition begins": Windows takes an array that does not end at
    // FirstUsableLBA for misplaced and moves it, after which a Raspberry Pi 5 no longer boots (rpi-eeprom#585).
    firstUsableLba: divideExactly(gptFirstUsableByte(options), sectorSize),
    usableEndLba: backupArrayLba,
    backupArrayLba,
    backupHeaderLba,
  }
}
