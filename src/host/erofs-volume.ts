/** erofs by mkfs.erofs, from a folder that the tree is unpacked to. */
import { join } from 'node:path'
import type { FormatError } from '../errors.js'
import type { ErofsOptions } from '../filesystems/host-made/erofs.js'
import { timesWithin } from '../tree/clamp-times.js'
import { type FileTree, walkTree } from '../tree/file-tree.js'
import {
  assertTools,
  type HostVolume,
  type HostVolumeOrder,
  inSpoolFolder,
  sourceDate,
  toolName,
} from './host-volume.js'
import { imageOfFile } from './spool-image.js'
import { runOverTree, treeFolder, treeTools, unkept } from './unpacked-tree.js'
import { failureOf } from './volume-tools.js'

/** As large as it comes out, a multiple of 4 KiB. */
export async function makeErofsVolume(order: HostVolumeOrder & { options: ErofsOptions }): Promise<HostVolume> {
  const { name, runner, environment, options } = order
  const title = `erofs volume "${name}"`
  // Times before 1970 would be later than all others to it.
  const tree = timesWithin(order.tree, { earliest: 0, latest: Number.MAX_SAFE_INTEGER })
  assertTools(runner, ['mkfs.erofs', ...treeTools(tree)])
  return inSpoolFolder(order, async (folder) => {
    const spool = join(folder, 'erofs')
    const { compression = 'none', level } = options
    const effort = level === undefined ? '' : `,${level}`
    const compressor = compression === 'none' ? [] : [`-z${compression}${effort}`]
    const command = ['mkfs.erofs', '--quiet', '-U', environment.uuid, ...compressor, spool, treeFolder({ folder })]
    // Later times than this one become it, and the superblock's is always this one.
    const result = await runOverTree({ ...order, tree, title, folder }, command, sourceDate(environment))
    if (result.status !== 0) throw longestNames(title, tree) ?? failureOf(title, 'make', 'mkfs.erofs', result)
    const facts = {
      engine: 'host',
      tool: await toolName(runner, 'mkfs.erofs', '--help'),
      compression,
      uuid: environment.uuid,
    }
    return { image: await imageOfFile(spool, runner), facts }
  })
}

/** mkfs.erofs 1.5 ends with "No such file or directory" where a name is as long as Linux has them. */
const LONGEST_NAME_BYTES = 255

function longestNames(title: string, tree: FileTree): FormatError | undefined {
  const paths = [...walkTree(tree)].map(([path]) => path)
  const longest = paths.filter((path) => path.length - path.lastIndexOf('/') - 1 === LONGEST_NAME_BYTES)
  return longest.length === 0 ? undefined : unkept(title, `names of ${LONGEST_NAME_BYTES} bytes`, longest)
}
