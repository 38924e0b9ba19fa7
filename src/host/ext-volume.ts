/**
 * `engine: host` for ext2, ext3 and ext4: the volume made by the host's own mke2fs, as the shell scripts did it.
 *
 *   spool file, sparse, as long as the disk up to the volume's end
 *   → mke2fs at the volume's offset
 *   → mount + cp -a (root with loop devices), or mke2fs -d (everybody); tar where the content is more than folders
 *   → owners, times and superblock as the payload tree has them (debugfs)
 *   → the spool as extents: zeros and ranges of the file
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExtOptions } from '../filesystems/ext4/option-table.js'
import type { ExtType } from '../filesystems/ext4/options.js'
import { type FillOptions, fillByMount, MOUNT_TOOLS, NO_BACKGROUND, unpackIntoMount } from './fill-by-mount.js'
import { assertTools, canMount, type HostVolume, type HostVolumeOrder, inSpoolFolder } from './host-volume.js'
import { MKE2FS_CONFIG, mke2fsArguments, mke2fsEnvironment } from './mke2fs.js'
import { settleVolume } from './settle-volume.js'
import { imageOfSpool, makeSparseFile } from './spool-image.js'
import { runOverTree, treeFolder, treeTools } from './unpacked-tree.js'
import { readVolumeFacts } from './volume-facts.js'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export interface ExtVolumeOrder extends HostVolumeOrder, FillOptions {
  readonly type: ExtType
  readonly sizeBytes: number
  readonly options: ExtOptions
  /**
   * Plain folders of the host that are copied in, one over the other; `tree` is what they were read as, which owners and
   * times are taken from. Missing: the tree itself is unpacked.
   */
  readonly folders?: readonly string[]
  /** Default: `mount` for root where there are loop devices, else `populate` (mke2fs -d). */
  readonly method?: 'mount' | 'populate'
}

/** Nothing is left behind on failure or abort: no loop device, no mount, no file. */
export async function makeExtVolume(order: ExtVolumeOrder): Promise<HostVolume> {
  const { name, type, sizeBytes, environment, runner, signal, options, tree, folders } = order
  const method = order.method ?? (canMount('ext4') ? 'mount' : 'populate')
  const filling = folders === undefined ? treeTools(tree) : ['cp']
  assertTools(runner, ['mke2fs', 'debugfs', 'dumpe2fs', ...(method === 'mount' ? MOUNT_TOOLS : []), ...filling])
  return inSpoolFolder(order, async (folder) => {
    const volume: SpooledVolume = {
      title: `${type} volume "${name}"`,
      spool: join(folder, 'spool'),
      folder,
      sizeBytes,
      native: true,
      environment,
      runner,
      ...(signal === undefined ? {} : { signal }),
    }
    makeSparseFile(volume.spool, environment.offsetBytes + sizeBytes)
    if (method === 'mount') {
      await makeFileSystem(order, volume)
      if (folders === undefined) await unpackIntoMount(volume, tree, { type: 'ext4', mountOptions: NO_BACKGROUND })
      else if (folders.length > 0) await fillByMount(volume, folders, order)
    } else if (folders === undefined) {
      await makeFromTree(order, volume)
    } else {
      await makeFileSystem(order, volume, await oneFolder(volume, folders))
    }
    await settleVolume(volume, tree, {
      hasExtraTimes: options.inode_size !== 128,
      keepLostAndFound: options.lost_and_found !== false,
    })
    const facts = { engine: `host (${method})`, ...(await readVolumeFacts(volume)) }
    return {
      image: await imageOfSpool(volume.spool, { ...volume, offsetBytes: environment.offsetBytes, sizeBytes }),
      facts,
    }
  })
}

async function makeFileSystem(order: ExtVolumeOrder, volume: SpooledVolume, folder?: string): Promise<void> {
  const result = await volume.runner.run('mke2fs', mke2fsArguments(order, volume.spool, folder), {
    env: mke2fsEnvironment(volume.environment, configFile(volume)),
    ...(volume.signal && { signal: volume.signal }),
  })
  if (result.status !== 0) throw toolFailure(volume, folder === undefined ? 'format' : 'fill', 'mke2fs', result)
}

async function makeFromTree(order: ExtVolumeOrder, volume: SpooledVolume): Promise<void> {
  const command = ['mke2fs', ...mke2fsArguments(order, volume.spool, treeFolder(volume))]
  const env = mke2fsEnvironment(volume.environment, configFile(volume))
  const result = await runOverTree({ ...volume, tree: order.tree }, command, env)
  if (result.status !== 0) throw toolFailure(volume, 'fill', 'mke2fs', result)
}

function configFile({ folder }: SpooledVolume): string {
  const path = join(folder, 'mke2fs.conf')
  writeFileSync(path, MKE2FS_CONFIG)
  return path
}

/** mke2fs -d takes one folder: several are copied together first. */
async function oneFolder(volume: SpooledVolume, folders: readonly string[]): Promise<string | undefined> {
  if (folders.length <= 1) return folders[0]
  const together = join(volume.folder, 'content')
  mkdirSync(together)
  for (const folder of folders) {
    const args = ['-a', '--', `${folder}/.`, `${together}/`]
    const result = await volume.runner.run('cp', args, volume.signal && { signal: volume.signal })
    if (result.status !== 0) throw toolFailure(volume, 'lay together the content of', 'cp', result)
  }
  return together
}
