/**
 * Puts the lines of a module list into a list that somebody keeps by hand, between two comments, so that the next time they
 * are replaced and nothing else. What stands outside them is not touched, whatever it is.
 */
import type { ByteString } from '../bytes/text.js'
import { byteString, displayName } from '../bytes/text.js'
import { type ConfigPath, FormatError, type Warning } from '../errors.js'
import type { ModuleList } from './module-list.js'

const BEGIN = '# diskloom: modules begin (made from gadget.modules; changes here are lost)'
const END = '# diskloom: modules end'
/** Whatever the words behind are. */
const BEGIN_MARK = '# diskloom: modules begin'
const END_MARK = '# diskloom: modules end'

export interface InsertedModules {
  readonly text: ByteString
  readonly warnings: readonly Warning[]
}

/** `list` and the result hold one character per byte. FormatError with the line where the comments do not pair. */
export function insertModules(
  list: ByteString,
  modules: Pick<ModuleList, 'folders' | 'files' | 'comments'>,
  { name, path }: { readonly name: string; readonly path: ConfigPath },
): InsertedModules {
  const lines = list.split('\n')
  const place = markedLines(lines, name, path)
  const before = lines.slice(0, place?.begin ?? lines.length)
  const after = place === undefined ? [] : lines.slice(place.end + 1)
  // A folder that the list has made already keeps the mode that it gave.
  const made = new Set(before.map((line) => pathOf(line, 'dir')))
  const block = [
    BEGIN,
    ...modules.comments,
    ...modules.folders.filter((folder) => !made.has(byteString(folder.path))).map(({ line }) => line),
    ...modules.files.map(({ line }) => line),
    END,
  ].map(byteString)
  if (place === undefined) {
    // The last line ended, or it is ended now.
    if (before.at(-1) === '') before.pop()
    after.push('')
  }
  const listed = new Set(modules.files.map(({ path: target }) => byteString(target)))
  const warnings = [
    ...before.entries(),
    ...[...after.entries()].map(([at, line]) => [at + (place?.end ?? 0) + 1, line] as const),
  ]
    .map(([index, line]) => ({ index, target: pathOf(line, 'file') }))
    .filter(({ target }) => target !== undefined && listed.has(target))
    .map(({ index, target }) => ({
      finding: 'module-listed-twice' as const,
      message: `List ${name}: line ${index + 1} has ${displayName(target!)} too, outside of what diskloom writes`,
      hint: 'The kernel unpacks both, and keeps the later one: take the line out',
      path,
    }))
  return { text: [...before, ...block, ...after].join('\n') as ByteString, warnings }
}

/** Indexes of the two comments; undefined where there is none. */
function markedLines(
  lines: readonly string[],
  name: string,
  path: ConfigPath,
): { begin: number; end: number } | undefined {
  const begins = lines.flatMap((line, index) => (line.startsWith(BEGIN_MARK) ? [index] : []))
  const ends = lines.flatMap((line, index) => (line.startsWith(END_MARK) ? [index] : []))
  const [begin, secondBegin] = begins
  const [end, secondEnd] = ends
  const refuse = (line: number, why: string): FormatError =>
    new FormatError({ message: `Cannot put modules into ${name}: line ${line + 1} ${why}`, path })
  if (secondBegin !== undefined) throw refuse(secondBegin, `is "${BEGIN_MARK}" a second time, one is accepted`)
  if (secondEnd !== undefined) throw refuse(secondEnd, `is "${END_MARK}" a second time, one is accepted`)
  if (begin === undefined && end === undefined) return undefined
  if (begin === undefined) throw refuse(end!, `is "${END_MARK}" without "${BEGIN_MARK}" before it`)
  if (end === undefined || end < begin) throw refuse(begin, `is "${BEGIN_MARK}" without "${END_MARK}" behind it`)
  return { begin, end }
}

/** The path that a line of this type makes, with its slash; undefined for another line. */
function pathOf(line: string, type: 'dir' | 'file'): ByteString | undefined {
  const [word, path] = line.split(/[ \t]+/)
  if (word !== type || path === undefined) return undefined
  return `/${path.replace(/^\/+/, '')}` as ByteString
}
