/**
 * Locks that the kernel lets go when their holder ends, and that hold across pid namespaces: flock(2), for which Node has no
 * call. flock(1) (util-linux, BusyBox) takes the lock on the open file that it gets as its standard input, and ends; the lock
 * belongs to the open file, which is still ours. It lasts until our last descriptor of it is closed, also by SIGKILL.
 */
import type { CommandRunner } from '../tree/command-runner.js'

const TOOL = 'flock'
const BUSY_STATUS = 1

/** `unavailable`: there is no flock(1), or the file system knows no locks. */
export type LockState = 'held' | 'busy' | 'unavailable'

/** Tries to lock the open file once, without waiting. `fd` must be open for writing (NFS). Never rejects. */
export async function tryLock(fd: number, runner: CommandRunner): Promise<LockState> {
  if (runner.locate(TOOL) === undefined) return 'unavailable'
  try {
    // Only short options: BusyBox knows no others.
    const { status } = await runner.run(TOOL, ['-x', '-n', '0'], { stdinFd: fd })
    return status === 0 ? 'held' : status === BUSY_STATUS ? 'busy' : 'unavailable'
  } catch {
    return 'unavailable'
  }
}
