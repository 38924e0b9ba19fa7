/** sizes.jsonl: a line of JSON for each release, the bytes that each partition uses. Kept with the sources, so it is text. */

import { readFileSync, renameSync } from 'node:fs'
import * as z from 'zod'
import { jsonText } from '../bytes/json-text.js'
import { ConfigError, errnoOf, IoError, systemReason } from '../errors.js'
import { writeWholeFile } from '../outputs/whole-file.js'

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
    text = readFileSync(path, 'utf8')
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

/** Replaces the file in one step, and leaves it alone where nothing is new. */
export function writeSizeHistory(path: string, lines: readonly SizeHistoryLine[]): void {
  const text = lines.map((entry) => `${jsonText(entry)}\n`).join('')
  if (readOrNothing(path) === text) return
  const temporary = `${path}.${process.pid}.part`
  writeWholeFile(temporary, Buffer.from(text, 'utf8'))
  try {
    renameSync(temporary, path)
  } catch (error) {
    throw new IoError(`Cannot write the history ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
  }
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
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
