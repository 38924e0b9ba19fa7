/** ext volumes for tests: made from a tree, written over a used medium, handed to the tools and the kernel. */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs'
import { expect } from 'vitest'
import { type ByteString, byteString, byteStringFromBytes } from '../../src/bytes/text.js'
import { type ExtFormatOptions, extFormat } from '../../src/filesystems/ext4/format.js'
import type { PlannedVolume, VolumeEnvironment } from '../../src/filesystems/volume.js'
import type { DiskImage } from '../../src/image/extent.js'
import {
  type DirectoryNode,
  EMPTY_CONTENT,
  emptyTree,
  type FileNode,
  type FileTree,
  type RegularFileNode,
  sortedEntries,
} from '../../src/tree/file-tree.js'
import { materialize } from './materialize.js'
import { runTool, tool } from './oracle.js'
import { readBytes } from './read-content.js'

export const TIME = { seconds: 1_700_000_000, nanoseconds: 123_456_789 }

export const ENVIRONMENT: VolumeEnvironment = {
  time: TIME,
  uuid: '9b2f6c1e-7a44-5b0e-8d5f-0123456789ab',
  offsetBytes: 0,
  sectorSize: 512,
}

/** What a used medium holds where nothing is written: hides no missing write. */
const USED_MEDIUM = 0xd1

/** Plans, encodes, and writes the volume over a file that is full of 0xD1. */
export function writeVolume(tree: FileTree, sizeBytes: number, options: ExtFormatOptions, path: string): PlannedVolume {
  const volume = extFormat.plan(tree, sizeBytes, options, ENVIRONMENT)
  materialize(volume.encode(), path, { unspecified: USED_MEDIUM })
  return volume
}

/** The same with holes where nothing is specified: for large volumes. */
export function writeSparseVolume(
  tree: FileTree,
  sizeBytes: number,
  options: ExtFormatOptions,
  path: string,
): PlannedVolume {
  const volume = extFormat.plan(tree, sizeBytes, options, ENVIRONMENT)
  materialize(volume.encode(), path)
  return volume
}

/** e2fsck finds nothing at all: no complaint, not even an optional one. */
export function expectClean(path: string): void {
  const { status, stdout, stderr } = runTool('e2fsck', ['-fn', path])
  const passes = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Pass ') && !line.includes(': '))
  expect({ status, complaints: passes, stderr: stderr.split('\n').slice(1).join('\n') }).toEqual({
    status: 0,
    complaints: [],
    stderr: '',
  })
}

/** The label that says `what` of dumpe2fs -h: `Free blocks`. */
export function superblockFields(path: string): Map<string, string> {
  const lines = tool('dumpe2fs', '-h', path).split('\n')
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(':')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const]
    }),
  )
}

export function bytesContent(bytes: Uint8Array): DiskImage {
  if (bytes.length === 0) return EMPTY_CONTENT
  return { sizeBytes: bytes.length, extents: [{ offset: 0, length: bytes.length, source: { kind: 'bytes', bytes } }] }
}

export function fileNode(content: DiskImage | string, more: Partial<RegularFileNode> = {}): RegularFileNode {
  const image = typeof content === 'string' ? bytesContent(Buffer.from(content)) : content
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, ...more, content: image }
}

export function directoryNode(entries: Record<string, FileNode>, more: Partial<DirectoryNode> = {}): DirectoryNode {
  const children = new Map(Object.entries(entries).map(([name, node]) => [byteString(name), node]))
  return { ...emptyTree(TIME), ...more, children }
}

/** Runs `body` with the volume mounted by the running kernel. */
export function withMount<T>(image: string, options: 'ro' | 'rw', body: (folder: string) => T): T {
  const folder = `${image}.mnt`
  mkdirSync(folder)
  try {
    tool('mount', '-t', 'ext4', '-o', `loop,${options}`, image, folder)
    try {
      return body(folder)
    } finally {
      tool('umount', folder)
    }
  } finally {
    rmdirSync(folder)
  }
}

/** One line for each path: everything that a node has, content as a digest. `lost+found` is left out unless the tree has it. */
export type Listing = Record<string, string>

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

function describe(fields: Record<string, unknown>, xattrs: readonly string[]): string {
  return [...Object.entries(fields).map(([key, value]) => `${key}=${value}`), ...xattrs].join(' ')
}

