/**
 * `engine: host` for FAT: mkfs.fat, then mtools, folder by folder in bytewise order, so that nothing of the machine decides
 * what stands where. Times, identifiers and geometry are those of the native volume; only clusters are given out by mtools.
 */
import { join } from 'node:path'
import { uuidToBytes } from '../bytes/guid.js'
import { type ByteString, byteStringToBytes } from '../bytes/text.js'
import { invariant, LayoutError } from '../errors.js'
import type { FatOptions } from '../filesystems/fat/option-table.js'
import type { FatFamily } from '../filesystems/fat/options.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { CommandResult } from '../tree/command-runner.js'
import {
  type DirectoryNode,
  EPOCH_1980,
  type FileTree,
  sortedEntries,
  type Timestamp,
  walkTree,
} from '../tree/file-tree.js'
import { assertTools, type HostVolume, type HostVolumeOrder, inSpoolFolder, sourceDate } from './host-volume.js'
import { imageOfSpool, makeSparseFile } from './spool-image.js'
import { runOverTree, treeFolder, unkept } from './unpacked-tree.js'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export interface FatVolumeOrder extends HostVolumeOrder {
  readonly type: FatFamily
  readonly sizeBytes: number
  readonly options: FatOptions
}

/** The tree has passed the native writer: everything in it has a name and a size that FAT knows. */
export async function makeFatVolume(order: FatVolumeOrder): Promise<HostVolume> {
  const { name, type, sizeBytes, environment, runner, signal } = order
  const title = `${type} volume "${name}"`
  const tree = storedTree(order.tree, zoneSeconds(order.options.time_zone))
  refusePatterns(title, tree)
  assertTools(runner, ['mkfs.fat', 'fsck.fat', 'mmd', 'mcopy', 'setpriv', 'sh', 'tar'])
  return inSpoolFolder(order, async (folder) => {
    const spool = join(folder, 'spool')
    const volume: SpooledVolume = {
      title,
      spool,
      folder,
      sizeBytes,
      native: true,
      environment,
      runner,
      ...(signal && { signal }),
    }
    makeSparseFile(spool, sizeBytes)
    await run(volume, 'format', 'mkfs.fat', [...formatArguments(order), spool], sourceDate(environment))
    if (tree.children.size > 0) {
      const unpacked = await runOverTree({ ...volume, tree }, ['true'], {}, { plain: true })
      if (unpacked.status !== 0) throw toolFailure(volume, 'fill', 'tar', unpacked)
      await fill(volume, tree, order.options)
    }
    const check = await runner.run('fsck.fat', ['-n', '-v', spool])
    if (check.status !== 0) throw toolFailure(volume, 'read back', 'fsck.fat', check)
    return { image: await imageOfSpool(spool, { sizeBytes, runner, signal }), facts: factsOf(order, check) }
  })
}

async function run(
  volume: SpooledVolume,
  doing: string,
  tool: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const result = await volume.runner.run(tool, args, { env, ...(volume.signal && { signal: volume.signal }) })
  if (result.status === 0) return
  if (/Disk full|No free cluster|No directory slots/i.test(result.stderr)) {
    throw new LayoutError(`Cannot ${doing} ${volume.title}: its ${volume.sizeBytes} bytes are full`, {
      hint: 'make the partition larger',
    })
  }
  throw toolFailure(volume, doing, tool, result)
}

const WIDTHS: Readonly<Partial<Record<FatFamily, string>>> = { fat12: '12', fat16: '16', fat32: '32' }

function formatArguments({ type, environment, label, options }: FatVolumeOrder): string[] {
  const { sectorSize, offsetBytes } = environment
  const { cluster_size, fats, reserved_sectors, root_entries, media } = options
  const flags: [string, string | number | undefined][] = [
    ['-F', WIDTHS[type]],
    ['-S', sectorSize],
    ['-h', offsetBytes / sectorSize],
    ['-i', volumeId(environment, options).toString(16).padStart(8, '0')],
    ['-n', label],
    ['-s', cluster_size === undefined ? undefined : cluster_size / sectorSize],
    ['-f', fats],
    ['-R', reserved_sectors],
    ['-r', root_entries],
    ['-M', media === undefined ? undefined : `0x${media.toString(16)}`],
  ]
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]))
}

function volumeId({ uuid }: VolumeEnvironment, options: FatOptions): number {
  if (options.volume_id !== undefined) return options.volume_id
  const bytes = uuidToBytes(uuid)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
}

/** FAT counts from 1980 to the end of 2107, in steps of two seconds.  [FATGEN §6.3] */
const LATEST: Timestamp = { seconds: 4_354_819_198, nanoseconds: 0 }

