/**
 * The partition list of the original script: one line per partition, `name start end fs`, blanks or tabs between, the
 * places in sectors (`33792s`, the end inclusive). Blank lines and `#` comments are passed over. It becomes the same tree
 * of located values as a YAML config with those partitions, so that everything after this step is shared.
 */
import type { Problem } from '../errors.js'
import { type Located, type LocatedEntry, type LocatedMap, locatedList, locatedMap } from './located.js'
import { problemAt } from './problem-at.js'
import type { SourceText, TextRange } from './source-text.js'

/** The format has neither; these are what the original script made. */
const IMAGE_NAME = 'linux_burn_image'
const TABLE = 'gpt'

const COLUMNS = ['name', 'start', 'end', 'fs'] as const

/** Lines with a file extension of YAML or JSON are never read as a partition list. */
export const STRUCTURED = /\.(ya?ml|json)$/i
/** The first line that says something, in YAML: `key:`, `- item`, `{`, `[`, `---`, `%YAML`, an anchor or a tag. */
const YAML_LINE = /^\s*(?:[{[%&!]|-(?:\s|--|$)|["']?[\w.$-]+["']?\s*:(?:\s|$))/

/** By the extension, else by the first line that is neither blank nor a comment. */
export function isPartConfig(path: string, text: string): boolean {
  if (STRUCTURED.test(path)) return false
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  return first !== undefined && !YAML_LINE.test(first)
}

export function readPartConfig(source: SourceText): { root?: LocatedMap; problems: Problem[] } {
  const problems: Problem[] = []
  const partitions: Located[] = []
  let lineStart = 0
  for (const line of source.text.split('\n')) {
    const partition = readLine(source, line, lineStart, problems)
    if (partition !== undefined) partitions.push(partition)
    lineStart += line.length + 1
  }
  if (problems.length > 0) return { problems }
  const whole = { start: 0, end: 1 }
  const scalar = (text: string): Located => ({ kind: 'scalar', source, range: whole, text, weight: 1 })
  const entries = new Map<string, LocatedEntry>()
  for (const [key, value] of [
    ['image', scalar(IMAGE_NAME)],
    ['table', scalar(TABLE)],
    ['partitions', locatedList(source, whole, partitions)],
  ] as const) {
    entries.set(key, { keySource: source, keyRange: whole, value })
  }
  return { root: locatedMap(source, whole, entries), problems }
}

function readLine(source: SourceText, line: string, lineStart: number, problems: Problem[]): LocatedMap | undefined {
  const content = line.replace(/(^|\s)#.*$/s, '$1')
  const fields = [...content.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    range: { start: lineStart + match.index, end: lineStart + match.index + match[0].length },
  }))
  if (fields.length === 0) return undefined
  const range = { start: fields[0]!.range.start, end: fields.at(-1)!.range.end }
  if (fields.length !== COLUMNS.length) {
    problems.push(wrongColumns(source, range, fields.length))
    return undefined
  }
  const entries = new Map<string, LocatedEntry>()
  for (const [index, key] of COLUMNS.entries()) {
    const { text, range: fieldRange } = fields[index]!
    entries.set(key, {
      keySource: source,
      keyRange: fieldRange,
      value: { kind: 'scalar', source, range: fieldRange, text, weight: 1 },
    })
    if ((key === 'start' || key === 'end') && /^\d+$/.test(text))
      problems.push(missingUnit(source, fieldRange, key, text))
  }
  return locatedMap(source, range, entries)
}

function wrongColumns(source: SourceText, range: TextRange, count: number): Problem {
  const columns = count === 1 ? '1 column' : `${count} columns`
  return {
    ...problemAt(
      source,
      range,
      `Cannot read the line of a partition: it has ${columns}, accepted are ${COLUMNS.length}: name start end fs`,
    ),
    hint: 'For example: kernel 33792s 164863s boot.img',
  }
}

/** parted takes a bare number for megabytes, everybody else for sectors or bytes. */
function missingUnit(source: SourceText, range: TextRange, key: string, text: string): Problem {
  return {
    ...problemAt(source, range, `Cannot read ${key}: "${text}" has no unit`),
    hint: `Write ${text}s for sectors`,
  }
}
