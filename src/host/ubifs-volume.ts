/** UBIFS by mkfs.ubifs, from a folder that the tree is unpacked to, for a volume of UBI. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { LayoutError } from '../errors.js'
import type { UbifsOptions } from '../filesystems/host-made/ubifs.js'
import type { FileNode } from '../tree/file-tree.js'
import { assertTools, type HostVolume, type HostVolumeOrder, inSpoolFolder, toolName } from './host-volume.js'
import { ORDERED_ENVIRONMENT, orderedFolder } from './ordered-folder.js'
import { settleUbifs } from './settle-ubifs.js'
import { imageOfSpool } from './spool-image.js'
import { assertKept, runOverTree, treeFolder, treeTools } from './unpacked-tree.js'
import { failureOf } from './volume-tools.js'

export interface UbifsVolumeOrder extends HostVolumeOrder {
  readonly options: UbifsOptions
  /** Of the flash and of UBI on it. */
  readonly lebBytes: number
  readonly minIoBytes: number
  /** Logical erase blocks that it may ever grow to, where the options do not say. */
  readonly maxLebs: number
}

const DEFAULT_COMPRESSION = 'lzo'

/** Whole logical erase blocks, as many as the content takes; the kernel lets it grow to its volume. */
export async function makeUbifsVolume(order: UbifsVolumeOrder): Promise<HostVolume> {
  const { name, runner, environment, options, tree, lebBytes, minIoBytes } = order
  const {
    compression = DEFAULT_COMPRESSION,
    max_leb_count: maxLebs = order.maxLebs,
    space_fixup: fixup = true,
  } = options
  const title = `ubifs volume "${name}"`
  assertKept(title, tree, notWritten, 'xattrs: none leaves them out; squashfs and erofs keep them')
  assertTools(runner, ['mkfs.ubifs', ...treeTools(tree)])
  return inSpoolFolder(order, async (folder) => {
    const spool = join(folder, 'ubifs')
    const geometry = ['-m', String(minIoBytes), '-e', String(lebBytes), '-c', String(maxLebs)]
    const command = ['mkfs.ubifs', ...geometry, '-x', compression, ...(fixup ? ['-F'] : [])]
    const before = await orderedFolder(runner, treeFolder({ folder }), tree)
    const request = { ...order, title, folder }
    const build = [...command, '-r', treeFolder({ folder }), '-o', spool]
    const result = await runOverTree(request, build, ORDERED_ENVIRONMENT, { ...(before && { before }) })
    if (result.status !== 0)
      throw tooLarge(title, maxLebs, lebBytes, result.stderr) ?? failureOf(title, 'make', 'mkfs.ubifs', result)
    const { leb_cnt: lebs } = settleUbifs({ title, path: spool, tree, uuid: environment.uuid })
    const facts = {
      engine: 'host',
      tool: await toolName(runner, 'mkfs.ubifs', '--version'),
      compression,
      leb_size: lebBytes,
      leb_count: lebs,
      max_leb_count: maxLebs,
      file_order: before === undefined ? "the host's" : 'fixed',
      uuid: environment.uuid,
    }
    return { image: await imageOfSpool(spool, { sizeBytes: statSync(spool).size, runner }), facts }
  })
}

/** mkfs.ubifs 2.1.5 as Debian builds it writes no attributes: the code that does is compiled where SELinux is not. */
function notWritten({ xattrs }: FileNode): string | undefined {
  return xattrs !== undefined && xattrs.size > 0 ? 'extended attributes' : undefined
}

/** Fewer than 17 are refused as such, fewer than 22 since they have no room for the log. */
const LEAST_LEBS = 22
const SAYS_TOO_FEW = /too many log LEBs|max\. count of LEBs/

function tooLarge(title: string, maxLebs: number, lebBytes: number, said: string): LayoutError | undefined {
  const needed = /max_leb_cnt too low \((\d+) needed\)/.exec(said)?.[1]
  if (needed === undefined && !SAYS_TOO_FEW.test(said)) return undefined
  const takes = needed === undefined ? `UBIFS has ${LEAST_LEBS} and more` : `it takes ${needed}`
  return new LayoutError(
    `Cannot make ${title} of at most ${maxLebs} logical erase blocks of ${lebBytes} bytes: ${takes}`,
    { hint: 'make its partition larger, or options.max_leb_count' },
  )
}
