/** sizes.jsonl: a line of JSON for each release, the bytes that each partition uses. Kept with the sources, so it is text. */

import { randomBytes } from 'node:crypto'
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'
import { jsonText } from '../bytes/json-text.js'
import { readInputFile } from '../bytes/read-input-file.js'
import { ConfigError, errnoOf, IoError, systemReason } from '../errors.js'

const bytes = z.int().min(0)
const line = z.object({
  /** Null where the config names none. */
  release: z.string().nullable(),
  partitions: z.record(z.string(), z.object({ used_bytes: bytes, size_bytes: bytes })),
})

export type SizeHistoryLine = z.output<typeof line>

/** The lines in order; none where there is no such file. Throws ConfigError for a line that is none of ours. */
export function readSizeHistory(path: string): SizeHistoryLine[] {
  let text: string
  try {
    text = readInputFile(path).toString('utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw new IoError(`Cannot read the history ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
  }
  return text.split('\n').flatMap((row, index) => {
    if (row === '') return []
    const parsed = line.safeParse(parseOrNothing(row))
    if (parsed.success) return [parsed.data]
    throw new ConfigError(
      `Cannot read the history ${path}: line ${index + 1} is no { "release": …, "partitions": … } in JSON`,
      {
        hint: 'diskloom writes it; a line that an edit broke can be deleted.',
      },
    )
  })
}

/**
 * The lines with one more. A release that is there already is built again, and keeps its place; without a name, sizes that
 * did not change are no new release.
 */
export function withRelease(lines: readonly SizeHistoryLine[], current: SizeHistoryLine): SizeHistoryLine[] {
  const last = lines.at(-1)
  const same =
    current.release === null
      ? last?.release === null && JSON.stringify(last) === JSON.stringify(current)
        ? lines.length - 1
        : -1
      : lines.findIndex(({ release }) => release === current.release)
  return same < 0 ? [...lines, current] : lines.with(same, current)
}

/**
 * Throws IoError where `writeSizeHistory` could not write these lines: asked before a build, which must not fail when all of its
 * work is done. The folder is made by neither.
 */
export function assertHistoryWritable(path: string, lines: readonly SizeHistoryLine[]): void {
  if (readOrNothing(path) === historyText(lines)) return
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
  } catch (error) {
    throw historyError(path, error)
  }
}

/** Replaces the file in one step, and leaves it alone where nothing is new. Throws IoError. */
export function writeSizeHistory(path: string, lines: readonly SizeHistoryLine[]): void {
  const text = historyText(lines)
  if (readOrNothing(path) === text) return
  const temporary = `${path}.${randomBytes(RANDOM_BYTES).toString('hex')}.part`
  try {
    writeFileSync(temporary, text, { flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    // Made a moment ago under a random name that was free, so it is ours; EEXIST alone says that it is not.
    if (errnoOf(error) !== 'EEXIST') rmSync(temporary, { force: true })
    throw historyError(path, error)
  }
}

const RANDOM_BYTES = 6

function historyText(lines: readonly SizeHistoryLine[]): string {
  return lines.map((entry) => `${jsonText(entry)}\n`).join('')
}

function historyError(path: string, error: unknown): IoError {
  return new IoError(`Cannot write the history ${path}: ${systemReason(error)}`, {
    hint: 'Choose another place with --history FILE or budget.history',
    details: { path, errno: errnoOf(error) },
    cause: error,
  })
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readInputFile(path).toString('utf8')
  } catch {
    return undefined
  }
}
