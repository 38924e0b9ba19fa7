/** Nodes of a volume as rows: what `ls`, `tree`, `stat` and `diff` show, and the same as plain data. */
import { type ByteString, decodeUtf8, displayName } from '../bytes/text.js'
import type { FileNode, Timestamp } from '../tree/file-tree.js'

export interface NodeFields {
  /** From the root of the volume, `/` first: the exact text, or `\xNN` for each byte above 0x7F where it is not UTF-8. */
  readonly path: string
  /** The bytes of `path` in hex, where they are not UTF-8. */
  readonly pathHex?: string
  readonly type: FileNode['type']
  /** `0644`. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Of a file. */
  readonly sizeBytes?: number
  readonly mtime: string
  /** Of a symlink; `targetHex` as with the path. */
  readonly target?: string
  readonly targetHex?: string
  /** Of a device: `8:1`. */
  readonly device?: string
  /** Values in hex. */
  readonly xattrs?: Readonly<Record<string, string>>
}

export function nodeFields(path: ByteString, node: FileNode): NodeFields {
  return {
    ...exact('path', `/${path}` as ByteString),
    type: node.type,
    mode: modeText(node.mode),
    uid: node.uid,
    gid: node.gid,
    ...(node.type === 'file' && { sizeBytes: node.content.sizeBytes }),
    mtime: timeText(node.mtime),
    ...(node.type === 'symlink' && exact('target', node.target)),
    ...((node.type === 'char' || node.type === 'block') && { device: `${node.major}:${node.minor}` }),
    ...(node.xattrs !== undefined && node.xattrs.size > 0 && { xattrs: xattrFields(node.xattrs) }),
  }
}

/** Text that JSON holds as it is; bytes that are no text are shown, and given in hex beside it. */
function exact<Field extends 'path' | 'target'>(field: Field, name: ByteString): Record<Field, string> {
  const text = decodeUtf8(name)
  return (
    text !== undefined
      ? { [field]: text }
      : { [field]: displayName(name), [`${field}Hex`]: Buffer.from(name, 'latin1').toString('hex') }
  ) as Record<Field, string>
}

function xattrFields(xattrs: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const sorted = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    sorted.map(([name, value]) => [displayName(name as ByteString), Buffer.from(value).toString('hex')]),
  )
}

/** `0644`, `04755`. */
export function modeText(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

/** Milliseconds on either side of 1970 that ECMAScript's Date can hold. */
const LARGEST_DATE_SECONDS = 8.64e12

/** RFC 3339 in UTC, with as many digits behind the second as there are: `2023-11-14T22:13:20.5Z`; `@SECONDS` beyond the year 275760. */
export function timeText({ seconds, nanoseconds }: Timestamp): string {
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  if (Math.abs(seconds) > LARGEST_DATE_SECONDS) return `@${seconds}${fraction}`
  return new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction}Z`)
}

const TYPE_LETTERS: Readonly<Record<FileNode['type'], string>> = {
  directory: 'd',
  file: '-',
  symlink: 'l',
  char: 'c',
  block: 'b',
  fifo: 'p',
  socket: 's',
}

/** As ls(1): `-rwsr-xr-x`. */
export function modeLetters(node: Pick<FileNode, 'type' | 'mode'>): string {
  const { mode } = node
  const three = (shift: number, special: number, letter: string): string => {
    const bits = (mode >> shift) & 7
    const isSpecial = (mode & special) !== 0
    const x = (bits & 1) !== 0 ? (isSpecial ? letter : 'x') : isSpecial ? letter.toUpperCase() : '-'
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${x}`
  }
  return `${TYPE_LETTERS[node.type]}${three(6, 0o4000, 's')}${three(3, 0o2000, 's')}${three(0, 0o1000, 't')}`
}
