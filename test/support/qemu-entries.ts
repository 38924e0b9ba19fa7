/** What a kernel must show of a volume, said from the tree that went in; in the words of the guest's report. */
import { createHash } from 'node:crypto'
import type { FatOptions } from '../../src/filesystems/fat/option-table.js'
import { type DirectoryNode, type FileNode, type FileTree, sortedEntries, walkTree } from '../../src/tree/file-tree.js'
import type { JudgedVolume } from './qemu-disk.js'
import { readBytes } from './read-content.js'
import { familyOf } from './volume-specs.js'

/** One path; what a format does not keep is missing on both sides. */
export interface Entry {
  readonly type: FileNode['type']
  readonly seconds?: number
  readonly sizeBytes?: number
  readonly sha256?: string
  /** Permission bits, owner, links: of ext. */
  readonly mode?: number
  readonly owner?: string
  readonly links?: number
  /** One character a byte. */
  readonly target?: string
}

/** Path (one character a byte, '' for the root) → entry. */
export type Entries = Map<string, Entry>

/** 1980-01-01 and 2107-12-31 23:59:58. [FATGEN §6.3] */
const FAT_FIRST_SECOND = 315_532_800
const FAT_LAST_SECOND = 4_354_819_198
const EXFAT_LAST_SECOND = 4_354_819_199

const SECONDS_PER_MINUTE = 60
const MINUTES_PER_HOUR = 60

export function expectedEntries({ volume, tree }: JudgedVolume): Entries {
  const family = familyOf(volume)
  if (family === 'ext' || family === 'jffs2' || family === 'ubi') return extEntries(tree)
  if (family === 'f2fs') return withoutRoot(extEntries(tree))
  if (family === 'exfat') return exfatEntries(tree)
  const zone = volume.kind === 'file-system' ? (volume.options as FatOptions).time_zone : undefined
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone ?? '') ?? ['', '+', '0', '0']
  const seconds = (Number(hours) * MINUTES_PER_HOUR + Number(minutes)) * SECONDS_PER_MINUTE
  return fatEntries(tree, sign === '-' ? -seconds : seconds)
}

/** Of what a kernel shows, what the volume's format keeps. */
export function keptEntries({ volume }: JudgedVolume, found: Entries): Entries {
  const entries = new Map(found)
  const family = familyOf(volume)
  if (family === 'ubi') return entries
  if (family === 'f2fs') return withoutRoot(entries)
  if (family === 'ext') {
    const root = entries.get('')
    if (entries.delete('lost+found') && root?.links !== undefined) entries.set('', { ...root, links: root.links - 1 })
    return entries
  }
  if (family === 'jffs2') {
    // "Root dir gets i_nlink 3 for some reason", says the kernel.
    const root = entries.get('')
    if (root?.links !== undefined) entries.set('', { ...root, links: root.links - 1 })
    return entries
  }
  entries.delete('')
  for (const [path, { mode: _mode, owner: _owner, links: _links, ...kept }] of entries) entries.set(path, kept)
  return entries
}

/** sload.f2fs fills the root that mkfs.f2fs has made. */
function withoutRoot(entries: Entries): Entries {
  entries.delete('')
  return entries
}

/** FAT: the root has no times of its own, everything else even seconds, moved by the volume's time zone. */
function fatEntries(tree: FileTree, zoneSeconds: number): Entries {
  const entries: Entries = new Map()
  for (const [path, node] of walkTree(tree)) {
    if (path === '') continue
    const local = Math.min(Math.max(node.mtime.seconds + zoneSeconds, FAT_FIRST_SECOND), FAT_LAST_SECOND)
    entries.set(path, { type: node.type, seconds: local - (local % 2), ...contentOf(node) })
  }
  return entries
}

/** exFAT keeps every second of its years, in UTC. */
function exfatEntries(tree: FileTree): Entries {
  const entries: Entries = new Map()
  for (const [path, node] of walkTree(tree)) {
    if (path === '') continue
    const seconds = Math.min(Math.max(node.mtime.seconds, FAT_FIRST_SECOND), EXFAT_LAST_SECOND)
    entries.set(path, { type: node.type, seconds, ...contentOf(node) })
  }
  return entries
}

function extEntries(tree: FileTree): Entries {
  const links = countLinks(tree)
  const entries: Entries = new Map()
  for (const [path, node] of walkTree(tree)) {
    entries.set(path, {
      type: node.type,
      seconds: node.mtime.seconds,
      mode: node.type === 'symlink' ? 0o777 : node.mode,
      owner: `${node.uid}:${node.gid}`,
      links: links.get(node)!,
      ...contentOf(node),
      ...(node.type === 'symlink' && { target: node.target }),
    })
  }
  return entries
}

function contentOf(node: FileNode): Pick<Entry, 'sizeBytes' | 'sha256'> {
  if (node.type !== 'file') return {}
  return { sizeBytes: node.content.sizeBytes, sha256: sha256(readBytes(node.content)) }
}

/** A directory has its name, its `.`, and a `..` in each directory below; the root's name is its own `..`. */
function countLinks(tree: FileTree): Map<FileNode, number> {
  const links = new Map<FileNode, number>([[tree, 2]])
  const visit = (directory: DirectoryNode): void => {
    for (const [, node] of sortedEntries(directory)) {
      links.set(node, (links.get(node) ?? 0) + (node.type === 'directory' ? 2 : 1))
      if (node.type !== 'directory') continue
      links.set(directory, links.get(directory)! + 1)
      visit(node)
    }
  }
  visit(tree)
  return links
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
