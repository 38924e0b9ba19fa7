/**
 * A folder for unfinished files that only this user can enter, and that can be told from everybody else's: its name is random
 * and says which process made it, and a file in it says so again. The maker holds a lock on that file as long as it lives, so
 * another process, also one in another container, can prove that a folder was abandoned before it removes it
 * (docs/design/results-folder.md).
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { errnoOf, IoError, systemReason } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { clearAbandoned } from './abandoned-folders.js'
import { tryLock } from './file-lock.js'
import { OWNER_FILE, type Owner, ownerText, privateName } from './owner-mark.js'
import { processSpace } from './process-identity.js'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600
const RANDOM_BYTES = 6

export interface PrivateFolderOptions {
  /** Runs flock(1). */
  readonly runner: CommandRunner
  /** What the user can do where the folder cannot be made. */
  readonly hint: string
}

export class PrivateFolder {
  /** Absolute where the parent is. */
  readonly path: string
  /**
   * The same folder by its open descriptor, on Linux: below this path nothing is reached but what is in the folder, whatever
   * somebody who may write to the parent puts in its place. Only for this process.
   */
  readonly anchor: string
  /** What the folder is on; files are moved out of it by renaming only to the same device. */
  readonly device: number
  readonly #descriptors: number[] = []
  readonly #background: Promise<unknown>
  #isOpen = true

  private constructor(
    path: string,
    device: number,
    descriptors: readonly number[],
    runner: CommandRunner,
    parent: string,
  ) {
    const [folderFd, ownerFd] = descriptors as [number, number]
    this.path = path
    this.device = device
    this.#descriptors.push(...descriptors)
    const anchor = `/proc/self/fd/${folderFd}`
    this.anchor = existsSync(anchor) ? anchor : path
    this.#background = Promise.all([this.#lock(ownerFd, runner), clearAbandoned(parent, runner)])
  }

  /**
   * Makes a folder in `parent`, and removes what ended processes have left there. It is locked in the background. Throws
   * IoError.
   */
  static make(parent: string, { runner, hint }: PrivateFolderOptions): PrivateFolder {
    const descriptors: number[] = []
    const name = privateName({ space: processSpace(), pid: process.pid }, randomBytes(RANDOM_BYTES).toString('hex'))
    const path = join(parent, name)
    try {
      mkdirSync(path, PRIVATE_FOLDER)
      const folderFd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
      descriptors.push(folderFd)
      const { dev, ino } = fstatSync(folderFd, { bigint: true })
      const inside = existsSync(`/proc/self/fd/${folderFd}`) ? `/proc/self/fd/${folderFd}` : path
      const ownerFd = openSync(join(inside, OWNER_FILE), 'wx+', PRIVATE_FILE)
      descriptors.push(ownerFd)
      mark(ownerFd, { folder: String(ino), locked: false })
      return new PrivateFolder(path, Number(dev), descriptors, runner, parent)
    } catch (error) {
      for (const fd of descriptors) closeSync(fd)
      if (descriptors.length > 0) rmSync(path, { recursive: true, force: true })
      throw new IoError(`Cannot make a temporary folder in ${parent}: ${systemReason(error)}`, {
        hint,
        details: { path: parent, errno: errnoOf(error) },
        cause: error,
      })
    }
  }

  /** Resolves when the lock is held (or known not to be available), and abandoned folders are gone. */
  async settled(): Promise<void> {
    await this.#background
  }

  /** Removes the folder with all that is in it. Safe to call twice. */
  async release(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    rmSync(this.path, { recursive: true, force: true })
    this.#close()
    await this.#background
  }

  /** Lets the folder go without removing it: the files in it are for the process that finishes an interrupted commit. */
  async leave(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#close()
    await this.#background
  }

  async #lock(ownerFd: number, runner: CommandRunner): Promise<void> {
    const state = await tryLock(ownerFd, runner)
    // After the release the number may be another file's.
    if (state !== 'held' || !this.#isOpen) return
    const { ino } = fstatSync(this.#descriptors[0]!, { bigint: true })
    mark(ownerFd, { folder: String(ino), locked: true })
  }

  #close(): void {
    for (const fd of this.#descriptors) closeSync(fd)
  }
}

function mark(fd: number, owner: Pick<Owner, 'folder' | 'locked'>): void {
  const text = Buffer.from(ownerText({ ...owner, space: processSpace(), pid: process.pid }))
  writeSync(fd, text, 0, text.length, 0)
  ftruncateSync(fd, text.length)
}
