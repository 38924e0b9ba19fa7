/**
 * Buildroot's device tables (makedevs): owners, modes and device nodes without root, a line an entry.
 *
 *   <name> <type> <mode> <uid> <gid> <major> <minor> <start> <inc> <count>
 *   /dev/hda b 640 root disk 3 1 1 1 15        hda1 … hda15, minors 1 … 15
 *   |xattr cap_net_raw+ep                      for the entry before
 *
 * Types: f a file that must be there, F one that may, d a folder that is made, r whatever is there and all in it, c b p
 * nodes. Mode −1 keeps the mode; `-` is an empty field. Users and groups by number, or by name in the tree's own
 * etc/passwd and etc/group.  [Buildroot manual, "Makedev syntax documentation"]
 */
import { appendAll } from '../bytes/append-all.js'
import { byteString } from '../bytes/text.js'
import { FormatError, type Problem } from '../errors.js'
import { type AccountNames, accountIds, readAccountNames } from './account-names.js'
import { cloneTree } from './clone-tree.js'
import { CAPABILITY_XATTR, encodeCapabilities } from './file-capability.js'
import { emptyTree, type FileNode, type FileTree, type Timestamp } from './file-tree.js'
import { TreeBuilder } from './tree-builder.js'
import { settleUnkept } from './unkept.js'
import { nodeBehindLinks } from './volume-links.js'

export interface DeviceTable {
  /** Its path, for messages. */
  readonly file: string
  readonly text: string
}

interface TableEntry {
  readonly path: string
  readonly type: string
  /** undefined: as it is. */
  readonly mode: number | undefined
  readonly uid: number
  readonly gid: number
  readonly major: number
  readonly minor: number
  readonly start: number
  readonly increment: number
  readonly count: number
}

/** The tree with the table applied, line by line. `time`: of what is made. FormatError with every line that is wrong. */
export function applyDeviceTable(tree: FileTree, table: DeviceTable, time: Timestamp): FileTree {
  const accounts = readAccountNames(tree)
  const builder = TreeBuilder.over(cloneTree(tree), `"${table.file}"`)
  const problems: Problem[] = []
  let last: FileNode | undefined
  for (const [index, line] of table.text.split('\n').entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    try {
      if (text.startsWith('|xattr')) addCapability(last, text)
      else last = applyEntry(builder, parseEntry(text, accounts), time)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      last = undefined
      const position = { file: table.file, line: index + 1, column: 1 }
      appendAll(
        problems,
        error.problems.map((problem) => ({ ...problem, position })),
      )
    }
  }
  if (problems.length > 0) throw new FormatError(problems)
  return builder.finish()
}

/** Gives the node that a following |xattr line is about. */
function applyEntry(builder: TreeBuilder, entry: TableEntry, time: Timestamp): FileNode | undefined {
  const { path, type, uid, gid } = entry
  // makedevs asks stat for the folders that it makes, and chmod follows links; a node itself is never one.
  const found = nodeBehindLinks(builder.root, path, type === 'd' ? 'follow' : 'keep')
  switch (type) {
    case 'f':
    case 'F':
      if (found?.type !== 'file') {
        if (type === 'F' && found === undefined) return undefined
        throw new FormatError(
          `Cannot set "${path}": ${found === undefined ? 'it does not exist' : `it is a ${found.type}`}, type ${type} needs a regular file`,
        )
      }
      setAttributes(found, entry)
      return found
    case 'd':
      if (found === undefined) {
        builder.add(byteString(path), { ...emptyTree(time), mode: entry.mode ?? emptyTree(time).mode, uid, gid })
        return nodeBehindLinks(builder.root, path, 'keep')
      }
      if (found.type !== 'directory') throw new FormatError(`Cannot make "${path}": it is a ${found.type} already`)
      setAttributes(found, entry)
      return found
    case 'r':
      if (found === undefined) throw new FormatError(`Cannot set "${path}" and all in it: it does not exist`)
      setRecursively(found, entry)
      return found
    default:
      return addNodes(builder, entry, time)
  }
}

function addNodes(builder: TreeBuilder, entry: TableEntry, time: Timestamp): FileNode | undefined {
  const { path, type, uid, gid, major, minor, start, increment, count } = entry
  const parent = nodeBehindLinks(builder.root, path.replace(/\/[^/]*$/, ''), 'follow')
  if (parent?.type !== 'directory') throw new FormatError(`Cannot make "${path}": the folder above it does not exist`)
  const attributes = { mode: entry.mode ?? 0o755, uid, gid, mtime: time }
  let last: FileNode | undefined
  // As makedevs does: a count of one gives the plain name, like none.
  for (let index = 0; index < Math.max(count, 1); index++) {
    const numbers = { major, minor: minor + index * increment }
    last =
      type === 'p'
        ? { type: 'fifo', ...attributes }
        : { type: type === 'c' ? 'char' : 'block', ...attributes, ...numbers }
    builder.add(byteString(count > 1 ? `${path}${start + index}` : path), last)
  }
  return last
}

function setAttributes(node: FileNode, { mode, uid, gid }: TableEntry): void {
  node.uid = uid
  node.gid = gid
  // A symlink's mode is not for anybody to set.
  if (mode !== undefined && node.type !== 'symlink') node.mode = mode
  settleUnkept(node, { mode, uid })
}

function setRecursively(node: FileNode, entry: TableEntry): void {
  setAttributes(node, entry)
  if (node.type !== 'directory') return
  for (const child of node.children.values()) setRecursively(child, entry)
}

function addCapability(node: FileNode | undefined, line: string): void {
  const text = line.slice('|xattr'.length).trim()
  if (node?.type !== 'file') throw new FormatError(`Cannot set "${line}": the line before it is about no regular file`)
  const xattrs = new Map(node.xattrs)
  xattrs.set(CAPABILITY_XATTR, encodeCapabilities([text], xattrs.get(CAPABILITY_XATTR)))
  node.xattrs = xattrs
}

const TYPES = 'fFdrcbp'
const MAX_NUMBER = 0xfffff
const MODE = /^(?:-1|[0-7]{1,5})$/

function parseEntry(line: string, accounts: AccountNames): TableEntry {
  const [path = '', type = '', mode = '', user = '', group = '', ...numbers] = line.split(/\s+/)
  const values = Array.from({ length: 5 }, (_, index) => tableNumber(numbers[index], line))
  const [major, minor, start, increment, count] = values as [number, number, number, number, number]
  if (type.length !== 1 || !TYPES.includes(type) || !MODE.test(mode) || numbers.length > values.length) {
    throw new FormatError(
      `Cannot read the line "${line}": accepted is <name> <${[...TYPES].join('|')}> <mode> <uid> <gid> <major> <minor> <start> <inc> <count>`,
    )
  }
  if ('cb'.includes(type) && (numbers[0] ?? '-') === '-') {
    throw new FormatError(`Cannot read the line "${line}": a device needs a major and a minor number`)
  }
  return {
    path,
    type,
    mode: mode === '-1' ? undefined : Number.parseInt(mode, 8) & 0o7777,
    ...accountIds({ user, group }, accounts),
    major,
    minor,
    start,
    increment,
    count,
  }
}

function tableNumber(text: string | undefined, line: string): number {
  if (text === undefined || text === '-') return 0
  if (/^\d+$/.test(text) && Number(text) <= MAX_NUMBER) return Number(text)
  throw new FormatError(`Cannot read the line "${line}": "${text}", a number from 0 to ${MAX_NUMBER} or - is accepted`)
}
