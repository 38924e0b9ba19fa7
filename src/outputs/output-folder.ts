/**
 * The folder of results. Outputs are written into a private folder in it and get their names when all of them are complete, so
 * a failure or an interruption leaves what was there before (docs/design/results-folder.md).
 */
import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { linkStatsAt } from '../bytes/path-stats.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import { PrivateFolder } from '../scratch/private-folder.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { Move } from './commit-lock.js'
import { commitResults, recoverResults } from './commit-results.js'

const CHOOSE_ANOTHER = 'Choose another folder with --out.'
/** In a private folder: outputs by their names, and spool files. */
const FILES = 'files'
const SPOOL = 'spool'

interface Staged {
  readonly temporary: string
  readonly final: string
}

export class OutputFolder {
  readonly path: string
  readonly #runner: CommandRunner
  readonly #staged: Staged[] = []
  /** Folders that this build made, parents first. */
  readonly #made: string[] = []
  /** By the device that they are on: a subfolder may be another one. */
  readonly #rooms = new Map<number, PrivateFolder>()

  private constructor(path: string, runner: CommandRunner) {
    this.path = path
    this.#runner = runner
  }

  /**
   * Makes the folder where it is missing, and finishes the commit of a process that was killed in the middle of it. Throws
   * IoError where that or writing there is not possible. `runner` runs flock(1).
   */
  static async open(path: string, runner: CommandRunner): Promise<OutputFolder> {
    const folder = new OutputFolder(resolve(path), runner)
    try {
      folder.#makeFolder(folder.path)
      assertWritable(folder.path)
      await recoverResults(folder.path, runner)
    } catch (error) {
      await folder.discard()
      throw error
    }
    return folder
  }

  /** The temporary path under which to write the output `name` (may hold `/`). */
  stage(name: string): string {
    const final = join(this.path, name)
    assertNotFolder(final)
    this.#makeFolder(dirname(final))
    const temporary = join(this.room(dirname(final)).path, FILES, name)
    mkdirSync(dirname(temporary), { recursive: true })
    this.#staged.push({ temporary, final })
    return temporary
  }

  /** What `commit` puts in place, relative to the folder. */
  get stagedNames(): ReadonlySet<string> {
    return new Set(this.#staged.map(({ final }) => relative(this.path, final)))
  }

  /** The private folder on the device of `parent`, which is this folder or one below it; it goes with `commit` or `discard`. */
  room(parent = this.path): PrivateFolder {
    const device = statSync(parent).dev
    let room = this.#rooms.get(device)
    if (room === undefined) {
      const place = device === statSync(this.path).dev ? this.path : parent
      room = PrivateFolder.make(place, { runner: this.#runner, hint: CHOOSE_ANOTHER })
      this.#rooms.set(device, room)
    }
    return room
  }

  /** A folder for spool files beside the outputs, where there is room for them; it goes with `commit` or `discard`. */
  workFolder(): string {
    const path = join(this.room().path, SPOOL)
    mkdirSync(path, { recursive: true })
    return path
  }

  /**
   * Gives every output its name, and removes `removes`: results of an earlier build, relative to the folder. Throws IoError;
   * where that comes after the first change, the next command finishes.
   */
  async commit(removes: readonly string[] = []): Promise<void> {
    const rooms = [...this.#rooms.values()]
    await Promise.all(rooms.map((room) => room.settled()))
    const moves = this.#staged.splice(0).map(
      ({ temporary, final }): Move => ({
        from: relative(this.path, temporary),
        to: relative(this.path, final),
      }),
    )
    for (const { to } of moves) assertNotFolder(join(this.path, to))
    const journal = { rooms: rooms.map(({ path }) => relative(this.path, path)), removes, moves }
    this.#made.length = 0
    if (moves.length + removes.length === 0) return this.#releaseRooms()
    try {
      await commitResults(this.path, journal, this.#runner)
    } catch (error) {
      await Promise.all(rooms.map((room) => room.leave()))
      throw error
    }
    await this.#releaseRooms()
  }

  /** Removes whatever was written and not committed, and the folders made for it. Safe to call twice. */
  async discard(): Promise<void> {
    this.#staged.length = 0
    await this.#releaseRooms()
    for (const folder of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(folder)
      } catch {
        // Somebody else has put something there in the meantime: it stays.
      }
    }
  }

  async #releaseRooms(): Promise<void> {
    const rooms = [...this.#rooms.values()]
    this.#rooms.clear()
    await Promise.all(rooms.map((room) => room.release()))
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
        hint: CHOOSE_ANOTHER,
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
      hint: CHOOSE_ANOTHER,
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

function assertNotFolder(path: string): void {
  if (linkStatsAt(path)?.isDirectory() !== true) return
  throw new IoError(`Cannot write ${path}: it is a folder`, {
    hint: 'Remove it, or choose another folder with --out.',
    details: { path, errno: 'EISDIR' },
  })
}
