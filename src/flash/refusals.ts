/** Why a disk is not written to. Every reason has a name, all that hold are told, and only one of them can be overridden. */
import { formatSize } from '../bytes/format-size.js'
import type { DeviceUse, DeviceUseKind } from './device-uses.js'
import type { Disk, DiskNode } from './disks.js'

export type RefusalReason =
  | 'not-a-disk'
  | 'no-medium'
  | 'read-only'
  | 'running-system'
  | 'swap'
  | 'mounted'
  | 'raid-member'
  | 'lvm-member'
  | 'device-mapper'
  | 'pool-member'
  | 'in-use'
  | 'fixed'
  | 'too-small'

export interface Refusal {
  readonly reason: RefusalReason
  /** What is, with names and numbers: `/dev/sdb1 is mounted at /media/card`. */
  readonly text: string
  readonly hint?: string
}

export interface RefusalOptions {
  /** What has to fit. */
  readonly neededBytes?: number | undefined
  /** Write to a disk that is built in: neither removable nor hot-pluggable, not on USB, no card. Nothing else is lifted by it. */
  readonly allowFixed?: boolean | undefined
}

/** Whole disks; a loop device counts as a fixed one. */
const DISK_TYPES: readonly string[] = ['disk', 'loop']
/** Buses of things that are plugged in. */
const PLUGGED_BUSES: readonly string[] = ['usb', 'mmc']
const SWAP = '[SWAP]'
/** Whoever mounts something there runs from it. */
const SYSTEM_MOUNTS: ReadonlySet<string> = new Set([
  ...['/', '/usr', '/var', '/home', '/nix', '/boot', '/boot/efi', '/boot/firmware', '/efi'],
])

/** Types of nodes that hold a disk or a partition → the reason they are. */
const HOLDERS: readonly (readonly [pattern: RegExp, reason: RefusalReason, what: string])[] = [
  [/^(raid|linear|md)/, 'raid-member', 'the RAID'],
  [/^lvm$/, 'lvm-member', 'the logical volume'],
]

/** Signatures of members, which are in use without a mount of their own, or would be at the next start. */
const MEMBERS: Readonly<Record<string, readonly [reason: RefusalReason, what: string]>> = {
  linux_raid_member: ['raid-member', 'a RAID'],
  ddf_raid_member: ['raid-member', 'a RAID'],
  isw_raid_member: ['raid-member', 'a RAID'],
  LVM2_member: ['lvm-member', 'an LVM volume group'],
  bcache: ['pool-member', 'a bcache'],
  zfs_member: ['pool-member', 'a ZFS pool'],
}

/** Empty when `disk` may be written. */
export function refusalsOf(disk: Disk, options: RefusalOptions = {}): Refusal[] {
  const all = [...kindRefusals(disk, options), ...refusalsOfUses(disk)]
  // The way past one reason is no advice where others are left.
  return all.length === 1 ? all : all.map((each) => (each.reason === 'fixed' ? withoutHint(each) : each))
}

/** Also of what a loop device writes to. */
function refusalsOfUses({ path, nodes, uses, backing }: Disk): Refusal[] {
  // lsblk knows most uses, too.
  const others = uses.filter(({ user }) => !nodes.some((node) => node.path === user))
  return [
    ...nodes.flatMap((node) => [...useRefusals(node, node.path === path)]),
    ...others.map(refusalOfUse),
    ...(backing === undefined ? [] : refusalsOfUses(backing)),
  ]
}

function withoutHint({ reason, text }: Refusal): Refusal {
  return { reason, text }
}

const USE_REASONS: Readonly<Record<DeviceUseKind, RefusalReason>> = {
  loop: 'in-use',
  'device-mapper': 'device-mapper',
  lvm: 'lvm-member',
  raid: 'raid-member',
  pool: 'pool-member',
  other: 'in-use',
}

function refusalOfUse({ kind, path, user, file }: DeviceUse): Refusal {
  const text = file === undefined ? `${user} is made of ${path}` : `${user} reads ${file}, which is on ${path}`
  const hint = kind === 'loop' ? `Unmount what is mounted from ${user}, then run losetup --detach ${user}` : undefined
  return { reason: USE_REASONS[kind], text, ...(hint !== undefined && { hint }) }
}

function* kindRefusals(disk: Disk, { neededBytes, allowFixed = false }: RefusalOptions): Generator<Refusal> {
  const { path, type, sizeBytes, bus } = disk
  if (!DISK_TYPES.includes(type)) {
    const hint = type === 'part' ? 'An image brings its own partition table: name the disk itself.' : undefined
    yield {
      reason: 'not-a-disk',
      text: `${path} is of type "${type}", a whole disk is accepted`,
      ...(hint !== undefined && { hint }),
    }
    return
  }
  if (sizeBytes === 0) {
    yield { reason: 'no-medium', text: `${path} has a size of 0: there is no medium in it` }
    return
  }
  if (disk.readOnly) {
    yield {
      reason: 'read-only',
      text: `${path} is read-only`,
      hint: 'A card may have a write-protect switch; so may its adapter.',
    }
  }
  if (!allowFixed && !disk.removable && !PLUGGED_BUSES.includes(bus ?? '')) {
    yield {
      reason: 'fixed',
      text: `${path} is built in: neither removable nor hot-pluggable, not on USB and no card${bus === undefined ? '' : ` (${bus})`}`,
      hint: 'If that is the disk you mean: --allow-fixed.',
    }
  }
  if (neededBytes !== undefined && neededBytes > sizeBytes) {
    const missing = neededBytes - sizeBytes
    yield {
      reason: 'too-small',
      text: `${path} has ${sizeBytes} bytes (${formatSize(sizeBytes)}), the image needs ${neededBytes} (${formatSize(neededBytes)}): ${missing} more`,
    }
  }
}

/** `isDisk`: the disk itself, not something on it. */
function* useRefusals({ path, type, fsType, mounts }: DiskNode, isDisk: boolean): Generator<Refusal> {
  for (const place of mounts) {
    if (place === SWAP) yield { reason: 'swap', text: `${path} is in use as swap`, hint: `swapoff ${path}` }
    else if (SYSTEM_MOUNTS.has(place)) {
      yield { reason: 'running-system', text: `it holds the running system: ${path} is mounted at ${place}` }
    } else yield { reason: 'mounted', text: `${path} is mounted at ${place}`, hint: `umount ${path}` }
  }
  const member = MEMBERS[fsType ?? '']
  if (member !== undefined) {
    yield {
      reason: member[0],
      text: `${path} is a member of ${member[1]} (${fsType})`,
      hint: `If it no longer is: wipefs --all ${path}`,
    }
  }
  if (type === 'part' || type === 'rom' || (isDisk && DISK_TYPES.includes(type))) return
  // What a disk is below another disk is made of it, as bcache is.
  if (DISK_TYPES.includes(type)) {
    yield { reason: 'pool-member', text: `${path} (${type}) is made of it` }
    return
  }
  const holder = HOLDERS.find(([pattern]) => pattern.test(type))
  yield holder === undefined
    ? { reason: 'device-mapper', text: `${path} (${type}) of the device mapper stands on it` }
    : { reason: holder[1], text: `${holder[2]} ${path} (${type}) stands on it` }
}
