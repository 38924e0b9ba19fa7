/**
 * The list of gen_init_cpio (the kernel's usr/gen_init_cpio.c) as a payload tree. A line an entry:
 *
 *   file <name> <location> <mode> <uid> <gid> [<hard link>…]     dir <name> <mode> <uid> <gid>
 *   slink <name> <target> <mode> <uid> <gid>                     nod <name> <mode> <uid> <gid> <b|c> <major> <minor>
 *   pipe <name> <mode> <uid> <gid>                               sock <name> <mode> <uid> <gid>
 *
 * `#` begins a comment in the first column only; modes are octal; no name can hold a blank. `${VAR}` is expanded in a
 * location. Stricter than the tool, which goes on after an unknown word and takes an unset variable as empty.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { byteString } from '../bytes/text.js'
import { type ConfigPath, FormatError, LayoutError, type Problem } from '../errors.js'
import { contentOfFile, type FileNode, type FileTree, type NodeAttributes, type Timestamp } from './file-tree.js'
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

const BLANKS = /[ \t]+/

/**
 * Locations are relative to the list's folder. FormatError with every line that is wrong, with its position; LayoutError
 * with every file that is missing.
 */
export function readCpioList(path: string, options: CpioListOptions): FileTree {
  readSourceFile(path, options.configPath)
  const builder = new TreeBuilder(`"${path}"`, options.time)
  const wrong: Problem[] = []
  const unreadable: Problem[] = []
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const position = { file: path, line: index + 1, column: 1 }
    if (line.trim() === '' || line.startsWith('#')) continue
    try {
      addLine(builder, line.split(BLANKS).filter(Boolean), dirname(path), options)
    } catch (error) {
      if (error instanceof FormatError) wrong.push(...error.problems.map((problem) => ({ ...problem, position })))
      else if (error instanceof LayoutError) unreadable.push(...error.problems.map((it) => ({ ...it, position })))
      else throw error
    }
  }
  if (wrong.length > 0) throw new FormatError([...wrong, ...unreadable])
  if (unreadable.length > 0) throw new LayoutError(unreadable)
  return builder.finish()
}

function addLine(builder: TreeBuilder, fields: string[], folder: string, options: CpioListOptions): void {
  const [word, name = '', ...rest] = fields as [string, ...string[]]
  const path = byteString(name)
  if (word !== 'file') {
    builder.add(path, specialNode(fields, word, rest, options))
    return
  }
  const [location = '', mode, uid, gid, ...links] = rest
  const file = readSourceFile(resolve(folder, expand(location, options.variable)), options.configPath)
  const mtime = clampTimestamp(timestampFromNs(file.mtimeNs ?? 0n), options.clampTo)
  const attributes = attributesOf(fields, [mode, uid, gid], mtime)
  builder.add(path, { type: 'file', ...attributes, content: contentOfFile(file) })
  for (const link of links) builder.link(byteString(link), path)
}

function specialNode(
  fields: readonly string[],
  word: string,
  rest: readonly string[],
  options: CpioListOptions,
): FileNode {
  switch (word) {
    case 'dir':
      return { type: 'directory', ...plain(fields, rest, options), children: new Map() }
    case 'slink': {
      const [target = '', ...numbers] = rest
      return { type: 'symlink', ...plain(fields, numbers, options), target: byteString(target) }
    }
    case 'pipe':
      return { type: 'fifo', ...plain(fields, rest, options) }
    case 'sock':
      return { type: 'socket', ...plain(fields, rest, options) }
    case 'nod':
      return deviceNode(fields, rest, options)
    default:
      throw new FormatError(
        `Cannot read the line "${fields.join(' ')}": accepted are file, dir, nod, slink, pipe, sock`,
      )
  }
}

function deviceNode(fields: readonly string[], rest: readonly string[], options: CpioListOptions): FileNode {
  const [mode, uid, gid, kind, major, minor, ...more] = rest
  if ((kind !== 'b' && kind !== 'c') || !isDecimal(major) || !isDecimal(minor) || more.length > 0) throw badLine(fields)
  const attributes = plain(fields, [mode, uid, gid], options)
  return { type: kind === 'b' ? 'block' : 'char', ...attributes, major: Number(major), minor: Number(minor) }
}

function plain(fields: readonly string[], numbers: readonly (string | undefined)[], options: CpioListOptions) {
  return attributesOf(fields, numbers, clampTimestamp(options.time, options.clampTo))
}

function attributesOf(
  fields: readonly string[],
  numbers: readonly (string | undefined)[],
  mtime: Timestamp,
): NodeAttributes {
  const [mode, uid, gid, ...more] = numbers
  if (mode === undefined || !/^0?[0-7]{1,4}$/.test(mode) || !isDecimal(uid) || !isDecimal(gid) || more.length > 0) {
    throw badLine(fields)
  }
  return { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid), mtime }
}

function isDecimal(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32
}

const SHAPES: Readonly<Record<string, string>> = {
  file: 'file <name> <location> <mode> <uid> <gid> [<hard link>…]',
  dir: 'dir <name> <mode> <uid> <gid>',
  slink: 'slink <name> <target> <mode> <uid> <gid>',
  nod: 'nod <name> <mode> <uid> <gid> <b|c> <major> <minor>',
  pipe: 'pipe <name> <mode> <uid> <gid>',
  sock: 'sock <name> <mode> <uid> <gid>',
}

function badLine(fields: readonly string[]): FormatError {
  return new FormatError(`Cannot read the line "${fields.join(' ')}": accepted is ${SHAPES[fields[0] ?? '']}`)
}

function expand(location: string, variable: CpioListOptions['variable']): string {
  return location.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = variable(name)
    if (value !== undefined) return value
    throw new FormatError(`Cannot expand "\${${name}}" in "${location}": it is not set`)
  })
}