/** Only what FAT stores: folders and files, their times within its years, which are local. What else there is the native writer has judged. */
function storedTree(tree: DirectoryNode, eastSeconds: number): FileTree {
  const children: DirectoryNode['children'] = new Map()
  const mtimeOf = ({ mtime }: { mtime: Timestamp }): Timestamp => storedTime(mtime, eastSeconds)
  for (const [name, node] of tree.children) {
    if (node.type === 'directory') {
      children.set(name, storedTree(node, eastSeconds))
    } else if (node.type === 'file') {
      children.set(name, { type: 'file', ...OURS, mode: 0o644, mtime: mtimeOf(node), content: node.content })
    }
  }
  return { type: 'directory', ...OURS, mode: 0o755, mtime: mtimeOf(tree), children }
}

const OURS = { uid: 0, gid: 0 }

function storedTime({ seconds }: Timestamp, eastSeconds: number): Timestamp {
  const local = Math.min(Math.max(seconds + eastSeconds, EPOCH_1980.seconds), LATEST.seconds)
  return { seconds: local - eastSeconds, nanoseconds: 0 }
}

/** `+01:00` → 3600. */
function zoneSeconds(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(zone ?? '') ?? []
  const east = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60
  return sign === '-' ? -east : east
}

/** mtools takes brackets for patterns, also in the names that it is to make. */
function refusePatterns(title: string, tree: FileTree): void {
  const paths = [...walkTree(tree)].map(([path]) => path).filter((path) => path.includes('['))
  if (paths.length > 0)
    throw unkept(title, 'names with brackets', paths, 'engine: native takes every name that FAT has')
}

/** Arguments of one call: far below what Linux takes, which is 2 MiB of text. */
const MAX_FILES_PER_CALL = 500

async function fill(volume: SpooledVolume, tree: FileTree, { time_zone: zone }: FatOptions): Promise<void> {
  const folder = treeFolder(volume)
  const common = {
    ...sourceDate(volume.environment),
    ...posixZone(zone),
    // Names are UTF-8; sizes need not be whole tracks; no settings of whoever builds.
    ...{ LC_ALL: 'C.UTF-8', MTOOLS_SKIP_CHECK: '1', MTOOLSRC: '/dev/null' },
  }
  for (const [path, node] of walkTree(tree)) {
    if (node.type !== 'directory') continue
    if (path !== '') {
      const env = { ...common, SOURCE_DATE_EPOCH: String(node.mtime.seconds) }
      await run(volume, 'fill', 'mmd', ['-D', 's', '-i', volume.spool, hostText(`::/${path}`)], env)
    }
    const files = sortedEntries(node).filter(([, child]) => child.type === 'file')
    for (let first = 0; first < files.length; first += MAX_FILES_PER_CALL) {
      const sources = files
        .slice(first, first + MAX_FILES_PER_CALL)
        .map(([name]) => `${folder}/${hostText(path === '' ? name : `${path}/${name}`)}`)
      const target = hostText(`::/${path === '' ? '' : `${path}/`}`)
      await run(volume, 'fill', 'mcopy', ['-D', 's', '-Q', '-m', '-i', volume.spool, ...sources, target], common)
    }
  }
}

/** FAT's names are text: the native writer has refused what is not UTF-8. */
function hostText(path: string): string {
  return Buffer.from(byteStringToBytes(path as ByteString)).toString('utf8')
}

/** `+01:00` → `UTC-01:00`: POSIX counts westwards. */
function posixZone(zone: string | undefined): Record<string, string> {
  const [, sign, rest] = /^([+-])(\d{2}:\d{2})$/.exec(zone ?? '') ?? []
  return sign === undefined ? {} : { TZ: `UTC${sign === '+' ? '-' : '+'}${rest}` }
}

/** From fsck.fat's list, in the words of the native writer. */
function factsOf({ environment, label = '', options }: FatVolumeOrder, check: CommandResult): PlannedVolume['facts'] {
  const text = check.stdout.toString('latin1')
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(text)?.[1]
    invariant(found !== undefined, `fsck.fat tells ${pattern}`)
    return Number(found)
  }
  const bits = number(/(\d+) bit entries/)
  const clusters = number(/(\d+) data clusters/)
  const id = volumeId(environment, options).toString(16).toUpperCase().padStart(8, '0')
  return {
    engine: 'host (mtools)',
    fat_type: `fat${bits}`,
    cluster_size: number(/(\d+) bytes per cluster/),
    clusters,
    free_clusters: clusters - number(/(\d+)\/\d+ clusters/),
    reserved_sectors: number(/(\d+) reserved sectors?/),
    fats: number(/(\d+) FATs?/),
    sectors_per_fat: number(/bytes per FAT \(= (\d+) sectors?\)/),
    root_entries: bits === 32 ? 0 : number(/(\d+) root directory entries/),
    label,
    volume_id: `${id.slice(0, 4)}-${id.slice(4)}`,
  }
}
