/** One boot of Debian's kernel that mounts, lists and uses many volumes; test/qemu/guest/init.sh is what runs in it. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VolumeSpec } from '../../src/config/spec.js'
import type { Jffs2Options } from '../../src/filesystems/jffs2/option-table.js'
import type { FileNode } from '../../src/tree/file-tree.js'
import { PROJECT } from './diskloom.js'
import { KIB } from './image-spec.js'
import { type DebianKernel, modulePaths, writeInitramfs } from './qemu-debian-kernel.js'
import type { JudgedDisk } from './qemu-disk.js'
import type { Entries, Entry } from './qemu-entries.js'
import { withMachine } from './qemu-machine.js'
import { familyOf } from './volume-specs.js'

export interface LinuxFindings {
  /** As it was found. */
  readonly before: Entries
  /** After use, mounted anew; empty where the volume was only looked at. */
  readonly after: Entries
  /** What failed: commands and what they said. */
  readonly problems: readonly string[]
  /** Volumes of UBI, as lines of the guest's report. */
  readonly ubi: readonly string[]
  /** What was free when nothing more could be written. */
  readonly freeBytesWhenFull: number | undefined
}

export interface LinuxPartition {
  /** `vda1`. */
  readonly device: string
  readonly startByte: number
  readonly sizeBytes: number
  readonly name: string
}

export interface LinuxReport {
  readonly partitions: readonly LinuxPartition[]
  /** By the name of the volume. */
  readonly findings: ReadonlyMap<string, LinuxFindings>
  /** The kernel's log. */
  readonly messages: readonly string[]
}

/** What vfat needs at mount time, the character sets too: the guest has no module loader. */
const MODULES = ['virtio_pci', 'virtio_blk', 'vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859-1', 'nls_utf8', 'ext4']
/** Names as UTF-8, lower-case short names as their flags say, times as they stand. */
const MOUNT_OPTIONS = {
  vfat: 'utf8,shortname=mixed,tz=UTC',
  exfat: 'iocharset=utf8',
  ext2: 'acl',
  ext3: 'acl',
  ext4: 'acl',
  f2fs: 'acl',
  // What the kernel writes shall take room, and be read by the product's reader, which knows no LZO.
  jffs2: 'compr=none',
  // For the same reason; what is written also has to be checked in every block.
  ubifs: 'compr=none,chk_data_crc',
}
const JFFS2_MODULES = ['mtdram', 'mtdblock', 'jffs2']
/** UBIFS asks for its compressors when it is loaded. */
const UBI_MODULES = ['lzo', 'deflate', 'zstd', 'mtdram', 'nandsim', 'ubi', 'ubifs']
const REPORT_BYTES = 32 << 20
/** Of /sys/class/block, whatever the disk's own sectors are. */
const SYSFS_SECTOR_BYTES = 512

/** Boots once, with the disks as /dev/vda, /dev/vdb …; the disks' files are written to where a volume says `use`. */
export async function judgeByLinux(
  kernel: DebianKernel,
  scratch: string,
  disks: readonly JudgedDisk[],
): Promise<LinuxReport> {
  const initramfs = join(scratch, 'judge.cpio')
  const report = join(scratch, 'report')
  writeFileSync(report, '')
  truncateSync(report, REPORT_BYTES)
  writeInitramfs(
    {
      initPath: join(PROJECT, 'test/qemu/guest/init.sh'),
      modules: modulePaths(kernel, [...MODULES, ...furtherModules(disks)]),
      files: { cases: disks.flatMap(caseLines).join('') },
    },
    initramfs,
  )
  await withMachine(
    {
      board: 'q35',
      memoryMib: 512,
      disks: [
        ...disks.map(({ path, sectorSize }) => ({ path, sectorSize, writable: true })),
        { path: report, writable: true },
      ],
      args: [
        ...['-kernel', kernel.imagePath, '-initrd', initramfs],
        ...['-append', `console=ttyS0 quiet panic=-1 report=${diskName(disks.length)}`],
      ],
    },
    (machine) => machine.waitForPowerOff(),
  )
  return parseReport(readReport(report))
}

/** As the kernel names virtio disks: `vda` for 0. */
function diskName(disk: number): string {
  return `vd${String.fromCharCode('a'.charCodeAt(0) + disk)}`
}

/** `vda1`: partition `number` of the disk at this index. */
export function deviceName(disk: number, number: number | undefined): string {
  return `${diskName(disk)}${number}`
}

function caseLines({ plan, volumes }: JudgedDisk, disk: number): string[] {
  return volumes.map(({ name, volume, use }, index) => {
    const type = typeOf(volume)
    const device = deviceName(disk, plan.partitions[index]!.number)
    const { erase_block: eraseBlockBytes = 0 } = 'options' in volume ? (volume.options as Jffs2Options) : {}
    const eraseKib = eraseBlockBytes / KIB
    const words = [name, use === true ? 'use' : 'look', device, type, MOUNT_OPTIONS[type], eraseKib, flashWord(volume)]
    return `${words.join(' ')}\n`
  })
}

