/**
 * The list of gen_init_cpio as a payload tree. Beyond the tool (cpio-list-line.ts says how lines go beyond it), folders that
 * no line makes are made, and a location may be a pattern, whose files go into the folder that the name is:
 *
 *   file /etc/network/ conf/*.conf 0644 0 0
 *
 * `${VAR}` is expanded in a location; stricter than the tool, which takes an unset variable as empty.
 */

import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, byteString, decodeUtf8, displayName } from '../bytes/text.js'
import { type ConfigPath, FormatError, LayoutError, type Problem } from '../errors.js'
import { type CpioListEntry, type ListField, parseCpioListLine } from './cpio-list-line.js'
import { type FileNode, type FileTree, originAndContent, type Timestamp } from './file-tree.js'
import { escapeGlob, filesMatching, isGlob } from './location-glob.js'
import { readSourceFile } from './raw-file.js'
import { clampTimestamp, timestampFromNs } from './timestamp.js'
import { TreeBuilder } from './tree-builder.js'

export interface CpioListOptions {
  /** For `${VAR}` in locations. */
  readonly variable: (name: string) => string | undefined
  /** Of everything but files, which keep their own. */
  readonly time: Timestamp
  readonly clampTo?: Timestamp
  readonly configPath?: ConfigPath
}

/** Errors as `cpioListTree`, and LayoutError where the list itself cannot be read. */
export function readCpioList(path: string, options: CpioListOptions): FileTree {
  readSourceFile(path, options.configPath)
  return cpioListTree(readFileSync(path), path, options)
}

/**
 * `path`: where the list stands, or would stand: locations are relative to its folder. FormatError with every line that is
 * wrong, with its position; LayoutError where also files are missing.
 */
export function cpioListTree(list: Uint8Array, path: string, options: CpioListOptions): FileTree {
  const builder = new TreeBuilder(`"${path}"`, options.time)
  const wrong: Problem[] = []
  const missing: Problem[] = []
  for (const [index, line] of Buffer.from(list).toString('latin1').split('\n').entries()) {
    const place = { position: { file: path, line: index + 1, column: 1 } }
    try {
      const entry = parseCpioListLine(line)
      if (entry !== undefined) addEntry(builder, entry, dirname(path), options)
    } catch (error) {
      if (error instanceof FormatError)
        appendAll(
          wrong,
          error.problems.map((problem) => ({ ...problem, ...place })),
        )
      else if (error instanceof LayoutError)
        appendAll(
          missing,
          error.problems.map((problem) => ({ ...problem, ...place })),
        )
      else throw error
    }
    appendAll(
      wrong,
      builder.takeProblems().map((problem) => ({ ...problem, ...place })),
    )
  }
  if (missing.length > 0 && wrong.length === 0) throw new LayoutError(missing)
  if (wrong.length > 0) throw new FormatError([...wrong, ...missing])
  return builder.finish()
}

function addEntry(builder: TreeBuilder, entry: CpioListEntry, folder: string, options: CpioListOptions): void {
  if (entry.type !== 'file') {
    builder.add(entry.name, specialNode(entry, clampTimestamp(options.time, options.clampTo)))
    return
  }
  const { location, name, links } = entry
  const path = hostPath(folder, expand(location.text, options.variable), location.text)
  if (location.quoted || !isGlob(location.text) || isFile(path)) {
    addFile(builder, name, path, entry, options)
    for (const link of links) builder.link(link, name)
    return
  }
  const shown = displayName(location.text)
  if (!name.endsWith('/') || links.length > 0) {
    throw new FormatError(
      `Cannot put what "${shown}" matches at "${displayName(name)}": accepted is a folder, with a slash at its end and no hard links`,
    )
  }
  const matched = filesMatching(hostPath(folder, patternOf(location, options.variable), location.text))
  if (matched.length === 0) throw new FormatError(`Cannot put "${shown}" anywhere: no file matches it`)
  for (const file of matched) {
    addFile(builder, `${name}${byteString(basename(file))}` as ByteString, file, entry, options)
  }
}

function isFile(path: string): boolean {
  try {
    readSourceFile(path)
    return true
  } catch (error) {
    if (error instanceof LayoutError) return false
    throw error
  }
}

function addFile(
  builder: TreeBuilder,
  name: ByteString,
  path: string,
  { mode, uid, gid }: CpioListEntry,
  options: CpioListOptions,
): void {
  const file = readSourceFile(path, options.configPath)
  const mtime = clampTimestamp(timestampFromNs(file.mtimeNs ?? 0n), options.clampTo)
  builder.add(name, { type: 'file', mode, uid, gid, mtime, ...originAndContent(file) })
}

function specialNode(entry: Exclude<CpioListEntry, { type: 'file' }>, mtime: Timestamp): FileNode {
  const { mode, uid, gid } = entry
  const attributes = { mode, uid, gid, mtime }
  switch (entry.type) {
    case 'dir':
      return { type: 'directory', ...attributes, children: new Map() }
    case 'slink':
      return { type: 'symlink', ...attributes, target: entry.target }
    case 'pipe':
      return { type: 'fifo', ...attributes }
    case 'sock':
      return { type: 'socket', ...attributes }
    case 'nod':
      return {
        type: entry.kind === 'b' ? 'block' : 'char',
        ...attributes,
        major: entry.major,
        minor: entry.minor,
      }
  }
}

function hostPath(folder: string, path: string, written: ByteString): string {
  const text = decodeUtf8(path as ByteString)
  if (text !== undefined) return resolve(folder, text)
  throw new FormatError(`Cannot read location "${displayName(written)}": it is not UTF-8, which is accepted`)
}

/** The location with nothing that a variable brings taken for a pattern. */
function patternOf({ text }: ListField, variable: CpioListOptions['variable']): string {
  return expand(text, (name) => {
    const value = variable(name)
    return value === undefined ? undefined : escapeGlob(value)
  })
}

function expand(location: ByteString, variable: CpioListOptions['variable']): string {
  return location.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = variable(name)
    if (value !== undefined) return byteString(value)
    throw new FormatError(`Cannot expand "\${${name}}" in "${displayName(location)}": it is not set`)
  })
}
