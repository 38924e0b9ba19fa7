/** What this reader and another one disagree about, as far as the other one can tell. */

import { createHash } from 'node:crypto'
import { appendAll } from '../../bytes/append-all.js'
import { type ByteString, displayName } from '../../bytes/text.js'
import { chunksOf } from '../../image/chunks.js'
import type { DiskImage } from '../../image/extent.js'
import type { ReadTable } from '../../tables/read-table.js'
import { type FileNode, type FileTree, walkTree } from '../../tree/file-tree.js'
import type { OpinionReply, OtherEntry } from './listing.js'

export interface Disagreement {
  /** `"/etc/fstab"`, `partition 2`. */
  readonly what: string
  readonly field: string
  readonly here: string
  readonly there: string
}

/** More of them say no more. */
const MAX_DISAGREEMENTS = 50

export interface ListingComparison {
  /** FAT: names are one whatever their case. */
  readonly foldCase: boolean
  /** Whether the other reader's contents are to be believed. */
  readonly contents: boolean
}

export function compareListings(
  tree: FileTree,
  entries: ReadonlyMap<string, OtherEntry>,
  { foldCase, contents }: ListingComparison,
): Disagreement[] {
  const keyOf = (path: string): string => (foldCase ? path.toUpperCase() : path)
  const there = new Map([...entries].map(([path, entry]) => [keyOf(path), entry]))
  const found: Disagreement[] = []
  for (const [path, node] of walkTree(tree)) {
    if (path === '' || found.length >= MAX_DISAGREEMENTS) continue
    const key = keyOf(`/${asText(path)}`)
    const other = there.get(key)
    there.delete(key)
    appendAll(found, compareEntry(`"/${displayName(path)}"`, node, other, contents))
  }
  for (const path of there.keys()) found.push({ what: `"${path}"`, field: 'it', here: 'missing', there: 'there' })
  return found.slice(0, MAX_DISAGREEMENTS)
}

/** As a reader that knows only UTF-8 has it. */
function asText(path: ByteString): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}

const SIXTEEN_BITS = 0xffff

function* compareEntry(
  what: string,
  node: FileNode,
  other: OtherEntry | undefined,
  contents: boolean,
): Generator<Disagreement> {
  if (other === undefined) {
    yield { what, field: 'it', here: 'there', there: 'missing' }
    return
  }
  const type = node.type === 'directory' || node.type === 'file' || node.type === 'symlink' ? node.type : 'other'
  const isUnknown = other.type === 'other' && other.mode === undefined
  if (!isUnknown && type !== other.type) {
    yield { what, field: 'type', here: type, there: other.type }
    return
  }
  const pairs: [field: string, here: string | number, there: string | number | undefined][] = [
    ['mode', node.mode.toString(8), other.mode?.toString(8)],
    ['uid', node.uid & SIXTEEN_BITS, other.uid],
    ['gid', node.gid & SIXTEEN_BITS, other.gid],
  ]
  if (node.type === 'file') pairs.push(['size', node.content.sizeBytes, other.sizeBytes])
  if (node.type === 'symlink') pairs.push(['target', asText(node.target), other.target])
  if (node.type === 'file' && contents && other.sha256 !== undefined) {
    pairs.push(['SHA-256', digestOf(node.content), other.sha256])
  }
  for (const [field, here, there] of pairs) {
    if (there !== undefined && here !== there) yield { what, field, here: String(here), there: String(there) }
  }
}

function digestOf(content: DiskImage): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(content)) hash.update(chunk)
  return hash.digest('hex')
}

/** Empty slots are not seen by the other one, so partitions are compared in order. */
export function compareTables(table: ReadTable, other: Extract<OpinionReply, { kind: 'partitions' }>): Disagreement[] {
  const found: Disagreement[] = []
  const compare = (what: string, field: string, here: unknown, there: unknown): void => {
    if (here !== there) found.push({ what, field, here: String(here), there: String(there) })
  }
  compare('the header', 'DiskGUID', table.id, other.id)
  compare('the entries', 'number of partitions', table.partitions.length, other.partitions.length)
  for (const [index, partition] of table.partitions.entries()) {
    const there = other.partitions[index]
    if (there === undefined) break
    const what = `partition ${partition.number}`
    compare(what, 'name', partition.name, there.name)
    compare(what, 'type', partition.type, there.type)
    compare(what, 'UUID', partition.uuid, there.uuid)
    compare(what, 'first sector', partition.startByte / table.sectorSize, there.firstLba)
    compare(what, 'last sector', (partition.startByte + partition.sizeBytes) / table.sectorSize - 1, there.lastLba)
    compare(what, 'attributes', partition.attributes, there.attributes)
  }
  return found.slice(0, MAX_DISAGREEMENTS)
}
