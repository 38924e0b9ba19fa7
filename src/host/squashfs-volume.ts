/**
 * squashfs by mksquashfs, from a folder that the tree is unpacked to. (sqfstar, which would read the tar itself, loses the
 * root's attributes and the first slash of long symlinks in 4.5.1.)
 */
import { join } from 'node:path'
import type { SquashfsOptions } from '../filesystems/host-made/squashfs.js'
import { timesWithin } from '../tree/clamp-times.js'
import {
  assertTools,
  type HostVolume,
  type HostVolumeOrder,
  inSpoolFolder,
  sourceDate,
  toolName,
} from './host-volume.js'
import { imageOfFile } from './spool-image.js'
import { runOverTree, treeFolder, treeTools } from './unpacked-tree.js'
import { failureOf } from './volume-tools.js'

const DEFAULT_COMPRESSION = 'gzip'
const DEFAULT_BLOCK_BYTES = 128 * 1024
/** mtime is a u32. */
const LATEST_SECONDS = 2 ** 32 - 1

/** As large as it comes out, a multiple of 4 KiB. */
export async function makeSquashfsVolume(order: HostVolumeOrder & { options: SquashfsOptions }): Promise<HostVolume> {
  const { name, runner, options } = order
  const title = `squashfs volume "${name}"`
  const tree = timesWithin(order.tree, { earliest: 0, latest: LATEST_SECONDS })
  assertTools(runner, ['mksquashfs', ...treeTools(tree)])
  return inSpoolFolder(order, async (folder) => {
    const spool = join(folder, 'squashfs')
    const command = ['mksquashfs', treeFolder({ folder }), spool, ...OUTPUT, ...compressionArguments(options)]
    const result = await runOverTree({ ...order, tree, title, folder }, command, sourceDate(order.environment))
    if (result.status !== 0) throw failureOf(title, 'make', 'mksquashfs', result)
    const facts = {
      engine: 'host',
      tool: await toolName(runner, 'mksquashfs', '-version'),
      compression: options.compression ?? DEFAULT_COMPRESSION,
      block_size: options.block_size ?? DEFAULT_BLOCK_BYTES,
    }
    return { image: await imageOfFile(spool, runner), facts }
  })
}

const OUTPUT = ['-quiet', '-no-progress', '-noappend', '-exit-on-error']

function compressionArguments({ compression, level, block_size: blockBytes }: SquashfsOptions): string[] {
  const block = blockBytes === undefined ? [] : ['-b', String(blockBytes)]
  switch (compression) {
    case 'none':
      return [...block, '-noI', '-noD', '-noF', '-noX']
    case 'lz4hc':
      return [...block, '-comp', 'lz4', '-Xhc']
    default: {
      const effort = level === undefined ? [] : ['-Xcompression-level', String(level)]
      return [...block, '-comp', compression ?? DEFAULT_COMPRESSION, ...effort]
    }
  }
}
