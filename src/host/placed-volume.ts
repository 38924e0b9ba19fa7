/**
 * btrfs, f2fs and xfs: volumes of the partition's size. Where the running kernel mounts the type and we are root, the tree
 * is unpacked into the mounted volume and everything of it arrives; elsewhere the format's own tools fill it, and what they
 * cannot write is refused with all paths before they start.
 */
import { join } from 'node:path'
import type { ByteString } from '../bytes/text.js'
import { FormatError, invariant } from '../errors.js'
import type { BtrfsOptions } from '../filesystems/host-made/btrfs.js'
import type { F2fsOptions } from '../filesystems/host-made/f2fs.js'
import type { XfsOptions } from '../filesystems/host-made/xfs.js'
import type { CommandResult } from '../tree/command-runner.js'
import type { FileNode, FileTree } from '../tree/file-tree.js'
import { MOUNT_TOOLS, unpackIntoMount } from './fill-by-mount.js'
import {
  assertTools,
  canMount,
  type HostVolume,
  type HostVolumeOrder,
  inSpoolFolder,
  sourceDate,
  toolName,
} from './host-volume.js'
import { imageOfSpool, makeSparseFile } from './spool-image.js'
import { assertKept, runOverTree, treeFolder, treeTools, unkept } from './unpacked-tree.js'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export type PlacedFamily = 'btrfs' | 'f2fs' | 'xfs'

export interface PlacedVolumeOrder extends HostVolumeOrder {
  readonly type: PlacedFamily
  readonly sizeBytes: number
  readonly options: BtrfsOptions & F2fsOptions & XfsOptions
  /** Default: `mount` where that is possible, else `populate`. An empty volume is only formatted. */
  readonly method?: 'mount' | 'populate'
}

export async function makePlacedVolume(order: PlacedVolumeOrder): Promise<HostVolume> {
  const { name, type, sizeBytes, tree, runner, signal } = order
  const tools = TOOLS[type]
  const title = `${type} volume "${name}"`
  const method = order.method ?? (canMount(type) ? 'mount' : 'populate')
  const way = isEmpty(tree) ? 'format' : method
  assertKept(title, tree, tools.impossible)
  if (way === 'populate') assertPopulates(title, type, tree)
  const needed = { format: [], mount: [...MOUNT_TOOLS, ...treeTools(tree)], populate: populateTools(type, tree) }
  assertTools(runner, [tools.format, ...needed[way]])
  return inSpoolFolder(order, async (folder) => {
    const spool = join(folder, 'spool')
    const environment = { ...order.environment, offsetBytes: 0 }
    const volume: SpooledVolume = {
      title,
      spool,
      folder,
      sizeBytes,
      native: false,
      environment,
      runner,
      ...(signal && { signal }),
    }
    makeSparseFile(spool, sizeBytes)
    // mkfs.btrfs refuses a UUID that blkid's cache remembers, and the last build of this config had the same.
    const env = { ...sourceDate(environment), BLKID_FILE: join(folder, 'blkid.tab') }
    const judge = (doing: string, tool: string, result: CommandResult): void => {
      if (result.status !== 0) throw toolFailure(volume, doing, tool, result)
    }
    const format = [...tools.formatArguments(order), spool]
    if (way === 'populate' && tools.fillsAtFormat) {
      const command = [tools.format, '--rootdir', treeFolder(volume), ...format]
      judge('make', tools.format, await runOverTree({ ...volume, tree }, command, env))
    } else {
      judge('format', tools.format, await runner.run(tools.format, format, { env, ...(signal && { signal }) }))
    }
    if (way === 'populate' && tools.fill !== undefined) {
      const command = [tools.fill, ...tools.fillArguments!(treeFolder(volume)), spool]
      judge('fill', tools.fill, await runOverTree({ ...volume, tree }, command, env))
    }
    if (way === 'mount') {
      const { mountOptions } = tools
      await unpackIntoMount(volume, tree, { type, ...(mountOptions !== undefined && { mountOptions }) })
    }
    const tool = await toolName(runner, tools.format, '-V')
    const facts = { engine: `host (${way})`, tool, label: order.label ?? '', uuid: environment.uuid }
    return { image: await imageOfSpool(spool, { sizeBytes, runner, signal }), facts }
  })
}

/** Nothing but a root folder as mkfs makes it. */
function isEmpty(tree: FileTree): boolean {
  return tree.children.size === 0 && hasPlainRoot(tree)
}

function hasPlainRoot({ mode, uid, gid, xattrs }: FileTree): boolean {
  return mode === 0o755 && uid === 0 && gid === 0 && (xattrs?.size ?? 0) === 0
}