/** What a tree promises. `wholeSeconds` for inodes of 128 bytes, which keep no nanoseconds. */
export function listTree(tree: FileTree, wholeSeconds = false): Listing {
  const listing: Listing = {}
  const counts = new Map<FileNode, number>()
  const count = (directory: DirectoryNode): void => {
    for (const [, node] of directory.children) {
      counts.set(node, (counts.get(node) ?? 0) + 1)
      if (node.type === 'directory') count(node)
    }
  }
  count(tree)
  const visit = (path: ByteString, node: FileNode): void => {
    const { seconds, nanoseconds } = node.mtime
    const fields: Record<string, unknown> = {
      type: node.type,
      mode: node.type === 'symlink' ? '777' : node.mode.toString(8),
      owner: `${node.uid}:${node.gid}`,
      mtime: `${BigInt(seconds) * 1_000_000_000n + BigInt(wholeSeconds ? 0 : nanoseconds)}`,
    }
    if (node.type !== 'directory') fields.links = counts.get(node)
    if (node.type === 'file') fields.content = `${node.content.sizeBytes}/${digest(readBytes(node.content))}`
    if (node.type === 'symlink') fields.target = Buffer.from(node.target, 'latin1').toString('hex')
    if (node.type === 'char' || node.type === 'block') fields.device = `${node.major}:${node.minor}`
    const xattrs = [...(node.xattrs ?? [])].map(([name, value]) => `${name}=0x${Buffer.from(value).toString('hex')}`)
    listing[path] = describe(fields, xattrs.sort())
    if (node.type !== 'directory') return
    for (const [name, child] of sortedEntries(node))
      visit((path === '' ? name : `${path}/${name}`) as ByteString, child)
  }
  visit('' as ByteString, tree)
  return listing
}

const TYPES: readonly [
  predicate:
    | 'isFile'
    | 'isDirectory'
    | 'isSymbolicLink'
    | 'isCharacterDevice'
    | 'isBlockDevice'
    | 'isFIFO'
    | 'isSocket',
  type: FileNode['type'],
][] = [
  ['isFile', 'file'],
  ['isDirectory', 'directory'],
  ['isSymbolicLink', 'symlink'],
  ['isCharacterDevice', 'char'],
  ['isBlockDevice', 'block'],
  ['isFIFO', 'fifo'],
  ['isSocket', 'socket'],
]

/** What the kernel shows of a mounted volume, in the words of `listTree`. */
export function listMounted(folder: string, hasLostAndFound = false): Listing {
  const listing: Listing = {}
  const xattrs = readXattrs(folder)
  const visit = (path: string): void => {
    const full = Buffer.concat([Buffer.from(folder), Buffer.from(path === '' ? '' : `/${path}`, 'latin1')])
    const stat = lstatSync(full, { bigint: true })
    const type = TYPES.find(([predicate]) => stat[predicate]())![1]
    const fields: Record<string, unknown> = {
      type,
      mode: (stat.mode & 0o7777n).toString(8),
      owner: `${stat.uid}:${stat.gid}`,
      mtime: `${stat.mtimeNs}`,
    }
    if (type !== 'directory') fields.links = Number(stat.nlink)
    if (type === 'file') fields.content = `${stat.size}/${digest(readFileSync(full))}`
    if (type === 'symlink') fields.target = readlinkSync(full, { encoding: 'buffer' }).toString('hex')
    if (type === 'char' || type === 'block') {
      const minor = (stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n)
      fields.device = `${(stat.rdev >> 8n) & 0xfffn}:${minor}`
    }
    listing[path] = describe(fields, xattrs.get(path) ?? [])
    if (type !== 'directory') return
    for (const entry of readdirSync(full, { encoding: 'buffer' })) {
      const name = byteStringFromBytes(entry)
      if (path === '' && name === 'lost+found' && !hasLostAndFound) continue
      visit(path === '' ? name : `${path}/${name}`)
    }
  }
  visit('')
  return listing
}

/** getfattr's paragraphs: `# file: path` with octal escapes, then `name=0xvalue` lines. */
function readXattrs(folder: string): Map<string, string[]> {
  const { stdout } = runTool('sh', [
    '-c',
    'cd "$1" && getfattr -Rhd -m - -e hex . | iconv -f latin1 -t utf8',
    'sh',
    folder,
  ])
  const found = new Map<string, string[]>()
  for (const paragraph of stdout.split('\n\n')) {
    const [head, ...lines] = paragraph.split('\n').filter((line) => line !== '')
    if (head === undefined) continue
    const path = head
      .slice('# file: '.length)
      .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const values = lines.map((line) => (line.includes('=') ? line : `${line}=0x`))
    found.set(path === '.' ? '' : path, values.filter((line) => !line.startsWith('security.selinux')).sort())
  }
  return found
}

/** The same for two images that consist of the same extents with the same bytes. */
export function imageDigest(image: DiskImage): string {
  const hash = createHash('sha256').update(`${image.sizeBytes}`)
  for (const { offset, length, source } of image.extents) {
    hash.update(`|${offset} ${length} ${source.kind}`)
    if (source.kind === 'bytes') hash.update(source.bytes)
  }
  return hash.digest('hex')
}
