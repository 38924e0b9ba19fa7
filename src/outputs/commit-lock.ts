/**
 * The file `.diskloom.commit` of a folder of results: a lock while results are put in place, and the list of what is to be done,
 * for the next command where the process is killed in the middle (docs/design/results-folder.md).
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkStatsAt } from '../bytes/path-stats.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import { tryLock } from '../scratch/file-lock.js'
import { COMMIT_FILE } from '../scratch/owner-mark.js'
import { hasEnded, processSpace } from '../scratch/process-identity.js'
import type { CommandRunner } from '../tree/command-runner.js'

/** Putting results in place takes milliseconds, the removal of large files a second. */
const LOCK_TIMEOUT_MS = 60_000
const LOCK_POLL_MS = 50
/** A reader waits this long for a commit that may be under way. */
const READER_TIMEOUT_MS = 1_000
const MAX_JOURNAL_BYTES = 64 << 20

export interface Move {
  /** Relative to the folder of results, with `/`: inside one of `rooms`. */
  readonly from: string
  /** Relative to the folder of results, with `/`. */
  readonly to: string
}

/** What a commit does. All paths are relative to the folder of results. */
export interface Journal {
  /** Private folders that hold the finished files, and are removed when all of these are in place. */
  readonly rooms: readonly string[]
  /** Results of an earlier build that this one does not make. */
  readonly removes: readonly string[]
  /** In this order. */
  readonly moves: readonly Move[]
}

interface Entry extends Journal {
  readonly space: string
  readonly pid: number
  /** Whether the writer held a lock on the file that ends with it. */
  readonly locked: boolean
}

export class CommitLock {
  /** What a killed process has not finished; undefined where none was. */
  readonly interrupted: Journal | undefined
  readonly #path: string
  readonly #fd: number
  readonly #locked: boolean

  private constructor(path: string, fd: number, locked: boolean, interrupted: Journal | undefined) {
    this.#path = path
    this.#fd = fd
    this.#locked = locked
    this.interrupted = interrupted
  }

  /** Waits until no other process puts results into `folder`. Throws IoError after a minute. */
  static async take(folder: string, runner: CommandRunner): Promise<CommitLock> {
    const path = join(folder, COMMIT_FILE)
    const deadline = performance.now() + LOCK_TIMEOUT_MS
    for (;;) {
      const lock = await CommitLock.#attempt(path, runner)
      if (lock !== undefined) return lock
      if (performance.now() > deadline) {
        throw new IoError(
          `Cannot put results into ${folder}: another diskloom is doing that, or was ended while it did`,
          {
            hint: `Wait until it has ended; if none is running on any machine that shares the folder, remove ${path} and build again`,
            details: { path },
          },
        )
      }
      await sleep(LOCK_POLL_MS)
    }
  }

  static async #attempt(path: string, runner: CommandRunner): Promise<CommitLock | undefined> {
    const { fd, isNew } = attempt(path, () => openCommitFile(path))
    try {
      const state = await tryLock(fd, runner)
      if (state === 'busy') throw BUSY
      // The holder before us has removed the file while we waited for it.
      if (lstatSync(path, { throwIfNoEntry: false, bigint: true })?.ino !== fstatSync(fd, { bigint: true }).ino)
        throw BUSY
      const entry = parseEntry(readFileSync(fd))
      // Without locks of the kernel the file itself is the lock, and it says whose.
      const isFree =
        entry === undefined ? isNew || state === 'held' : hasEnded(entry) || (entry.locked && state === 'held')
      if (!isFree) throw BUSY
      const lock = new CommitLock(path, fd, state === 'held', entry)
      if (entry === undefined) lock.write({ rooms: [], removes: [], moves: [] })
      return lock
    } catch (error) {
      closeSync(fd)
      if (error === BUSY) return undefined
      throw error
    }
  }

  /** Says what is about to be done. */
  write(journal: Journal): void {
    const entry: Entry = { space: processSpace(), pid: process.pid, locked: this.#locked, ...journal }
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`)
    attempt(this.#path, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done, done)
      ftruncateSync(this.#fd, bytes.length)
    })
  }

  /** All is done: the file goes, and then the lock. */
  finish(): void {
    attempt(this.#path, () => unlinkSync(this.#path))
    closeSync(this.#fd)
  }

  /** Lets the lock go; the file stays for the next command. */
  leave(): void {
    closeSync(this.#fd)
  }
}

function openCommitFile(path: string): { readonly fd: number; readonly isNew: boolean } {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  try {
    return { fd: openSync(path, flags | constants.O_EXCL, COMMIT_FILE_MODE), isNew: true }
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    return { fd: openSync(path, flags, COMMIT_FILE_MODE), isNew: false }
  }
}

const COMMIT_FILE_MODE = 0o644

const BUSY = Symbol('busy')

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new IoError(`Cannot write ${path}: ${systemReason(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}

/** Undefined for an empty or unfinished text: its writer had not begun then. */
function parseEntry(bytes: Buffer): Entry | undefined {
  if (bytes.length > MAX_JOURNAL_BYTES) return undefined
  try {
    const entry = JSON.parse(bytes.toString('utf8')) as Entry
    const isList = [entry.rooms, entry.removes, entry.moves].every((each) => Array.isArray(each))
    const paths = isList ? [...entry.rooms, ...entry.removes, ...entry.moves.flatMap(({ from, to }) => [from, to])] : []
    return isList && paths.every(isInside) && typeof entry.pid === 'number' ? entry : undefined
  } catch {
    return undefined
  }
}

/** Whether a path from a file is one below the folder that it is read from. */
export function isInside(path: unknown): path is string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) return false
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
}

/** Whether a commit is under way in `folder`, or was interrupted. */
export function hasCommitFile(folder: string): boolean {
  return linkStatsAt(join(folder, COMMIT_FILE)) !== undefined
}

/**
 * Waits for a commit that is under way, and throws IoError where one was interrupted: the folder then has files of two builds.
 * For commands that read the folder. Costs one lstat where there is none.
 */
export async function assertCommitted(folder: string, waitMs = READER_TIMEOUT_MS): Promise<void> {
  const deadline = performance.now() + waitMs
  while (hasCommitFile(folder)) {
    if (performance.now() > deadline) {
      throw new IoError(
        `Cannot read ${folder}: a build was ended while it put its results there, so they may be of two builds`,
        {
          hint: `Build again into "${basename(folder)}", which finishes that first`,
          details: { path: join(folder, COMMIT_FILE) },
        },
      )
    }
    await sleep(LOCK_POLL_MS)
  }
}
