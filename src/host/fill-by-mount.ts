/**
 * Mounts a volume inside its spool file and fills it, as the shell scripts did. Nothing can be left
 * behind: the mount lives in a mount namespace, the processes in a process namespace, and the kernel takes both away with
 * their last process; the loop device was told to go with its mount. So an error, an abort, even SIGKILL of this process
 * (setpriv's parent-death signal) lets everything go.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chunksOf } from '../image/chunks.js'
import type { FileTree } from '../tree/file-tree.js'
import { tarOf, writeAttributeList } from './unpacked-tree.js'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export const MOUNT_TOOLS = ['setpriv', 'unshare', 'mount', 'umount', 'losetup', 'sh'] as const

export interface FillOptions {
  /** As `holes:` says; cp calls it always, auto or never. */
  readonly holes: 'none' | 'host' | 'all'
}

/** $1 type, $2 mount options, $3 spool, $4 mount point; what fills it reads the rest. */
const MOUNT = `
type=$1 options=$2 spool=$3 target=$4
shift 4
mount -t "$type" -o "$options" "$spool" "$target"
`
/** Then $1 and $2 are options of cp, and the rest are the folders. */
const COPY = `
sparse=$1 drop=$2
shift 2
for folder do cp -a "$sparse" "$drop" -- "$folder/." "$target/"; done
`
/** Then $1 is the list of attributes or ''; the tree comes as a tar. */
const UNPACK = `
tar --extract --file=- --directory="$target" --preserve-permissions --same-owner --numeric-owner --delay-directory-restore --warning=no-timestamp
if [ -n "$1" ]; then (cd "$target" && setfattr --no-dereference --restore="$1"); fi
`
const UNMOUNT = 'umount "$target"'
const SPARSE = { none: 'never', host: 'auto', all: 'always' } as const

/** ext4 would begin to zero inode tables behind our back. */
export const NO_BACKGROUND = 'noinit_itable'

/** Folders, one over the other, into an ext volume. */
export async function fillByMount(
  volume: SpooledVolume,
  folders: readonly string[],
  options: FillOptions,
): Promise<void> {
  const arguments_ = [
    // Owners are set afterwards, from the payload tree.
    ...[`--sparse=${SPARSE[options.holes]}`, '--no-preserve=ownership'],
    ...folders,
  ]
  await inMounted(volume, { type: 'ext4', mountOptions: NO_BACKGROUND, script: COPY, arguments_, tool: 'cp' })
}

/** A payload tree into a volume of any type that the kernel mounts. FormatError for what no tar keeps. */
export async function unpackIntoMount(
  volume: SpooledVolume,
  tree: FileTree,
  { type, mountOptions }: { type: string; mountOptions?: string },
): Promise<void> {
  const { image } = tarOf({ title: volume.title, tree })
  const arguments_ = [writeAttributeList(volume, tree)]
  const work = { type, script: UNPACK, arguments_, tool: 'tar', input: chunksOf(image) }
  await inMounted(volume, { ...work, ...(mountOptions !== undefined && { mountOptions }) })
}

interface MountedWork {
  readonly type: string
  readonly mountOptions?: string
  /** Shell commands that put something into $target. */
  readonly script: string
  readonly arguments_: readonly string[]
  /** That may fail, for messages. */
  readonly tool: string
  readonly input?: Iterable<Uint8Array>
}

async function inMounted(volume: SpooledVolume, work: MountedWork): Promise<void> {
  const target = join(volume.folder, 'mount')
  mkdirSync(target)
  const { offsetBytes } = volume.environment
  const own = work.mountOptions === undefined ? '' : `,${work.mountOptions}`
  const mountOptions = `loop,noatime${own},offset=${offsetBytes},sizelimit=${volume.sizeBytes}`
  const args = [
    '--pdeathsig=KILL',
    'unshare',
    ...['--mount', '--propagation=private', '--pid', '--fork', '--kill-child=KILL', '--'],
    ...['sh', '-euc', `${MOUNT}${work.script}${UNMOUNT}`, 'sh'],
    ...[work.type, mountOptions, volume.spool, target],
    ...work.arguments_,
  ]
  try {
    const result = await volume.runner.run('setpriv', args, {
      ...(work.input && { input: work.input }),
      // The shell is its namespace's first process, which heeds no SIGTERM; there is nothing that it would have to tidy up.
      ...(volume.signal && { signal: volume.signal, endBy: 'SIGKILL' }),
    })
    if (result.status !== 0) throw toolFailure(volume, 'fill', work.tool, result)
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
