/**
 * The machine's disks as lsblk (util-linux) tells them: what each is, and everything on it that somebody uses.
 *
 * lsblk knows the kernel's tree of holders (RAID, LVM, dm-crypt) and the mounts of this mount namespace. What other
 * namespaces have mounted shows only when the disk is opened exclusively.
 */
import { IoError } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { type DeviceUse, deviceUses, loopBacking } from './device-uses.js'

/** Something on the disk: the disk itself, a partition, or what holds one of them. */
export interface DiskNode {
  readonly path: string
  /** lsblk's word: `disk`, `part`, `loop`, `rom`, `crypt`, `lvm`, `raid1`, `mpath` … */
  readonly type: string
  /** Signature of its content, where lsblk (or udev) knows one. */
  readonly fsType: string | undefined
  /** Where it is mounted; swap in use is `[SWAP]`. */
  readonly mounts: readonly string[]
}

export interface Disk extends DiskNode {
  readonly sizeBytes: number
  /** Logical: the unit of its addresses, and of a GPT on it. */
  readonly sectorBytes: number
  /** Device number as `8:16`. */
  readonly majorMinor: string
  readonly readOnly: boolean
  /** The medium can be taken out, or the whole drive (hotplug). */
  readonly removable: boolean
  /** `usb`, `mmc`, `sata`, `nvme` … */
  readonly bus: string | undefined
  readonly vendor: string | undefined
  readonly model: string | undefined
  readonly serial: string | undefined
  /** The disk itself and all that stands on it or holds a part of it. */
  readonly nodes: readonly DiskNode[]
  /** What the kernel makes of it that lsblk does not know. */
  readonly uses: readonly DeviceUse[]
  /** Of a loop device, the block device that it reads and writes, where it is not a file. */
  readonly backing?: Disk
}

const COLUMNS = [
  ...['PATH', 'TYPE', 'SIZE', 'LOG-SEC', 'MAJ:MIN', 'RO', 'RM', 'HOTPLUG', 'TRAN', 'SUBSYSTEMS'],
  ...['VENDOR', 'MODEL', 'SERIAL', 'FSTYPE'],
]

/** Every block device that is not a part of another one. IoError when lsblk is missing or fails. */
export async function listDisks(runner: CommandRunner): Promise<Disk[]> {
  return parseLsblk(await runLsblk(runner, [])).map(withUses)
}

/** The device at `path`, whatever it is. IoError when it is no block device. */
export async function inspectDisk(runner: CommandRunner, path: string): Promise<Disk> {
  const [disk] = parseLsblk(await runLsblk(runner, [path]))
  if (disk === undefined) throw new IoError(`Cannot use ${path}: lsblk knows no block device of that name`)
  const backing = disk.type === 'loop' ? loopBacking(path) : undefined
  if (backing === undefined || backing === path) return withUses(disk)
  // What is written to the loop device is written to that one.
  const behind = await inspectDisk(runner, backing)
  return { ...withUses(disk), backing: { ...behind, uses: behind.uses.filter(({ user }) => user !== path) } }
}

function withUses(disk: Disk): Disk {
  return { ...disk, uses: deviceUses(disk.majorMinor) }
}

async function runLsblk(runner: CommandRunner, paths: readonly string[]): Promise<string> {
  const attempt = (mountColumn: string) =>
    runner.run('lsblk', ['--json', '--bytes', '--output', [...COLUMNS, mountColumn].join(','), ...paths])
  let result = await attempt('MOUNTPOINTS')
  // util-linux before 2.37 tells only one mount of a device.
  if (result.status !== 0 && result.stderr.includes('unknown column')) result = await attempt('MOUNTPOINT')
  if (result.status === 0) return result.stdout.toString('utf8')
  const what = paths[0] ?? 'the disks of this machine'
  throw new IoError(`Cannot inspect ${what}: lsblk says "${result.stderr.trim() || `exit code ${result.status}`}"`, {
    ...(paths.length > 0 && { hint: '"diskloom devices" lists the disks of this machine' }),
    details: { path: paths[0] },
  })
}

/** A column's value: newer lsblk writes typed JSON, older text, and a missing value is null. */
type Cell = string | number | boolean | null | undefined | readonly (string | null)[]
interface Row {
  readonly [column: string]: Cell | readonly Row[]
  readonly children?: readonly Row[]
}

/** `text`: what `lsblk --json --bytes` writes. IoError where that is no list of devices. */
export function parseLsblk(text: string): Disk[] {
  let rows: unknown
  try {
    rows = (JSON.parse(text) as { blockdevices?: unknown }).blockdevices
  } catch (error) {
    throw new IoError('Cannot read the list of disks: lsblk wrote no JSON', { cause: error })
  }
  if (!Array.isArray(rows)) throw new IoError('Cannot read the list of disks: lsblk wrote no "blockdevices"')
  return (rows as Row[]).map(diskOf)
}

function diskOf(row: Row): Disk {
  const path = textOf(row, 'path') ?? ''
  const bus = textOf(row, 'tran') ?? (textOf(row, 'subsystems')?.split(':').includes('mmc') ? 'mmc' : undefined)
  return {
    ...nodeOf(row),
    sizeBytes: numberOf(row, 'size', path),
    sectorBytes: numberOf(row, 'log-sec', path),
    majorMinor: textOf(row, 'maj:min') ?? '',
    readOnly: flagOf(row, 'ro'),
    removable: flagOf(row, 'rm') || flagOf(row, 'hotplug'),
    bus,
    vendor: textOf(row, 'vendor'),
    model: textOf(row, 'model'),
    serial: textOf(row, 'serial'),
    nodes: [...nodesBelow(row)],
    uses: [],
  }
}

function* nodesBelow(row: Row): Generator<DiskNode> {
  yield nodeOf(row)
  for (const child of row.children ?? []) yield* nodesBelow(child)
}

function nodeOf(row: Row): DiskNode {
  const mounts = Array.isArray(row.mountpoints) ? (row.mountpoints as readonly unknown[]) : [row.mountpoint]
  return {
    path: textOf(row, 'path') ?? '',
    type: textOf(row, 'type') ?? '',
    fsType: textOf(row, 'fstype'),
    mounts: mounts.filter((place): place is string => typeof place === 'string' && place !== ''),
  }
}

function textOf(row: Row, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function flagOf(row: Row, column: string): boolean {
  return row[column] === true || row[column] === '1' || row[column] === 1
}

function numberOf(row: Row, column: string, path: string): number {
  const value = row[column] ?? 0
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number
  throw new IoError(`Cannot inspect ${path}: lsblk gives ${column} as ${JSON.stringify(value)}, a number was expected`)
}

/** `SanDisk Ultra`, else what kind of thing it is. A vendor that is a PCI number says nothing. */
export function modelText({ vendor, model, type }: Pick<Disk, 'vendor' | 'model' | 'type'>): string {
  const words = [vendor, model].filter((word) => word !== undefined && !/^0x/.test(word))
  return words.length > 0 ? words.join(' ') : type
}
