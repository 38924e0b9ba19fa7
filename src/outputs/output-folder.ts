/**
 * The folder of results. Every output is written under a temporary name beside its place and renamed when all of them are
 * complete, so a failure or an interruption leaves what was there before.
 */
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { errnoOf, IoError, systemReason } from '../errors.js'

const TEMPORARY = /^\..+\.(\d+)\.part$/

interface Staged {
  readonly temporary: string
  readonly final: string
}

export class OutputFolder {
  readonly path: string
  readonly #staged: Staged[] = []
  /** Folders that this build made, parents first. */
  readonly #made: string[] = []
  #work: string | undefined

  private constructor(path: string) {
    this.path = path
  }

  /** Makes the folder where it is missing. Throws IoError where that or writing there is not possible. */
  static open(path: string): OutputFolder {
    const folder = new OutputFolder(resolve(path))
    try {
      folder.#makeFolder(folder.path)
      assertWritable(folder.path)
    } catch (error) {
      folder.discard()
      throw error
    }
    removeAbandoned(folder.path)
    return folder
  }

  /** The temporary path under which to write the output `name` (may hold `/`). */
  stage(name: string): string {
    const final = join(this.path, name)
    const stats = lstatSync(final, { throwIfNoEntry: false })
    if (stats?.isDirectory()) {
      throw new IoError(`Cannot write ${final}: it is a folder`, {
        hint: 'Remove it, or choose another folder with --out.',
        details: { path: final, errno: 'EISDIR' },
      })
    }
    this.#makeFolder(dirname(final))
    const temporary = join(dirname(final), `.${basename(final)}.${process.pid}.part`)
    this.#staged.push({ temporary, final })
    return temporary
  }

  /** A folder for spool files beside the outputs, where there is room for them; it goes with `commit` or `discard`. */
  workFolder(): string {
    if (this.#work === undefined) {
      this.#work = join(this.path, `.work.${process.pid}.part`)
      mkdirSync(this.#work)
    }
    return this.#work
  }

  /** Gives every output its name. */
  commit(): void {
    this.#removeWork()
    for (const { temporary, final } of this.#staged.splice(0)) {
      try {
        renameSync(temporary, final)
      } catch (error) {
        throw new IoError(`Cannot write ${final}: ${systemReason(error)}`, { details: { path: final }, cause: error })
      }
    }
    this.#made.length = 0
  }

  /** Removes whatever was written and not committed, and the folders made for it. */
  discard(): void {
    this.#removeWork()
    for (const { temporary } of this.#staged.splice(0)) rmSync(temporary, { force: true })
    for (const folder of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(folder)
      } catch {
        // Somebody else has put something there in the meantime: it stays.
      }
    }
  }

  #removeWork(): void {
    if (this.#work !== undefined) rmSync(this.#work, { recursive: true, force: true })
    this.#work = undefined
  }

  /**
   * Folder by folder from the nearest one that is there. (`mkdirSync` with `recursive` never returns in Node 20 where a
   * file system has no room for folders of ours and says ENOENT, as procfs does.)
   */
  #makeFolder(path: string): void {
    try {
      const missing: string[] = []
      for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined; folder = dirname(folder)) {
        missing.unshift(folder)
      }
      for (const folder of missing) {
        if (makeUnlessThere(folder)) this.#made.push(folder)
      }
      // Refuses a file of that name: the folder that is there is only asked for.
      readdirSync(path)
    } catch (error) {
      throw new IoError(`Cannot make the folder ${path}: ${systemReason(error, FOLDER_REASONS)}`, {
        hint: 'Choose another folder with --out.',
        details: { path, errno: errnoOf(error) },
        cause: error,
      })
    }
  }
}

const FOLDER_REASONS = {
  EEXIST: 'a file stands in its place',
  ENOTDIR: 'a file stands in its place',
  ENOENT: 'its file system takes no new folders',
}

function assertWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new IoError(`Cannot write into ${path}: ${systemReason(error)}`, {
      hint: 'Choose another folder with --out.',
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}

/** False where somebody else was faster. */
function makeUnlessThere(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return false
    throw error
  }
}

/** A build that was killed without a chance to clean up leaves temporary files; they name the process they belonged to. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = TEMPORARY.exec(name)?.[1]
    if (pid !== undefined && Number(pid) !== process.pid && !isRunning(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}