interface PlacedTools {
  readonly format: string
  formatArguments(order: PlacedVolumeOrder): string[]
  readonly mountOptions?: string
  /** mkfs copies a folder itself. */
  readonly fillsAtFormat?: true
  /** Or another tool does, on the formatted volume. */
  readonly fill?: string
  fillArguments?(folder: string): string[]
  /** What a node has that the format has no place for, in words. */
  impossible?(node: FileNode): string | undefined
  /** What a node has that the filling tool does not write; in the versions of Debian 12. */
  unkept?(node: FileNode): string | undefined
}

const XFS_SECTOR_BYTES = 512
const MAX_16_BITS = 0xffff
const MAX_32_BITS = 0xffff_ffff

const TOOLS: Readonly<Record<PlacedFamily, PlacedTools>> = {
  btrfs: {
    format: 'mkfs.btrfs',
    formatArguments: ({ environment, label, options: { features, metadata, mixed } }) => [
      ...['-q', '-f', '-U', environment.uuid],
      ...(label === undefined ? [] : ['-L', label]),
      ...(features === undefined ? [] : ['-O', features.join(',')]),
      ...(metadata === undefined ? [] : ['-m', metadata]),
      ...(mixed === true ? ['--mixed', ...(metadata === undefined ? [] : ['-d', metadata])] : []),
    ],
    fillsAtFormat: true,
    // mkfs.btrfs 6.2 makes device nodes of number 0:0.
    unkept: ({ type }) => (type === 'char' || type === 'block' ? 'device numbers' : undefined),
  },
  f2fs: {
    format: 'mkfs.f2fs',
    formatArguments: ({ environment, label, tree, options: { features, overprovision_percent: percent } }) => [
      ...['-q', '-f', '-r', '-T', sourceDate(environment).SOURCE_DATE_EPOCH!, '-U', environment.uuid],
      ...['-R', `${tree.uid}:${tree.gid}`],
      ...(label === undefined ? [] : ['-l', label]),
      ...(features === undefined ? [] : ['-O', features.join(',')]),
      ...(percent === undefined ? [] : ['-o', String(percent)]),
    ],
    fill: 'sload.f2fs',
    fillArguments: (folder) => ['-P', '-f', folder],
    // sload.f2fs 1.15 passes over special files without a word, and cuts numbers: its `struct dentry` has 16 bits for owners.
    unkept: ({ type, uid, gid, mtime, xattrs }) => {
      if (type === 'char' || type === 'block' || type === 'fifo') return 'devices and fifos'
      if (uid > MAX_16_BITS || gid > MAX_16_BITS) return 'owners above 65535'
      if (mtime.seconds < 0 || mtime.seconds > MAX_32_BITS) return 'times before 1970 and after 2106'
      return xattrs !== undefined && xattrs.size > 0 ? 'extended attributes' : undefined
    },
  },
  xfs: {
    format: 'mkfs.xfs',
    formatArguments: ({ environment, label, options: { block_size: blockBytes, inode_size: inodeBytes } }) => [
      ...['-q', '-f', '-m', `uuid=${environment.uuid}`],
      // Of a file it takes them as 512.
      ...(environment.sectorSize > XFS_SECTOR_BYTES ? ['-s', `size=${environment.sectorSize}`] : []),
      ...(label === undefined ? [] : ['-L', label]),
      ...(blockBytes === undefined ? [] : ['-b', `size=${blockBytes}`]),
      ...(inodeBytes === undefined ? [] : ['-i', `size=${inodeBytes}`]),
    ],
    // The kernel refuses a second volume of one UUID, and the same build may be mounted elsewhere.
    mountOptions: 'nouuid',
    impossible: (node) => {
      const isDevice = node.type === 'char' || node.type === 'block'
      const isTooLarge = isDevice && (node.major >= 2 ** 14 || node.minor >= 2 ** 18)
      return isTooLarge ? 'device numbers of more than 14 and 18 bits' : undefined
    },
  },
}

function populateTools(type: PlacedFamily, tree: FileTree): string[] {
  const { fill } = TOOLS[type]
  return [...(fill === undefined ? [] : [fill]), ...treeTools(tree)]
}

/** FormatError with all paths that the filling tool would leave out, or spoil. */
function assertPopulates(title: string, type: PlacedFamily, tree: FileTree): void {
  const tools = TOOLS[type]
  const hint = `as root, on a kernel that mounts ${type}, everything is kept`
  if (tools.fillsAtFormat === undefined && tools.fill === undefined) {
    throw new FormatError(
      `Cannot fill ${title}: without root and a kernel that mounts ${type}, only an empty one is made`,
      {
        hint: 'use another file system, or build as root where `mount -t xfs` works',
      },
    )
  }
  if (!hasPlainRoot(tree) && (type === 'btrfs' || tree.mode !== 0o755)) {
    throw unkept(title, 'mode and owner of the root folder', ['.' as ByteString], hint)
  }
  assertKept(title, tree, tools.unkept, hint)
  invariant(tools.fill === undefined || tools.fillArguments !== undefined, 'a filling tool has arguments')
}
