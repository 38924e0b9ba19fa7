/**
 * The last step of the host engine: what `cp -a` or `mke2fs -d` left as the build machine's (owners, times, the root's
 * mode, traces of the mount in the superblock) becomes what the payload tree says. By debugfs, on the unmounted volume:
 * a chown in the mounted one would clear setuid bits and capabilities, and mke2fs -d 1.47.0 drops nanoseconds and wraps
 * times past 2038. On the way it proves that every node arrived, with its type and length.
 */
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, displayName } from '../bytes/text.js'
import { IoError } from '../errors.js'
import { S_IFMT, TYPE_BITS } from '../tree/file-mode.js'
import type { DirectoryNode, FileNode, FileTree, NodeAttributes, Timestamp } from '../tree/file-tree.js'
import { type ListedInode, listDirectories, runDebugfs } from './debugfs.js'
import type { SpooledVolume } from './volume-tools.js'

const ROOT_INODE = 2
const LOST_AND_FOUND = 'lost+found'

export interface SettleOptions {
  /** False in volumes with 128-byte inodes: there is no room for nanoseconds and the years past 2038. */
  readonly hasExtraTimes: boolean
  /** False: the volume was asked to have no lost+found. */
  readonly keepLostAndFound: boolean
}

/** IoError with every difference between tree and volume (a payload that changed meanwhile, a tool's bug). */
export async function settleVolume(volume: SpooledVolume, tree: FileTree, options: SettleOptions): Promise<void> {
  const found = await matchInodes(volume, tree)
  const commands = [`sif <${ROOT_INODE}> mode 0${(TYPE_BITS.directory | tree.mode).toString(8)}`]
  for (const [inode, node] of found.inodes) appendAll(commands, attributeCommands(inode, node, options))
  if (!options.keepLostAndFound) {
    if (!tree.children.has(LOST_AND_FOUND as ByteString)) commands.push(`rmdir ${LOST_AND_FOUND}`)
  } else if (found.lostAndFound !== undefined) {
    appendAll(commands, timeCommands(found.lostAndFound, volume.environment.time, options))
  }
  commands.push('ssv last_mounted ""', 'ssv mnt_count 0', 'ssv mtime @0', 'ssv kbytes_written 0')
  await runDebugfs(volume, 'write', commands)
}

interface MatchedInodes {
  readonly inodes: ReadonlyMap<number, FileNode>
  /** The one that mke2fs made, not the payload's. */
  readonly lostAndFound?: number
}

/** Finds the inode of every node, level by level. */
async function matchInodes(volume: SpooledVolume, tree: FileTree): Promise<MatchedInodes> {
  const inodes = new Map<number, FileNode>([[ROOT_INODE, tree]])
  const differences: string[] = []
  let lostAndFound: number | undefined
  let level: Level[] = [{ inode: ROOT_INODE, node: tree, path: '' }]
  while (level.length > 0) {
    const listings = await listDirectories(
      volume,
      level.map(({ inode }) => inode),
    )
    const next: Level[] = []
    for (const [index, { node: directory, path }] of level.entries()) {
      const unseen = new Set(directory.children.keys())
      for (const entry of listings[index] ?? []) {
        const name = entry.name as ByteString
        const child = directory.children.get(name)
        const childPath = path === '' ? name : `${path}/${name}`
        unseen.delete(name)
        if (child !== undefined) {
          inodes.set(entry.inode, child)
          if (child.type === 'directory') next.push({ inode: entry.inode, node: child, path: childPath })
          const difference = differenceOf(entry, child)
          if (difference !== undefined) differences.push(`"${displayName(childPath as ByteString)}" ${difference}`)
        } else if (childPath === LOST_AND_FOUND) {
          lostAndFound = entry.inode
        } else {
          differences.push(`"${displayName(childPath as ByteString)}" was not there when the payload was read`)
        }
      }
      for (const name of unseen) differences.push(`"${displayName(`${path}/${name}` as ByteString)}" is missing`)
    }
    level = next
  }
  if (differences.length > 0) {
    throw new IoError(
      differences.map((difference) => ({
        message: `Cannot build ${volume.title}: in it ${difference}, the payload must not change during a build`,
      })),
    )
  }
  return { inodes, ...(lostAndFound === undefined ? {} : { lostAndFound }) }
}

interface Level {
  readonly inode: number
  readonly node: DirectoryNode
  readonly path: string
}

function differenceOf(entry: ListedInode, node: FileNode): string | undefined {
  if ((entry.mode & S_IFMT) !== TYPE_BITS[node.type]) {
    return `has mode ${entry.mode.toString(8)}, a ${node.type} was expected`
  }
  if (node.type === 'file' && entry.sizeBytes !== node.content.sizeBytes) {
    return `has ${entry.sizeBytes} bytes, ${node.content.sizeBytes} were expected`
  }
  return undefined
}

function attributeCommands(inode: number, node: NodeAttributes, options: SettleOptions): string[] {
  return [
    `sif <${inode}> uid ${node.uid}`,
    `sif <${inode}> gid ${node.gid}`,
    ...timeCommands(inode, node.mtime, options),
  ]
}

/** Nanoseconds stand above two epoch bits. */
const NS_SHIFT = 4
const LOW_WORD = 2 ** 32

const MIN_SECONDS = -(2 ** 31)
const MAX_SECONDS_SMALL = 2 ** 31 - 1
const MAX_SECONDS_LARGE = 3 * 2 ** 32 + 2 ** 31 - 1

/**
 * All of an inode's times, the nearest that it can hold, as the native writer has them. Each field's low word is set
 * first: newer versions of debugfs set the extra field with it.
 */
function timeCommands(inode: number, time: Timestamp, { hasExtraTimes }: SettleOptions): string[] {
  const latest = hasExtraTimes ? MAX_SECONDS_LARGE : MAX_SECONDS_SMALL
  const seconds = Math.min(Math.max(time.seconds, MIN_SECONDS), latest)
  const nanoseconds = seconds === time.seconds ? time.nanoseconds : 0
  const low = ((seconds % LOW_WORD) + LOW_WORD) % LOW_WORD
  // The low word is signed: 2^31 and more lies before 1970 until the epoch bits add 2^32.
  const epoch = Math.floor((seconds - MIN_SECONDS) / LOW_WORD)
  const extra = nanoseconds * NS_SHIFT + epoch
  return ['atime', 'ctime', 'mtime', ...(hasExtraTimes ? ['crtime'] : [])].flatMap((field) => [
    `sif <${inode}> ${field} @${low}`,
    ...(hasExtraTimes ? [`sif <${inode}> ${field}_extra ${extra}`] : []),
  ])
}
