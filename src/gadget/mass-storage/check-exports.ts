/**
 * LUNs that show what the same config makes: whether a PC can take them, and whether the board's own fstab mounts what the
 * host writes to. Pure; the facts come from the layout.
 */
import type { HarvestSpec, LunSpec, MassStorageSpec } from '../../config/spec.js'
import type { ConfigPath, Problem, Warning } from '../../errors.js'
import { fileSystemOfFormat } from '../../filesystems/registry.js'

export interface ExportedPartition {
  readonly name: string
  readonly startByte: number
  readonly sizeBytes: number
  /** `fat16`, `ext4` …, `raw` or `none`. */
  readonly format: string
  /** Media byte of a FAT, where the config chooses it. */
  readonly media?: number
  /** Whether Windows looks into a partition of this type. */
  readonly isWindowsType: boolean
  /** What an fstab may call it: `PARTLABEL=data`, `UUID=…`. */
  readonly identifiers: readonly string[]
}

export interface ExportedDisk {
  readonly sectorSize: number
  readonly sizeBytes: number
  /** Without a table the one volume is the disk. */
  readonly hasTable: boolean
  readonly partitions: readonly ExportedPartition[]
  /** Every etc/fstab that the config puts on the disk. */
  readonly fstabs: readonly { readonly partition: string; readonly text: string }[]
}

/** Blocks of a LUN whose file is no block device. [MSG] file= */
const DISK_BLOCK_BYTES = 512
const CDROM_BLOCK_BYTES = 2048
/** Other media bytes than these are no FAT to Windows. [FASTFAT] FatIsBootSectorFat */
const WINDOWS_MEDIA: ReadonlySet<number> = new Set([0xf0, 0xf8, 0xf9, 0xfb, 0xfc, 0xfd, 0xfe, 0xff])

export interface ExportFindings {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Warning[]
}

export function checkExports(
  { luns, harvest }: Pick<MassStorageSpec, 'luns' | 'harvest'>,
  disk: ExportedDisk,
): ExportFindings {
  const found = luns.map((lun, index) => checkLun(lun, index, disk))
  return {
    problems: [...found.flatMap(({ problems }) => problems), ...harvestProblems(luns, harvest, disk)],
    warnings: found.flatMap(({ warnings }) => warnings),
  }
}

interface OneLun {
  readonly lun: LunSpec
  readonly index: number
  readonly disk: ExportedDisk
}

function checkLun(lun: LunSpec, index: number, disk: ExportedDisk): ExportFindings {
  const one = { lun, index, disk }
  const fstab = fstabProblems(one)
  const { holds } = lun
  if (holds === undefined) return { problems: fstab, warnings: [] }
  const path = [...lun.configPath, holds.kind]
  const shown = holds.kind === 'disk' ? disk.partitions : disk.partitions.filter(({ name }) => name === holds.name)
  const sizeBytes = holds.kind === 'disk' ? disk.sizeBytes : (shown[0]?.sizeBytes ?? 0)
  return {
    problems: [...fstab, ...blockProblems(one, shown, path)],
    warnings: [
      ...sizeWarnings(one, sizeBytes, path),
      ...windowsWarnings(one, shown).map((message) => ({
        finding: 'lun-windows' as const,
        message: `LUN ${index}: ${message}`,
        path,
      })),
    ],
  }
}

/** Where the script would mount something that is no volume. */
function harvestProblems(
  luns: readonly LunSpec[],
  harvest: HarvestSpec | undefined,
  { hasTable, partitions }: ExportedDisk,
): Problem[] {
  const lun = harvest && luns[harvest.lun]
  if (lun?.holds === undefined) return []
  const starts = lun.holds.kind === 'disk' && hasTable ? partitions.map(({ startByte }) => startByte) : [0]
  if (starts.includes(harvest!.offsetBytes)) return []
  return [
    {
      path: ['gadget', 'harvest'],
      message: `Cannot harvest into LUN ${harvest!.lun}: no volume begins at byte ${harvest!.offsetBytes} of it, accepted are ${starts.join(', ')}`,
      hint: `harvest: { offset: ${starts[0]} }`,
    },
  ]
}

