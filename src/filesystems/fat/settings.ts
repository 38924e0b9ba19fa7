/** The options of a FAT volume, checked against each other and against what FAT has, all problems at once. */
import { isPowerOfTwo } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { type ConfigPath, FormatError, type Problem, type Warning } from '../../errors.js'
import { formatCount } from '../path-list.js'
import type { VolumeEnvironment } from '../volume.js'
import { type FatWidth, NO_LABEL } from './disklayout.js'
import { type GeometryRequest, MAX_CLUSTER_SECTORS } from './geometry.js'
import type { FatFamily, FatFormatOptions } from './options.js'
import { parseTimeZone } from './times.js'

export interface FatSettings {
  readonly geometry: Omit<GeometryRequest, 'sizeBytes'>
  /** Undefined = none. */
  readonly label: string | undefined
  readonly oem: string
  readonly volumeId: number
  readonly hiddenSectors: number
  readonly offsetMinutes: number
  readonly warnings: readonly Warning[]
}

const LABEL_BYTES = 11
const FORBIDDEN_IN_LABEL = /[^\x20-\x7e]|["*+,./:;<=>?[\\\]|]/
/** mkfs.fat's, as FAT volumes without an `oem` follow it in everything. */
const DEFAULT_OEM = 'mkfs.fat'
const OEM_BYTES = 8
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

const MAX_U32 = 0xffffffff
const MAX_FATS = 4
/** fsck.fat reads no more. */
const USUAL_FATS = 2
const MAX_RESERVED_SECTORS = 65535
const ROOT_ENTRIES = [16, 32768] as const
const WIDTHS: Readonly<Record<FatFamily, FatWidth | undefined>> = { fat: undefined, fat12: 12, fat16: 16, fat32: 32 }

/** `path`: of the value, from the partition on. */
type Refuse = (path: ConfigPath, message: string, hint?: string) => void

/** Throws a FormatError with every option that FAT cannot have. */
export function checkSettings(options: FatFormatOptions, environment: VolumeEnvironment): FatSettings {
  const problems: Problem[] = []
  const warnings: Warning[] = []
  const refuse: Refuse = (path, message, hint) => {
    problems.push(hint === undefined ? { path, message } : { path, message, hint })
  }
  const { sectorSize } = environment
  const { cluster_size, fats, reserved_sectors, root_entries, media, volume_id, oem = DEFAULT_OEM } = options
  const width = WIDTHS[options.type]

  const label = options.label === undefined || options.label.trim() === '' ? undefined : options.label
  if (label !== undefined) checkLabel(label, refuse, warnings)
  if (cluster_size !== undefined && !isClusterSize(cluster_size, sectorSize)) {
    refuse(
      ['options', 'cluster_size'],
      `Cannot use FAT clusters of ${formatCount(cluster_size)} bytes: accepted are powers of two from ${formatSize(sectorSize)} to ${formatSize(MAX_CLUSTER_SECTORS * sectorSize)}`,
    )
  }
  if (fats !== undefined && !isWithin(fats, 1, MAX_FATS)) {
    refuse(['options', 'fats'], `Cannot write ${fats} FATs: accepted are 1 to ${MAX_FATS}`)
  } else if (fats !== undefined && fats > USUAL_FATS) {
    warnings.push({
      path: ['options', 'fats'],
      finding: 'fat-copies',
      message: `${fats} FATs: fsck.fat and some firmware read at most ${USUAL_FATS}`,
    })
  }
  // FAT32 has the boot sector and the FSInfo.
  const fewestReserved = width === 32 ? 2 : 1
  if (reserved_sectors !== undefined && !isWithin(reserved_sectors, fewestReserved, MAX_RESERVED_SECTORS)) {
    refuse(
      ['options', 'reserved_sectors'],
      `Cannot reserve ${formatCount(reserved_sectors)} sectors: accepted are ${fewestReserved} to ${formatCount(MAX_RESERVED_SECTORS)}`,
    )
  }
  if (root_entries !== undefined && !isWithin(root_entries, ...ROOT_ENTRIES)) {
    refuse(
      ['options', 'root_entries'],
      `Cannot make a FAT root directory of ${formatCount(root_entries)} slots: accepted are ${ROOT_ENTRIES.map(formatCount).join(' to ')}`,
    )
  } else if (root_entries !== undefined && width === 32) {
    warnings.push({
      path: ['options', 'root_entries'],
      finding: 'fat-root-entries',
      message: 'root_entries has no effect on FAT32, whose root directory grows like any other',
    })
  }
  if (media !== undefined && media !== 0xf0 && !isWithin(media, 0xf8, 0xff)) {
    refuse(
      ['options', 'media'],
      `Cannot write FAT media descriptor 0x${media.toString(16)}: accepted are 0xF0 and 0xF8 to 0xFF`,
    )
  }
  if (volume_id !== undefined && !isWithin(volume_id, 0, MAX_U32)) {
    refuse(['options', 'volume_id'], `Cannot write FAT volume id ${volume_id}: accepted are 0 to 0xFFFFFFFF`)
  }
  if (oem.length > OEM_BYTES || !PRINTABLE_ASCII.test(oem)) {
    refuse(['options', 'oem'], `Cannot write FAT OEM name "${oem}": accepted are at most ${OEM_BYTES} ASCII characters`)
  }
  const offsetMinutes = parseTimeZone(options.time_zone ?? 'UTC')
  if (offsetMinutes === undefined) {
    refuse(
      ['options', 'time_zone'],
      `Cannot use time zone "${options.time_zone}" for FAT: accepted are UTC and fixed offsets like +01:00`,
      'Zone names mean other times on other machines and in other years',
    )
  }
  const hiddenSectors = environment.offsetBytes / sectorSize
  if (!Number.isInteger(hiddenSectors)) {
    refuse(
      ['start'],
      `Cannot place a FAT volume at byte ${environment.offsetBytes}: accepted are multiples of its sectors of ${sectorSize} bytes`,
    )
  }
  if (problems.length > 0) throw new FormatError(problems)

  return {
    geometry: {
      sectorSize,
      ...(width !== undefined && { width }),
      ...(cluster_size !== undefined && { clusterSectors: cluster_size / sectorSize }),
      ...(fats !== undefined && { fats }),
      ...(reserved_sectors !== undefined && { reservedSectors: reserved_sectors }),
      ...(root_entries !== undefined && { rootEntries: root_entries }),
      ...(media !== undefined && { media }),
    },
    label: label?.trimEnd() === NO_LABEL ? undefined : label,
    oem,
    volumeId: volume_id ?? Number.parseInt(environment.uuid.slice(0, 8), 16),
    // Beyond 2 TiB no boot code that reads BPB_HiddSec could follow; mkfs.fat leaves it 0 there.
    hiddenSectors: hiddenSectors <= MAX_U32 ? hiddenSectors : 0,
    offsetMinutes: offsetMinutes ?? 0,
    warnings,
  }
}

function checkLabel(label: string, refuse: Refuse, warnings: Warning[]): void {
  const lengthBytes = Buffer.byteLength(label)
  const forbidden = FORBIDDEN_IN_LABEL.exec(label)?.[0]
  if (lengthBytes > LABEL_BYTES) {
    refuse(['label'], `Cannot write FAT label "${label}": ${lengthBytes} bytes, at most ${LABEL_BYTES}`)
  }
  if (forbidden !== undefined) {
    refuse(
      ['label'],
      `Cannot write FAT label "${label}": has ${JSON.stringify(forbidden)}, accepted is ASCII without " * + , . / : ; < = > ? [ \\ ] |`,
    )
  } else if (label.startsWith(' ')) {
    refuse(['label'], `Cannot write FAT label "${label}": begins with a blank, accepted are labels that do not`)
  } else if (/[a-z]/.test(label)) {
    warnings.push({
      path: ['label'],
      finding: 'fat-label-case',
      message: `FAT label "${label}" has lower case, which some systems do not show or find`,
    })
  }
}

function isClusterSize(bytes: number, sectorSize: number): boolean {
  return isWithin(bytes, sectorSize, sectorSize * MAX_CLUSTER_SECTORS) && isPowerOfTwo(bytes)
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
