/**
 * The payload as exFAT sees it: directories breadth first, names checked, files in the order of
 * their directories.
 */
import type { ByteString } from '../../bytes/text.js'
import { FormatError, type Problem, type Warning } from '../../errors.js'
import { type DirectoryNode, type FileTree, type RegularFileNode, sortedEntries } from '../../tree/file-tree.js'
import { countOf, formatCount, listPaths, listTexts, showPath } from '../path-list.js'
import { UnkeptNodes } from '../unkept-nodes.js'
import { checkName, isDeviceName, NAME_RULE } from '../windows-name.js'
import { ENTRY_BYTES, MAX_DIRECTORY_BYTES, UNITS_PER_NAME_ENTRY } from './disklayout.js'
import { upCase } from './up-case.js'

/** A file or a directory under one of its names; a hard link's second name is a second file. */
export interface ExfatFile {
  readonly name: string
  readonly node: RegularFileNode
}

export interface ExfatDirectory {
  /** '' for the root. */
  readonly name: string
  readonly path: ByteString
  readonly node: DirectoryNode
  /** Entries in the order of the disk; `index` counts in `directories` or `files` of the payload. */
  readonly entries: { readonly kind: 'directory' | 'file'; readonly index: number }[]
  /** Bytes of the entry sets in it. */
  entryBytes: number
}

export interface ExfatPayload {
  /** The root first, parents before children. */
  readonly directories: readonly ExfatDirectory[]
  readonly files: readonly ExfatFile[]
  readonly warnings: readonly Warning[]
}

/** File entry, stream extension and as many names as it takes. */
export function entrySetBytes(name: string): number {
  return (2 + Math.ceil(name.length / UNITS_PER_NAME_ENTRY)) * ENTRY_BYTES
}

export interface PayloadOptions {
  readonly lossy: boolean
  /** Bytes of the entries that come before the files in the root. */
  readonly rootHeadBytes: number
}

/** Throws a FormatError with every problem of the payload. */
export function planPayload(tree: FileTree, { lossy, rootHeadBytes }: PayloadOptions): ExfatPayload {
  const findings = new Findings()
  const files: ExfatFile[] = []
  const directories: ExfatDirectory[] = []
  const add = (name: string, path: ByteString, node: DirectoryNode): number =>
    directories.push({ name, path, node, entries: [], entryBytes: 0 }) - 1
  findings.unkept.checkAttributes('' as ByteString, tree)
  add('', '' as ByteString, tree)
  // The list grows while the loop runs.
  for (const directory of directories) {
    for (const { name, path, node } of namedEntries(directory, findings)) {
      directory.entryBytes += entrySetBytes(name)
      if (node.type === 'directory') directory.entries.push({ kind: 'directory', index: add(name, path, node) })
      else directory.entries.push({ kind: 'file', index: files.push({ name, node }) - 1 })
    }
    const headBytes = directory === directories[0] ? rootHeadBytes : 0
    if (headBytes + directory.entryBytes > MAX_DIRECTORY_BYTES) findings.tooLong.push(directory)
  }
  const problems = findings.problems(lossy)
  if (problems.length > 0) throw new FormatError(problems)
  return { directories, files, warnings: findings.warnings(lossy) }
}

interface NamedEntry {
  readonly name: string
  readonly path: ByteString
  readonly node: DirectoryNode | RegularFileNode
}

function* namedEntries({ path: parent, node: directory }: ExfatDirectory, findings: Findings): Generator<NamedEntry> {
  const known = new Map<string, ByteString>()
  for (const [bytes, node] of sortedEntries(directory)) {
    const path = (parent === '' ? bytes : `${parent}/${bytes}`) as ByteString
    if (node.type !== 'directory' && node.type !== 'file') {
      findings.unkept.leftOut(path, node.type)
      continue
    }
    findings.unkept.checkAttributes(path, node)
    const checked = checkName(bytes)
    if ('fault' in checked) {
      findings.badNames.push(`${showPath(path)} (${checked.fault})`)
      continue
    }
    const { text: name } = checked
    if (isDeviceName(name)) findings.deviceNames.push(path)
    const key = upCase(name)
    const other = known.get(key)
    if (other !== undefined) {
      findings.collisions.push(`${showPath(other)} and ${showPath(path)}`)
      continue
    }
    known.set(key, path)
    yield { name, path, node }
  }
}

/** Collects what is wrong or noteworthy over the whole tree. */
class Findings {
  readonly unkept = new UnkeptNodes('exFAT')
  readonly badNames: string[] = []
  readonly collisions: string[] = []
  readonly deviceNames: ByteString[] = []
  readonly tooLong: ExfatDirectory[] = []

  problems(lossy: boolean): Problem[] {
    const problems: Problem[] = lossy ? [] : this.unkept.problems()
    if (this.badNames.length > 0) {
      const what = countOf(this.badNames.length, 'name')
      problems.push({
        message: `Cannot write ${what} to exFAT: ${listTexts(this.badNames)}; a name must be ${NAME_RULE}`,
      })
    }
    if (this.collisions.length > 0) {
      const what = countOf(this.collisions.length, 'pair')
      problems.push({
        message: `Cannot write ${what} of names to exFAT: ${listTexts(this.collisions, '; ')} differ in case only`,
      })
    }
    if (this.tooLong.length > 0) {
      const what = countOf(this.tooLong.length, 'folder')
      problems.push({
        message: `Cannot write ${what} to exFAT: ${listPaths(this.tooLong.map(({ path }) => path))}, whose entries take more than ${formatCount(MAX_DIRECTORY_BYTES)} bytes`,
      })
    }
    return problems
  }

  warnings(lossy: boolean): Warning[] {
    const warnings: Warning[] = lossy ? this.unkept.warnings() : []
    if (this.deviceNames.length > 0) {
      const what = countOf(this.deviceNames.length, 'name')
      warnings.push({
        finding: 'fat-device-names',
        message: `Windows cannot open ${what} that it takes for devices: ${listPaths(this.deviceNames)}`,
      })
    }
    return warnings
  }
}
