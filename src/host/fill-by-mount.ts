/**
 * Mounts a volume inside its spool file and copies folders into it, as the shell scripts did. Nothing can be left
 * behind: the mount lives in a mount namespace, the processes in a process namespace, and the kernel takes both away with
 * their last process; the loop device was told to go with its mount. So an error, an abort, even SIGKILL of this process
 * (setpriv's parent-death signal) lets everything go.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export const MOUNT_TOOLS = ['setpriv', 'unshare', 'mount', 'umount', 'losetup', 'cp', 'sh'] as const

export interface FillOptions {
  /** As `holes:` says; cp calls it always, auto or never. */
  readonly holes: 'none' | 'host' | 'all'
  readonly xattrs: 'none' | 'keep'
}

/** $1 mount options, $2 spool, $3 mount point, $4 and $5 options of cp, then the folders. */
const SCRIPT = `
options=$1 spool=$2 target=$3 sparse=$4 drop=$5
shift 5
mount -t ext4 -o "$options" "$spool" "$target"
for folder do cp -a "$sparse" "$drop" -- "$folder/." "$target/"; done
umount "$target"
`
const SPARSE = { none: 'never', host: 'auto', all: 'always' } as const

export async function fillByMount(
  volume: SpooledVolume,
  folders: readonly string[],
  options: FillOptions,
): Promise<void> {
  const target = join(volume.folder, 'mount')
  mkdirSync(target)
  const { offsetBytes } = volume.environment
  // noinit_itable: the kernel would begin to zero inode tables in the background.
  const mountOptions = `loop,noinit_itable,noatime,offset=${offsetBytes},sizelimit=${volume.sizeBytes}`
  const args = [
    '--pdeathsig=KILL',
    'unshare',
    ...['--mount', '--propagation=private', '--pid', '--fork', '--kill-child=KILL', '--'],
    ...['sh', '-euc', SCRIPT, 'sh'],
    ...[mountOptions, volume.spool, target],
    // Owners are set afterwards, from the payload tree.
    ...[`--sparse=${SPARSE[options.holes]}`, `--no-preserve=ownership${options.xattrs === 'none' ? ',xattr' : ''}`],
    ...folders,
  ]
  try {
    // The shell is its namespace's first process, which heeds no SIGTERM; there is nothing that it would have to tidy up.
    const ending = volume.signal && ({ signal: volume.signal, endBy: 'SIGKILL' } as const)
    const result = await volume.runner.run('setpriv', args, ending)
    if (result.status !== 0) throw toolFailure(volume, 'fill', 'cp', result)
  } finally {
    await untilReleased(volume)
  }
}

const RELEASE_ATTEMPTS = 50
const RELEASE_PAUSE_MS = 100

/** After an abort the kernel dissolves the namespaces on its own time, usually within milliseconds. */
async function untilReleased({ runner, spool }: SpooledVolume): Promise<void> {
  for (let attempt = 0; attempt < RELEASE_ATTEMPTS; attempt++) {
    const { stdout } = await runner.run('losetup', ['--noheadings', '--output', 'NAME', '--associated', spool])
    const devices = stdout.toString().split('\n').filter(Boolean)
    if (devices.length === 0) return
    if (attempt === RELEASE_ATTEMPTS - 1) await runner.run('losetup', ['--detach', ...devices])
    await delay(RELEASE_PAUSE_MS)
  }
}