/** The board's idea of 4096-byte sectors against the driver's 512: neither table nor FAT is found. */
function blockProblems({ lun, index, disk }: OneLun, shown: readonly ExportedPartition[], path: ConfigPath): Problem[] {
  const blockBytes = lun.cdrom ? CDROM_BLOCK_BYTES : DISK_BLOCK_BYTES
  const isDevice = lun.file.startsWith('/dev/')
  const counts = (lun.holds?.kind === 'disk' && disk.hasTable) || shown.some(isReadByWindows)
  if (disk.sectorSize === blockBytes || !counts || (isDevice && !lun.cdrom)) return []
  return [
    {
      path,
      message: `Cannot show LUN ${index}: a PC sees ${lun.cdrom ? 'a CD-ROM' : 'a file'} in blocks of ${blockBytes} bytes and looks for a table and a FAT in them, those of the config have sectors of ${disk.sectorSize}`,
      hint: lun.cdrom ? 'cdrom: false' : `sector_size: ${DISK_BLOCK_BYTES}`,
    },
  ]
}

function sizeWarnings({ lun, index }: OneLun, sizeBytes: number, path: ConfigPath): Warning[] {
  if (!lun.cdrom || sizeBytes % CDROM_BLOCK_BYTES === 0) return []
  return [
    {
      path,
      finding: 'lun-size',
      message: `LUN ${index}: ${sizeBytes} bytes are no whole number of blocks of ${CDROM_BLOCK_BYTES}, the host does not see the last ${sizeBytes % CDROM_BLOCK_BYTES}`,
    },
  ]
}

/** Half sentences, each about something that Windows will not take. */
function windowsWarnings({ lun, disk }: OneLun, shown: readonly ExportedPartition[]): string[] {
  const withTable = lun.holds?.kind === 'disk' && disk.hasTable
  const fats = shown.filter(isReadByWindows)
  const others = shown.filter(isForeignToWindows)
  const hidden = withTable ? fats.filter(({ isWindowsType }) => !isWindowsType) : []
  return [
    ...(others.length > 0 ? [`Windows cannot read ${named(others)} and offers to format it`] : []),
    ...(hidden.length > 0
      ? [`Windows gives ${named(hidden)} no letter: its type is none of those that it looks into`]
      : []),
    ...(lun.removable && withTable && fats.length - hidden.length > 1
      ? [`Windows before 10 version 1703 shows the first partition of a removable medium only, of ${named(fats)}`]
      : []),
    ...(!lun.removable && !withTable && fats.length > 0
      ? ['Windows wants a partition table on a disk that is not removable']
      : []),
    ...fats
      .filter(({ media }) => media !== undefined && !WINDOWS_MEDIA.has(media))
      .map(
        ({ name, media }) => `Windows does not take "${name}" for a FAT: its media byte is 0x${media!.toString(16)}`,
      ),
  ]
}

function isReadByWindows({ format }: ExportedPartition): boolean {
  return fileSystemOfFormat(format)?.readByWindows === true
}

/** A file system with files in it that Windows does not know. */
function isForeignToWindows({ format }: ExportedPartition): boolean {
  const fileSystem = fileSystemOfFormat(format)
  return fileSystem?.content === 'tree' && fileSystem.liesOn === 'block' && fileSystem.readByWindows !== true
}

function named(partitions: readonly ExportedPartition[]): string {
  return partitions.map(({ name, format }) => (name === '' ? `the ${format}` : `"${name}" (${format})`)).join(', ')
}

function fstabProblems({ lun, index, disk }: OneLun): Problem[] {
  if (lun.ro) return []
  const { holds } = lun
  const own = holds?.kind === 'partition' ? disk.partitions.find(({ name }) => name === holds.name) : undefined
  const names = new Set([lun.file, ...(own?.identifiers ?? [])])
  return disk.fstabs.flatMap(({ partition, text }) =>
    mountsOf(text)
      .filter(({ source }) => names.has(source))
      .map(({ target }) => ({
        path: [...lun.configPath, 'file'],
        message: `Cannot show LUN ${index}: /etc/fstab of partition "${partition}" mounts ${lun.file} at ${target} while the host may write to it, which destroys the volume`,
        hint: 'noauto in the fstab, or ro: true',
      })),
  )
}

/** What is mounted at boot. Blanks stand as octal escapes. [FSTAB] */
function mountsOf(text: string): { source: string; target: string }[] {
  return text.split('\n').flatMap((line) => {
    if (/^\s*(#|$)/.test(line)) return []
    const [source = '', target = '', , options = ''] = line.trim().split(/\s+/).map(unescapeField)
    return options.split(',').includes('noauto') || target === '' ? [] : [{ source: withoutQuotes(source), target }]
  })
}

function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** `LABEL="x"` is LABEL=x. */
function withoutQuotes(source: string): string {
  return source.replace(/^(\w+)="(.*)"$/, '$1=$2')
}
