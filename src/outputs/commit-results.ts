/**
 * Puts the files of one build into their places so that the folder never passes for one build's when it holds files of two:
 * what vouches for the results (SHA256SUMS, manifest.json and its signatures) is removed before the first change and comes last,
 * and a journal lets the next command finish what a killed process has begun.
 */
import { renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { linkStatsAt } from '../bytes/path-stats.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import { isAbandoned, ownerOf } from '../scratch/abandoned-folders.js'
import { makerOf } from '../scratch/owner-mark.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { CommitLock, hasCommitFile, isInside, type Journal, type Move } from './commit-lock.js'

/** What says that the other results belong together; `SHA256SUMS` last. */
const VOUCHERS = ['manifest.json.sig', 'manifest.json.sshsig', 'manifest.json.minisig', 'manifest.json', 'SHA256SUMS']

/**
 * Does what `journal` says in `folder`, alone; an interrupted commit is finished first. Throws IoError; what was begun is then
 * for the next command.
 */
export async function commitResults(folder: string, journal: Journal, runner: CommandRunner): Promise<void> {
  const lock = await CommitLock.take(folder, runner)
  try {
    if (lock.interrupted !== undefined) await finishInterrupted(folder, lock.interrupted, runner)
    lock.write(journal)
    apply(folder, journal)
  } catch (error) {
    lock.leave()
    throw error
  }
  lock.finish()
}

/** Finishes what a killed process has begun in `folder`, if there is anything. Throws IoError. */
export async function recoverResults(folder: string, runner: CommandRunner): Promise<void> {
  if (!hasCommitFile(folder)) return
  const lock = await CommitLock.take(folder, runner)
  try {
    if (lock.interrupted !== undefined) await finishInterrupted(folder, lock.interrupted, runner)
  } catch (error) {
    lock.leave()
    throw error
  }
  lock.finish()
}

/**
 * The finished files of a killed process go where they were going. Files that are no longer there were moved before it ended.
 * A room that no diskloom made is left alone, with whatever is in it.
 */
async function finishInterrupted(folder: string, journal: Journal, runner: CommandRunner): Promise<void> {
  const rooms: string[] = []
  for (const room of journal.rooms) {
    if (await isRoomToFinish(join(folder, room), runner)) rooms.push(room)
  }
  const isOurs = (path: string): boolean => rooms.some((room) => path.startsWith(`${room}/`))
  const moves = journal.moves.filter(({ from }) => isOurs(from) && isThere(join(folder, from)))
  // Nothing was removed or moved without the room: the process had not come so far, or another one has finished.
  apply(folder, { rooms, removes: rooms.length > 0 ? journal.removes : [], moves })
  for (const room of rooms) rmSync(join(folder, room), { recursive: true, force: true })
}

async function isRoomToFinish(path: string, runner: CommandRunner): Promise<boolean> {
  const name = path.slice(dirname(path).length + 1)
  if (makerOf(name) === undefined || ownerOf(path) === undefined) return false
  return isAbandoned(path, runner)
}

function apply(folder: string, journal: Journal): void {
  for (const step of commitSteps(journal)) applyStep(folder, step)
}

export type CommitStep = { readonly remove: string } | { readonly move: Move }

/** Returns the changes of a commit in their order. After each of them the rest can be done later, also twice. */
export function commitSteps({ removes, moves }: Pick<Journal, 'removes' | 'moves'>): CommitStep[] {
  const targets = new Set([...removes, ...moves.map(({ to }) => to)])
  const vouchers = VOUCHERS.filter((name) => targets.has(name)).toReversed()
  return [
    ...vouchers.map((remove) => ({ remove })),
    ...removes.filter((name) => !VOUCHERS.includes(name)).map((remove) => ({ remove })),
    ...inOrder(moves).map((move) => ({ move })),
  ]
}

/** Throws IoError. */
export function applyStep(folder: string, step: CommitStep): void {
  if ('remove' in step) {
    removeResult(folder, step.remove)
    return
  }
  const { from, to } = step.move
  try {
    renameSync(join(folder, from), join(folder, to))
  } catch (error) {
    throw new IoError(`Cannot write ${join(folder, to)}: ${systemReason(error)}`, {
      details: { path: join(folder, to), errno: errnoOf(error) },
      cause: error,
    })
  }
}

function inOrder(moves: Journal['moves']): Journal['moves'] {
  const rank = ({ to }: { readonly to: string }): number => VOUCHERS.indexOf(to)
  return moves.toSorted((a, b) => rank(a) - rank(b))
}

/** Removes a file, and the folders around it that are empty then. */
function removeResult(folder: string, name: string): void {
  if (!isBelowFolders(folder, name)) return
  try {
    unlinkSync(join(folder, name))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw new IoError(`Cannot remove ${join(folder, name)}, a result of an earlier build: ${systemReason(error)}`, {
      details: { path: join(folder, name), errno: errnoOf(error) },
      cause: error,
    })
  }
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) {
    try {
      rmdirSync(join(folder, parent))
    } catch {
      // It holds other files.
      return
    }
  }
}

/** Whether the way from `folder` to the file leads through folders alone: a symlink may lead anywhere. */
function isBelowFolders(folder: string, name: string): boolean {
  if (!isInside(name)) return false
  for (let parent = dirname(name); parent !== '.'; parent = dirname(parent)) {
    if (linkStatsAt(join(folder, parent))?.isDirectory() !== true) return false
  }
  return true
}

function isThere(path: string): boolean {
  return linkStatsAt(path) !== undefined
}
