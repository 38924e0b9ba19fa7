/** A folder as find(1) and sha256sum(1) see it: names, types, times and contents, whatever bytes the names have. */
import type { FileNode } from '../../src/tree/file-tree.js'
import { runTool, tool } from './oracle.js'

export interface FoundEntry {
  type: FileNode['type']
  /** Octal text. */
  mode: string
  uid: number
  gid: number
  /** Seconds rounded down (−1.25 s is "-2.75…"), a point, ten digits of the fraction. */
  time: string
  size?: number
  target?: string
}

const LETTERS: Readonly<Record<string, FileNode['type']>> = {
  d: 'directory',
  f: 'file',
  l: 'symlink',
  c: 'char',
  b: 'block',
  p: 'fifo',
  s: 'socket',
}

/**
 * Path ('' for the folder) → everything about it, as find(1) says; names have one character a byte. Lengths of files only.
 */
export function findListing(folder: string): Map<string, FoundEntry> {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%T@\\0%s\\0%l\\0'
  // Names may hold line breaks and need not be UTF-8: fields end with NUL, and come as base64.
  const raw = runTool('sh', ['-c', `find "$1" -printf '${format}' | base64 -w0`, 'sh', folder]).stdout
  const parts = Buffer.from(raw, 'base64').toString('latin1').split('\0')
  const listing = new Map<string, FoundEntry>()
  for (let index = 0; index + 7 < parts.length; index += 8) {
    const [path, letter, mode, uid, gid, time, size, target] = parts.slice(index, index + 8) as [string, ...string[]]
    const type = LETTERS[letter!]!
    listing.set(path, {
      type,
      mode: mode!,
      uid: Number(uid),
      gid: Number(gid),
      time: time!,
      ...(type === 'file' ? { size: Number(size) } : {}),
      ...(type === 'symlink' ? { target: target! } : {}),
    })
  }
  return listing
}

/** One line a file, `digest  ./path`, in the order of the paths' bytes. */
export function fileDigests(folder: string): string[] {
  const digests = tool('sh', '-c', 'cd "$1" && find . -type f -print0 | xargs -0 -r sha256sum', 'sh', folder)
  return digests.trimEnd().split('\n').sort()
}

/** Which paths are one file: for each file with several names their list. */
export function linkedPaths(folder: string): string[] {
  const lines = tool('sh', '-c', 'cd "$1" && find . -type f -links +1 -printf "%i %p\\n"', 'sh', folder)
  const byInode = new Map<string, string[]>()
  for (const line of lines.split('\n').filter(Boolean)) {
    const [inode, path] = line.split(/ (.*)/s) as [string, string]
    byInode.set(inode, [...(byInode.get(inode) ?? []), path])
  }
  return [...byInode.values()].map((paths) => paths.sort().join(' = ')).sort()
}
