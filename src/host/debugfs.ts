/** debugfs(8) as a library: commands in, answers out, without mounting anything. */
import { fakeTime } from './mke2fs.js'
import { type SpooledVolume, toolFailure, volumeUrl } from './volume-tools.js'

/** Commands for one run: bounds the answer that is held in memory. */
const COMMANDS_PER_RUN = 100_000

/** Its first line of stderr, always there. */
const BANNER = /^debugfs \d[^\n]*\n/

/**
 * Runs commands in order and gives what was printed, one character a byte; before each answer stands `debugfs: COMMAND`.
 * debugfs goes on after a command that fails and still ends with 0, so any word on stderr is a failure here.
 */
export async function runDebugfs(volume: SpooledVolume, mode: 'read' | 'write', commands: string[]): Promise<string> {
  let output = ''
  for (let first = 0; first < commands.length; first += COMMANDS_PER_RUN) {
    const input = `${commands.slice(first, first + COMMANDS_PER_RUN).join('\n')}\n`
    const args = [...(mode === 'write' ? ['-w'] : []), '-f', '-', volumeUrl(volume)]
    const result = await volume.runner.run('debugfs', args, {
      input,
      env: fakeTime(volume.environment.time.seconds),
      ...(volume.signal && { signal: volume.signal }),
    })
    const stderr = result.stderr.replace(BANNER, '')
    if (result.status !== 0 || stderr.trim() !== '') {
      throw toolFailure(volume, mode === 'write' ? 'settle' : 'list', 'debugfs', { ...result, stderr })
    }
    if (mode === 'read') output += result.stdout.toString('latin1')
  }
  return output
}

export interface ListedInode {
  readonly inode: number
  /** Type and permission bits, as st_mode has them. */
  readonly mode: number
  /** One character a byte. */
  readonly name: string
  /** undefined for a folder. */
  readonly sizeBytes?: number
}

const COMMAND_ECHO = /debugfs: ls -p <\d+>\n/y
/** `/inode/mode/uid/gid/name/size/`: a name may hold anything but a slash, line breaks too; large ids come out negative. */
const RECORD = /\/(\d+)\/(\d{6})\/-?\d+\/-?\d+\/([^/]*)\/(\d*)\/\n/y

/** What each of some folders holds, in the order of `inodes`; `.`, `..` and deleted entries left out. */
export async function listDirectories(volume: SpooledVolume, inodes: readonly number[]): Promise<ListedInode[][]> {
  const commands = inodes.map((inode) => `ls -p <${inode}>`)
  return parseListings(await runDebugfs(volume, 'read', commands))
}

export function parseListings(output: string): ListedInode[][] {
  const listings: ListedInode[][] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(output)
    if (match === null) return undefined
    at = pattern.lastIndex
    return match
  }
  while (at < output.length) {
    if (take(COMMAND_ECHO) !== undefined) {
      listings.push([])
      continue
    }
    const record = take(RECORD)
    if (record === undefined) {
      // The empty line after each answer.
      at++
      continue
    }
    const [, inode, mode, name, size] = record as unknown as [string, string, string, string, string]
    if (inode === '0' || name === '.' || name === '..') continue
    listings.at(-1)?.push({
      inode: Number(inode),
      mode: Number.parseInt(mode, 8),
      name,
      ...(size === '' ? {} : { sizeBytes: Number(size) }),
    })
  }
  return listings
}
