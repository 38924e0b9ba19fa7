/** Which names a manifest may give to files. A reader joins them to folders, so they must not lead elsewhere. */
import type { Problem } from '../errors.js'

/** One name of a path: not empty, not `.` or `..`, without control characters. */
const PAYLOAD_NAME = '(?!\\.{1,2}(?:\\/|$))[^\\/\\x00-\\x1f\\x7f]+'
const FILE_NAME = '(?!\\.{1,2}(?:\\/|$))[^\\/\\\\\\x00-\\x1f\\x7f]+'

/** A file name without folders. */
export const PLAIN_NAME_PATTERN = new RegExp(`^${FILE_NAME}$`)
/** Names of files that a build writes: relative, with `/` between folders and without backslashes. */
export const FILE_PATH_PATTERN = new RegExp(`^${FILE_NAME}(?:\\/${FILE_NAME})*$`)
/** Names inside volumes: the same, but Linux allows backslashes in them, and `\xNN` is how a manifest escapes bytes. */
export const PAYLOAD_PATH_PATTERN = new RegExp(`^${PAYLOAD_NAME}(?:\\/${PAYLOAD_NAME})*$`)

interface Named {
  readonly path: string
}

export interface NamesOfManifest {
  readonly outputs: readonly Named[]
  readonly bundle: readonly Named[]
  readonly partitions: readonly { readonly name: string; readonly payload: readonly Named[] }[]
}

/** Returns one problem for every name that a list has twice; `source` is for the messages. */
export function repeatedNames({ outputs, bundle, partitions }: NamesOfManifest, source: string): Problem[] {
  return [
    ...repeatedIn(outputs, 'outputs', source),
    ...repeatedIn(bundle, 'bundle', source),
    ...partitions.flatMap(({ payload }, index) => {
      // Two names that are no UTF-8 can have one escaped form.
      const plain = payload.filter(({ path }) => !path.includes('\\'))
      return repeatedIn(plain, `partitions.${index}.payload`, source)
    }),
  ]
}

function repeatedIn(files: readonly Named[], list: string, source: string): Problem[] {
  const seen = new Set<string>()
  const problems: Problem[] = []
  for (const { path } of files) {
    if (seen.has(path)) problems.push({ message: `Cannot read ${source}: ${list} has the name "${path}" twice` })
    seen.add(path)
  }
  return problems
}
