/** A folder as a list that can be compared: what a payload must be after its way through an image. */
import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export interface ListedEntry {
  type: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits, octal text. */
  mode: string
  uid: number
  gid: number
  mtimeNs: bigint
  /** Of a file: size and SHA-256; of a symlink: its target; of a device: its number. */
  content: string
  /** First path of the same file in the listing; its own where it is the first. */
  linkOf: string
}

export type FolderListing = Map<string, ListedEntry>

export interface ListingOptions {
  /** Paths left out, with all under them. */
  skip?: (path: string) => boolean
  /** Newer times become this one, as the image's build does. */
  latestSeconds?: number
  /** Owners as the image's build sets them; the folder's own when missing. */
  owner?: { uid: number; gid: number }
}

/** Every path under `folder` (the folder itself is `.`), sorted. */
export function listFolder(folder: string, options: ListingOptions = {}): FolderListing {
  const listing: FolderListing = new Map()
  const firstOf = new Map<string, string>()
  const visit = (path: string): void => {
    if (options.skip?.(path) === true) return
    const full = join(folder, path)
    const stats = lstatSync(full, { bigint: true })
    const identity = `${stats.dev}:${stats.ino}`
    if (!firstOf.has(identity)) firstOf.set(identity, path)
    listing.set(path, describe(full, stats, firstOf.get(identity)!, options))
    if (!stats.isDirectory()) return
    const names = readdirSync(full).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    for (const name of names) visit(path === '.' ? name : `${path}/${name}`)
  }
  visit('.')
  return listing
}

function describe(full: string, stats: BigIntStats, linkOf: string, options: ListingOptions): ListedEntry {
  const latestNs = options.latestSeconds === undefined ? undefined : BigInt(options.latestSeconds) * 1_000_000_000n
  return {
    type: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'other',
    mode: (Number(stats.mode) & 0o7777).toString(8),
    uid: options.owner?.uid ?? Number(stats.uid),
    gid: options.owner?.gid ?? Number(stats.gid),
    mtimeNs: latestNs !== undefined && stats.mtimeNs > latestNs ? latestNs : stats.mtimeNs,
    content: contentOf(full, stats),
    linkOf,
  }
}

function contentOf(full: string, stats: BigIntStats): string {
  if (stats.isFile()) return `${stats.size} ${createHash('sha256').update(readFileSync(full)).digest('hex')}`
  if (stats.isSymbolicLink()) return readlinkSync(full, 'buffer').toString('latin1')
  return stats.isDirectory() ? '' : String(stats.rdev)
}
