/** Which process made a file, in words that processes of other containers and other machines can judge. */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { errnoOf } from '../errors.js'

const SPACE_DIGITS = 8

let known: string | undefined

/**
 * Returns eight hexadecimal digits for the set of processes that a process id counts in: this boot of this machine, and this pid
 * namespace. The same pid under another value says nothing.
 */
export function processSpace(): string {
  known ??= createHash('sha256').update(`${bootId()} ${pidNamespace()}`).digest('hex').slice(0, SPACE_DIGITS)
  return known
}

/** Returns true only where the process is known to have ended; false where it runs or cannot be judged from here. */
export function hasEnded({ space, pid }: { readonly space: string; readonly pid: number }): boolean {
  if (space !== processSpace()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return errnoOf(error) === 'ESRCH'
  }
}

/** `pid:[4026531836]` on Linux; empty elsewhere, where there is one namespace. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
