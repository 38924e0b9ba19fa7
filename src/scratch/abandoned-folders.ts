/** Removes the private folders of processes that ended without a chance to do so, and nothing that might be another's. */
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import type { CommandRunner } from '../tree/command-runner.js'
import { tryLock } from './file-lock.js'
import { COMMIT_FILE, makerOf, OWNER_FILE, type Owner, parseOwner } from './owner-mark.js'
import { hasEnded } from './process-identity.js'

/**
 * Looks through `parent`. A folder is removed when it has the name of a private folder, is this user's, holds the mark that was
 * made for it, and its maker has ended: a process of this pid namespace that is no more, or one whose lock is free. What cannot
 * be judged stays, and so does the room of an interrupted commit, which `recoverResults` finishes. Never rejects; where the removal fails, the next process tries again.
 */
export async function clearAbandoned(parent: string, runner: CommandRunner): Promise<void> {
  const names = namesIn(parent).filter((name) => makerOf(name) !== undefined)
  if (names.length === 0) return
  const journal = textOf(join(parent, COMMIT_FILE))
  for (const name of names) {
    const maker = makerOf(name)!
    if (journal.includes(name)) continue
    const path = join(parent, name)
    const stats = lstatSync(path, { throwIfNoEntry: false, bigint: false })
    if (stats?.isDirectory() !== true || !isOurs(stats)) continue
    const owner = ownerOf(path)
    if (owner === undefined) {
      // Its maker was killed between mkdir and the mark, so there is nothing in it.
      if (hasEnded(maker)) removeEmpty(path)
    } else if (hasEnded(owner) || (await isUnlocked(path, owner, runner))) remove(path)
  }
}

/** Returns whether the maker of the private folder `path` has certainly ended. */
export async function isAbandoned(path: string, runner: CommandRunner): Promise<boolean> {
  const owner = ownerOf(path)
  return owner !== undefined && (hasEnded(owner) || (await isUnlocked(path, owner, runner)))
}

/** Returns undefined where the mark is missing, damaged, or was made for another folder. */
export function ownerOf(path: string): Owner | undefined {
  try {
    const owner = parseOwner(readFileSync(join(path, OWNER_FILE), 'utf8'))
    return owner?.folder === String(lstatSync(path, { bigint: true }).ino) ? owner : undefined
  } catch {
    return undefined
  }
}

async function isUnlocked(path: string, { locked }: Owner, runner: CommandRunner): Promise<boolean> {
  // Whoever could not lock it may live all the same.
  if (!locked) return false
  let fd: number
  try {
    fd = openSync(join(path, OWNER_FILE), constants.O_RDWR | constants.O_NOFOLLOW)
  } catch {
    return false
  }
  try {
    return (await tryLock(fd, runner)) === 'held'
  } finally {
    closeSync(fd)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function namesIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent)
  } catch {
    return []
  }
}

function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid()
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Another process is at it, or something in it may not be removed.
  }
}

function removeEmpty(path: string): void {
  try {
    const mark = lstatSync(join(path, OWNER_FILE), { throwIfNoEntry: false })
    if (mark?.size === 0) unlinkSync(join(path, OWNER_FILE))
    rmdirSync(path)
  } catch {
    // It is not empty, so it is not certain whose it is.
  }
}
