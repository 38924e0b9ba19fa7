/**
 * The payload as FAT sees it: directories with their entries in the order of the disk, every name settled, and all that
 * FAT cannot hold found, before any size is known.
 *
 * Directories come breadth first from the root, and files in the order of their directories: what stands in the root
 * (boot files) stands at the front of the data area too.
 */
import type { ByteString } from '../../bytes/text.js'
import { FormatError, type Warning } from '../../errors.js'
import {
  type DirectoryNode,
  type FileNode,
  type FileTree,
  type RegularFileNode,
  sortedEntries,
} from '../../tree/file-tree.js'
import { checkName } from '../windows-name.js'
import { DiskOrder, type OrderRank } from './disk-order.js'
import { MAX_DIRECTORY_SLOTS, MAX_FILE_BYTES } from './disklayout.js'
import { foldCase, longNameSlots } from './long-names.js'
import { PayloadFindings } from './payload-findings.js'
import { exactShortName, type ShortName, ShortNameSet } from './short-names.js'

/** One name in a directory. */
export interface FatEntry {
  readonly shortName: string
  /** DIR_NTRes */
  readonly caseFlags: number
  readonly longName: string | undefined
  readonly target: FatDirectory | FatFile
}

export interface FatDirectory {
  readonly kind: 'directory'
  /** Place in `FatPayload.directories`. */
  readonly index: number
  /** Undefined for the root. */
  readonly parent: FatDirectory | undefined
  readonly path: ByteString
  readonly node: DirectoryNode
  readonly rank: OrderRank
  entries: readonly FatEntry[]
  /** Slots of the names, `.` and `..`; the root's volume label is not counted. */
  slots: number
}

/** One file of the disk; a hard link's second name is a second file. */
export interface FatFile {
  readonly kind: 'file'
  /** Place in `FatPayload.files`. */
  index: number
  readonly node: RegularFileNode
  readonly rank: OrderRank
}

export interface FatPayload {
  /** The root first, parents before children. */
  readonly directories: readonly FatDirectory[]
  /** In the order of their data. */
  readonly files: readonly FatFile[]
  readonly warnings: readonly Warning[]
}

export interface PayloadOptions {
  readonly lossy: boolean
  readonly order: readonly string[]
}

/** `.` and `..` */
const DOT_SLOTS = 2

/** Throws a FormatError with every problem of the payload. */
export function planPayload(tree: FileTree, { lossy, order }: PayloadOptions): FatPayload {
  const findings = new PayloadFindings()
  const diskOrder = new DiskOrder(order)
  const directories: FatDirectory[] = []
  const files: FatFile[] = []

  const addDirectory = (node: DirectoryNode, path: ByteString, parent: FatDirectory | undefined, rank: OrderRank) => {
    const slots = parent === undefined ? 0 : DOT_SLOTS
    const directory: FatDirectory = {
      kind: 'directory',
      index: directories.length,
      parent,
      path,
      node,
      rank,
      entries: [],
      slots,
    }
    directories.push(directory)
    return directory
  }
  const addFile = (node: RegularFileNode, rank: OrderRank) => {
    const file: FatFile = { kind: 'file', index: 0, node, rank }
    files.push(file)
    return file
  }

  findings.unkept.checkAttributes('' as ByteString, tree)
  addDirectory(tree, '' as ByteString, undefined, diskOrder.rootRank)
  // It grows while it is gone through.
  for (const directory of directories) {
    const names = diskOrder.sort(nameEntries(directory, findings), directory.path)
    directory.entries = names.map(({ node, path, shortName, caseFlags, longName }) => {
      directory.slots += 1 + (longName === undefined ? 0 : longNameSlots(longName))
      const rank = diskOrder.rankOf(path, directory.rank)
      const target = node.type === 'directory' ? addDirectory(node, path, directory, rank) : addFile(node, rank)
      return { shortName, caseFlags, longName, target }
    })
    if (directory.slots > MAX_DIRECTORY_SLOTS) findings.tooManySlots(directory.path, directory.slots)
  }
  findings.notInOrder(diskOrder.unmet())

  const problems = findings.problems({ lossy })
  if (problems.length > 0) throw new FormatError(problems)
  const sorted = diskOrder.byData(files)
  for (const [index, file] of sorted.entries()) file.index = index
  return { directories, files: sorted, warnings: findings.warnings({ lossy }) }
}

interface NamedEntry {
  readonly path: ByteString
  readonly node: DirectoryNode | RegularFileNode
  readonly shortName: string
  readonly caseFlags: number
  readonly longName: string | undefined
}

/**
 * Gives every entry of a directory its names. Made-up short names follow the bytewise order of the long ones, so they do
 * not change with the order on disk.
 */
function nameEntries(directory: FatDirectory, findings: PayloadFindings): NamedEntry[] {
  const prefix = directory.path === '' ? '' : `${directory.path}/`
  const shortNames = new ShortNameSet()
  const folded = new Map<string, ByteString>()
  const accepted: (Pick<NamedEntry, 'path' | 'node'> & { text: string; exact: ShortName | undefined })[] = []
  for (const [name, node] of sortedEntries(directory.node)) {
    const path = (prefix + name) as ByteString
    if (!isStorable(node)) {
      findings.unkept.leftOut(path, node.type)
      continue
    }
    findings.unkept.checkAttributes(path, node)
    if (node.type === 'file' && node.content.sizeBytes > MAX_FILE_BYTES) findings.tooLarge(path, node.content.sizeBytes)
    const checked = checkName(name)
    if ('fault' in checked) {
      findings.badName(path, checked.fault)
      continue
    }
    const { text } = checked
    findings.checkDeviceName(path, text)
    const key = foldCase(text)
    const other = folded.get(key)
    if (other !== undefined) {
      findings.collision(other, path)
      continue
    }
    folded.set(key, path)
    const exact = exactShortName(text)
    if (exact !== undefined) shortNames.reserve(exact.name)
    accepted.push({ path, node, text, exact })
  }
  return accepted.map(({ path, node, text, exact }) => ({
    path,
    node,
    shortName: exact?.name ?? shortNames.generate(text),
    caseFlags: exact?.caseFlags ?? 0,
    longName: exact?.needsLongName === false ? undefined : text,
  }))
}

function isStorable(node: FileNode): node is DirectoryNode | RegularFileNode {
  return node.type === 'directory' || node.type === 'file'
}
