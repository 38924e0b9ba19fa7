/** What the partition table leaves of a disk: its own sectors are regions like any other. */
import { alignUp } from '../bytes/align.js'
import type { ImageSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { GptPartitionEntry } from '../tables/gpt/disklayout.js'
import {
  type GptGeometryOptions,
  gptArraySectors,
  gptBackupBytes,
  gptFirstUsableByte,
  MIN_ARRAY_BYTES,
} from '../tables/gpt/geometry.js'
import { BOOT_CODE_BYTES } from '../tables/mbr/disklayout.js'
import type { Region } from './disk-plan.js'
import { bytesText } from './sectors.js'

/** fastboot and Android's sparse images take nothing else, and 33 sectors of backup GPT are odd (genimage PR#133). */
export const IMAGE_GRAIN_BYTES = 4096

/** An array of 1 MiB, far from the 4 MiB that Linux still takes in one allocation. [LINUX block/partitions/efi.c] */
const MAX_GPT_ENTRIES = (1024 * 1024) / GptPartitionEntry.SIZE
/** Fewer fill less than the array's smallest size, which sgdisk calls a violation of the specification. */
const MIN_GPT_ENTRIES = MIN_ARRAY_BYTES / GptPartitionEntry.SIZE

export interface TableFrame {
  /** First byte that a partition of the table may use. */
  readonly usableStartByte: number
  /** Bytes that the table takes at the end of the disk. */
  readonly endBytes: number
  /** The table's sectors before the partitions. */
  readonly regions: readonly Region[]
}

export function gptOptions(spec: ImageSpec): GptGeometryOptions {
  return { sectorSize: spec.sectorSize, ...spec.gpt }
}

/** `bootCode`: a blob holds the disk's first 440 bytes, which no table uses. */
export function tableFrame(spec: ImageSpec, options: { bootCode: boolean }): TableFrame {
  const { table, sectorSize } = spec
  const startByte = options.bootCode ? BOOT_CODE_BYTES : 0
  switch (table) {
    case 'none':
    case 'mtd':
      return { usableStartByte: 0, endBytes: 0, regions: [] }
    case 'mbr':
      return {
        usableStartByte: sectorSize,
        endBytes: 0,
        regions: [{ kind: 'table', name: 'MBR', startByte, endByte: sectorSize }],
      }
    case 'gpt': {
      const geometry = gptOptions(spec)
      return {
        usableStartByte: gptFirstUsableByte(geometry),
        endBytes: gptBackupBytes(geometry),
        regions: primaryRegions(geometry, startByte),
      }
    }
  }
}

function primaryRegions(geometry: GptGeometryOptions, startByte: number): Region[] {
  const { sectorSize } = geometry
  const headerEnd = 2 * sectorSize // protective MBR and header
  const arrayEnd = gptFirstUsableByte(geometry)
  const arrayStart = arrayEnd - gptArraySectors(geometry) * sectorSize
  if (arrayStart === headerEnd) {
    return [{ kind: 'table', name: 'primary GPT header and entries', startByte, endByte: arrayEnd }]
  }
  return [
    { kind: 'table', name: 'protective MBR and primary GPT header', startByte, endByte: headerEnd },
    { kind: 'table', name: 'primary GPT entries', startByte: arrayStart, endByte: arrayEnd },
  ]
}

/** Everything about the disk as a whole that cannot be; nothing can be placed while there is one of these. */
export function checkDisk(spec: ImageSpec): Problem[] {
  const wrong = spec.table === 'gpt' ? checkGptOptions(spec) : checkFlashSize(spec)
  return wrong.length > 0 ? wrong : checkDiskSize(spec)
}

function checkGptOptions({ gpt, sectorSize }: ImageSpec): Problem[] {
  const { entries, entriesAtBytes } = gpt
  const problems: Problem[] = []
  if (!Number.isInteger(entries) || entries < MIN_GPT_ENTRIES || entries > MAX_GPT_ENTRIES) {
    problems.push({
      message: `Cannot make a GPT of ${entries} entries: ${MIN_GPT_ENTRIES} to ${MAX_GPT_ENTRIES} are accepted`,
      hint: 'To make room before the first partition, move the array with gpt: { entries_at: … }',
      path: ['gpt', 'entries'],
    })
  }
  const firstPossible = 2 * sectorSize // after protective MBR and header
  if (entriesAtBytes !== undefined && (entriesAtBytes % sectorSize !== 0 || entriesAtBytes < firstPossible)) {
    problems.push({
      message: `Cannot put the GPT entries at byte ${entriesAtBytes}: a whole number of ${sectorSize}-byte sectors is accepted, from byte ${firstPossible} on`,
      path: ['gpt', 'entries_at'],
    })
  }
  return problems
}

function checkFlashSize({ mtd, sizeBytes }: ImageSpec): Problem[] {
  if (mtd === undefined || sizeBytes === undefined || sizeBytes % mtd.eraseBlockBytes === 0) return []
  const next = alignUp(sizeBytes, mtd.eraseBlockBytes)
  return [
    {
      message: `Cannot make a flash of ${bytesText(sizeBytes)}: whole erase blocks of ${bytesText(mtd.eraseBlockBytes)} are accepted`,
      hint: `The next size is ${bytesText(next)}`,
      path: ['size'],
    },
  ]
}

function checkDiskSize(spec: ImageSpec): Problem[] {
  const { sizeBytes, sectorSize, table } = spec
  if (sizeBytes === undefined) return []
  const path = ['size']
  if (sizeBytes % sectorSize !== 0) {
    return [
      {
        message: `Cannot make a disk of ${sizeBytes} bytes: that is no whole number of ${sectorSize}-byte sectors`,
        hint: `The next one is ${alignUp(sizeBytes, sectorSize)} bytes`,
        path,
      },
    ]
  }
  const { usableStartByte, endBytes } = tableFrame(spec, { bootCode: false })
  const needed = usableStartByte + sectorSize + endBytes
  if (sizeBytes >= needed) return []
  const purpose =
    table === 'none' || table === 'mtd'
      ? 'one sector'
      : `the ${table.toUpperCase()} itself and one sector for a partition`
  return [{ message: `Cannot make a disk of ${bytesText(sizeBytes)}: ${purpose} take ${bytesText(needed)}`, path }]
}
