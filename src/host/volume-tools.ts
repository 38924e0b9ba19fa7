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
  readonly environment: VolumeEnvironment
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
}

/** The volume as the tools of e2fsprogs name one that begins inside a file. */
export function volumeUrl({ spool, environment }: SpooledVolume): string {
  return `${spool}?offset=${environment.offsetBytes}`
}

const FULL = /No space left on device|Could not allocate (?:inode|block)/

/** "Cannot do X to Y: what the tool says". A full volume is the payload's matter, everything else the machine's. */
export function toolFailure(volume: SpooledVolume, doing: string, tool: string, result: CommandResult): DiskloomError {
  const said = result.stderr.trim().split('\n').slice(0, 3).join('; ')
  const message = `Cannot ${doing} ${volume.title}: ${said || `${tool} ended with ${result.status}`}`
  if (FULL.test(result.stderr)) {
    return new LayoutError(`${message}, its ${volume.sizeBytes} bytes are full`, {
      hint: 'make the partition larger, or give it more inodes (options.inodes)',
    })
  }
  return new IoError(message, {
    hint: 'engine: native needs no tools of the host',
    details: { tool, status: result.status },
  })
}
