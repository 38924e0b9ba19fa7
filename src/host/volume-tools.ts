/** What the steps of the host engine share: the volume under construction, and how a tool's failure is told. */
import { type DiskloomError, IoError, LayoutError } from '../errors.js'
import type { VolumeEnvironment } from '../filesystems/volume.js'
import type { CommandResult, CommandRunner } from '../tree/command-runner.js'

/** A volume inside its spool file. */
export interface SpooledVolume {
  /** For messages: `ext4 volume "program"`. */
  readonly title: string
  /** Absolute path; the volume stands in it where it will stand on the disk. */
  readonly spool: string
  /** A folder of its own for everything temporary. */
  readonly folder: string
  readonly sizeBytes: number
  /** engine: native could make it too, for hints. */
  readonly native: boolean
  readonly environment: VolumeEnvironment
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
}

/** The volume as the tools of e2fsprogs name one that begins inside a file. */
export function volumeUrl({ spool, environment }: SpooledVolume): string {
  return `${spool}?offset=${environment.offsetBytes}`
}

/** sload.f2fs tells the line of its source where it finds no free segment. */
const FULL = /No space left on device|Could not allocate (?:inode|block)|\(move_one_curseg_info:\d+\)|Not enough space/

/** "Cannot do X to Y: what the tool says". A full volume is the payload's matter, everything else the machine's. */
export function toolFailure(volume: SpooledVolume, doing: string, tool: string, result: CommandResult): DiskloomError {
  const failure = failureOf(volume.title, doing, tool, result)
  const { native } = volume
  if (!FULL.test(failure.message)) {
    const hint = native ? { hint: 'engine: native needs no tools of the host' } : {}
    return new IoError(failure.message, { ...hint, details: failure.details })
  }
  return new LayoutError(`${failure.message}, its ${volume.sizeBytes} bytes are full`, {
    hint: `make the partition larger${native ? ', or give it more inodes (options.inodes)' : ''}`,
  })
}

const MAX_LINES = 3

/** The same for a tool that nothing of ours can replace. */
export function failureOf(title: string, doing: string, tool: string, result: CommandResult): IoError {
  const { status, stderr, stdout } = result
  // Some speak on standard output only; the last words there are about the end.
  const text = stderr.trim() === '' ? stdout.toString('utf8').split('\n').slice(-MAX_LINES).join('\n') : stderr
  const said = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, MAX_LINES)
    .join('; ')
  return new IoError(`Cannot ${doing} ${title}: ${said || `${tool} ended with ${status}`}`, {
    details: { tool, status },
  })
}
