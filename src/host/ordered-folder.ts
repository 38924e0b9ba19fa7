/**
 * A folder that lists its files the same way on every machine. mkfs.ubifs numbers inodes as readdir gives names, and on a disk
 * that order follows a secret of the disk's file system. A tmpfs lists by the order of making, so the tree is unpacked into
 * one, mounted in a namespace of its own; who is not root makes it in a namespace where he is.
 */
import { totalmem } from 'node:os'
import type { CommandRunner } from '../tree/command-runner.js'
import type { FileTree } from '../tree/file-tree.js'
import { measureTree } from '../tree/tree-stats.js'
import { isRoot } from './unpacked-tree.js'

/** A tmpfs holds half of the memory at most, and others use it too. */
const SHARE_OF_MEMORY = 4

const MOUNT = 'mkdir -p "$1"; mount -t tmpfs -o mode=0700 tmpfs "$1"; shift; exec "$@"'

/** Where all ids but one are unknown, a chown fails in a way that fakeroot does not expect. */
export const ORDERED_ENVIRONMENT = { FAKEROOTDONTTRYCHOWN: '1' }

/** What to call before a command, so that it finds a tmpfs at `folder`; undefined where that is not possible. */
export async function orderedFolder(
  runner: CommandRunner,
  folder: string,
  tree: FileTree,
): Promise<readonly string[] | undefined> {
  if (measureTree(tree).bytes > totalmem() / SHARE_OF_MEMORY || runner.locate('unshare') === undefined) return undefined
  const asRoot = isRoot() ? [] : ['--user', '--map-root-user']
  const before = ['unshare', ...asRoot, '--mount', 'sh', '-euc', MOUNT, 'sh', folder]
  const [command, ...args] = [...before, 'true']
  const { status } = await runner.run(command!, args)
  return status === 0 ? before : undefined
}
