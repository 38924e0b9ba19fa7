/**
 * What the kernel does with a disk or one of its partitions, as sysfs tells it: devices that are made of it (device mapper, RAID,
 * bcache), loop devices that read it or a file on it, zram and btrfs, which spread over several disks. lsblk knows mounts and swap,
 * but neither the loop devices over a disk nor the other disks of a mounted btrfs.
 */
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, join } from 'node:path'

export type DeviceUseKind = 'loop' | 'device-mapper' | 'lvm' | 'raid' | 'pool' | 'other'

/** Something active that is made of a disk. */
export interface DeviceUse {
  readonly kind: DeviceUseKind
  /** The disk or its partition: `/dev/sdb1`. */
  readonly path: string
  /** What is made of it: `/dev/loop0`, `/dev/md0`, `a mounted btrfs`. */
  readonly user: string
  /** A file on the disk that the user reads, where it is not the disk itself. */
  readonly file?: string
}

export interface SystemRoots {
  /** Where sysfs is mounted. */
  readonly sys: string
  /** Where device files are. */
  readonly dev: string
}

const ROOTS: SystemRoots = { sys: '/sys', dev: '/dev' }

/** `majorMinor`: of the disk, as `8:16`. Empty where sysfs does not know it. Throws nothing. */
export function deviceUses(majorMinor: string, roots: SystemRoots = ROOTS): DeviceUse[] {
  const blocks = blocksOf(majorMinor, roots)
  if (blocks.length === 0) return []
  return [
    ...blocks.flatMap((block) => holders(block, roots)),
    ...loopUses(blocks, roots),
    ...zramUses(blocks, roots),
    ...btrfsUses(blocks, roots),
  ]
}

/** The block device that a loop device reads, where it does not read a file: what is written to one is written to the other. */
export function loopBacking(path: string, roots: SystemRoots = ROOTS): string | undefined {
  const backing = textOf(join(roots.sys, 'block', basename(path), 'loop/backing_file'))
  return backing !== undefined && statOf(backing)?.isBlockDevice() === true ? backing : undefined
}

/** The disk itself or a partition of it. */
interface Block {
  readonly name: string
  readonly path: string
  readonly majorMinor: string
  /** Of sysfs. */
  readonly folder: string
}

function blocksOf(majorMinor: string, { sys, dev }: SystemRoots): Block[] {
  let folder: string
  try {
    folder = realpathSync(join(sys, 'dev/block', majorMinor))
  } catch {
    return []
  }
  const block = (at: string): Block => {
    const name = basename(at)
    // sysfs writes ! for the / of names such as cciss/c0d0.
    return { name, path: join(dev, name.replaceAll('!', '/')), majorMinor: textOf(join(at, 'dev')) ?? '', folder: at }
  }
  const partitions = namesIn(folder)
    .map((name) => join(folder, name))
    .filter((at) => textOf(join(at, 'partition')) !== undefined)
  return [folder, ...partitions].map(block)
}

/** `dm-0`, `md0`, `bcache0` … */
function holders({ path, folder }: Block, { sys, dev }: SystemRoots): DeviceUse[] {
  const held = namesIn(join(folder, 'holders')).map((name): DeviceUse => {
    const mapped = textOf(join(sys, 'block', name, 'dm/name'))
    const uuid = textOf(join(sys, 'block', name, 'dm/uuid')) ?? ''
    const kind = uuid.startsWith('LVM-')
      ? 'lvm'
      : (HOLDER_KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other')
    return { kind, path, user: mapped === undefined ? join(dev, name) : join(dev, 'mapper', mapped) }
  })
  // A cache of bcache has no holder, but is registered.
  const isCache = held.length === 0 && statOf(join(folder, 'bcache'))?.isDirectory() === true
  return isCache ? [{ kind: 'pool', path, user: 'bcache' }] : held
}

const HOLDER_KINDS: readonly (readonly [pattern: RegExp, kind: DeviceUseKind])[] = [
  [/^dm-/, 'device-mapper'],
  [/^md/, 'raid'],
  [/^bcache/, 'pool'],
]

function loopUses(blocks: readonly Block[], { sys, dev }: SystemRoots): DeviceUse[] {
  return namesIn(join(sys, 'block')).flatMap((name): DeviceUse[] => {
    const backing = name.startsWith('loop') ? textOf(join(sys, 'block', name, 'loop/backing_file')) : undefined
    if (backing === undefined) return []
    const found = blockBehind(backing, blocks, dev)
    if (found === undefined) return []
    const use = { kind: 'loop', path: found.block.path, user: join(dev, name) } as const
    return [found.isFile ? { ...use, file: backing } : use]
  })
}

function zramUses(blocks: readonly Block[], { sys, dev }: SystemRoots): DeviceUse[] {
  return namesIn(join(sys, 'block')).flatMap((name): DeviceUse[] => {
    const backing = name.startsWith('zram') ? textOf(join(sys, 'block', name, 'backing_dev')) : undefined
    const found = backing === undefined || backing === 'none' ? undefined : blockBehind(backing, blocks, dev)
    return found === undefined ? [] : [{ kind: 'other', path: found.block.path, user: join(dev, name) }]
  })
}

/** Only one of its devices has a mount of its own. */
function btrfsUses(blocks: readonly Block[], { sys }: SystemRoots): DeviceUse[] {
  const uuids = namesIn(join(sys, 'fs/btrfs')).filter((name) => name !== 'features')
  return uuids.flatMap((uuid) => {
    const names = namesIn(join(sys, 'fs/btrfs', uuid, 'devices'))
    return blocks
      .filter(({ name }) => names.includes(name))
      .map(({ path }): DeviceUse => ({ kind: 'pool', path, user: `a mounted btrfs (${uuid})` }))
  })
}

/** Of a device file its device, of any other file the file system that it is on. By name where the path is of another container. */
function blockBehind(
  path: string,
  blocks: readonly Block[],
  dev: string,
): { readonly block: Block; readonly isFile: boolean } | undefined {
  const stats = statOf(path)
  if (stats === undefined) {
    const block = blocks.find((each) => each.path === path || path === join('/dev', each.path.slice(dev.length + 1)))
    return block && { block, isFile: false }
  }
  const isDevice = stats.isBlockDevice()
  const number = majorMinorText(isDevice ? stats.rdev : stats.dev)
  const block = blocks.find(({ majorMinor }) => majorMinor === number)
  return block && { block, isFile: !isDevice }
}

/** As glibc packs them: minor bits 0-7 and 20-31, major bits 8-19 (numbers of disks need no more). */
function majorMinorText(device: number): string {
  return `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Without the line end; undefined where there is no such file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch {
    return undefined
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