function typeOf(volume: VolumeSpec): keyof typeof MOUNT_OPTIONS {
  if (volume.kind === 'ubi') return 'ubifs'
  const type = volume.kind === 'file-system' ? volume.type : ''
  return Object.hasOwn(MOUNT_OPTIONS, type) ? (type as keyof typeof MOUNT_OPTIONS) : 'vfat'
}

function flashWord(volume: VolumeSpec): string {
  if (volume.kind !== 'ubi') return '-'
  const { min_io_size, vid_header_offset = 0 } = volume.options
  return `${min_io_size === 1 ? 'nor' : 'nand'}:${vid_header_offset}`
}

function furtherModules(disks: readonly JudgedDisk[]): string[] {
  const kinds = new Set(disks.flatMap(({ volumes }) => volumes.map(({ volume }) => familyOf(volume))))
  return [
    ...(kinds.has('jffs2') ? JFFS2_MODULES : []),
    ...(kinds.has('ubi') ? UBI_MODULES : []),
    ...(kinds.has('f2fs') ? ['f2fs'] : []),
    ...(kinds.has('exfat') ? ['exfat'] : []),
  ]
}

function readReport(path: string): string {
  const text = readFileSync(path, 'latin1')
  const end = text.indexOf('\n# end\n')
  if (end < 0) throw new Error(`The guest's report has no end; it begins with ${JSON.stringify(text.slice(0, 200))}`)
  return text.slice(0, end)
}

function parseReport(text: string): LinuxReport {
  const sections = new Map<string, string[]>()
  let section: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) {
      section = []
      sections.set(line.slice(2), section)
    } else {
      section.push(line)
    }
  }
  const findings = new Map<string, LinuxFindings>()
  for (const title of sections.keys()) {
    const name = /^before (.*)$/.exec(title)?.[1]
    if (name === undefined) continue
    const full = /^(\d+) (\d+)$/.exec(sections.get(`full ${name}`)?.[0] ?? '')
    findings.set(name, {
      before: parseEntries(sections.get(title)!),
      after: parseEntries(sections.get(`after ${name}`) ?? []),
      ubi: sections.get(`ubi ${name}`) ?? [],
      problems: sections.get(`problems ${name}`) ?? ['the kernel did not come to the end of the case'],
      freeBytesWhenFull: full === null ? undefined : Number(full[1]) * Number(full[2]),
    })
  }
  return {
    partitions: (sections.get('disks') ?? []).map(parsePartition),
    findings,
    messages: sections.get('messages') ?? [],
  }
}

function parsePartition(line: string): LinuxPartition {
  const [, device, start, size, name] = /^(\S+) (\d+) (\d+) (.*)$/.exec(line)!
  return {
    device: device!,
    startByte: Number(start) * SYSFS_SECTOR_BYTES,
    sizeBytes: Number(size) * SYSFS_SECTOR_BYTES,
    name: name!,
  }
}

/** By the four bits of S_IFMT. (Not in octal: Biome 2.6.8 rewrites keys like 0o10, and to a wrong number.) */
const TYPES: Readonly<Record<number, FileNode['type']>> = {
  1: 'fifo',
  2: 'char',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'symlink',
  12: 'socket',
}
const TYPE_SHIFT = 12
const PERMISSION_BITS = 0o7777

export function parseEntries(lines: readonly string[]): Entries {
  const entries = new Map<string, { -readonly [Key in keyof Entry]: Entry[Key] }>()
  for (const line of lines) {
    const stat = /^s ([0-9a-f]+) (\d+) (\d+) (\d+) (\d+) (-?\d+) \.\/?(.*)$/.exec(line)
    const hash = /^h ([0-9a-f]{64}) {2}\.\/(.*)$/.exec(line)
    const link = /^l (.*)\t\.\/(.*)$/.exec(line)
    if (stat !== null) {
      const [, mode, uid, gid, links, size, seconds, path] = stat
      const bits = Number.parseInt(mode!, 16)
      const type = TYPES[bits >>> TYPE_SHIFT]!
      entries.set(path!, {
        type,
        seconds: Number(seconds),
        mode: bits & PERMISSION_BITS,
        owner: `${uid}:${gid}`,
        links: Number(links),
        ...(type === 'file' && { sizeBytes: Number(size) }),
      })
    } else if (hash !== null) {
      entries.get(hash[2]!)!.sha256 = hash[1]!
    } else if (link !== null) {
      entries.get(link[2]!)!.target = link[1]!
    } else {
      throw new Error(`The guest's report has a line that is none: ${JSON.stringify(line)}`)
    }
  }
  return entries
}
