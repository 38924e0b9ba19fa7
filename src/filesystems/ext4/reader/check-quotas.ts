/**
 * Quota files against what their users, groups and projects really have.  [Linux 6.1 fs/quota/quota_v2.c, quota_tree.c;
 * e2fsprogs 1.47.0 lib/support/mkquota.c]
 */
import { EXT4_LINK_MAX, S_IFREG } from '../disklayout/inode.js'
import { QUOTA_MAGIC, QUOTA_VERSION, QuotaEntry, QuotaHeader } from '../disklayout/quota.js'
import { SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import { readBlockMap } from './block-map.js'
import { type CheckContext, SILENT } from './check-context.js'
import type { QuotaKind, Usage } from './quota-usage.js'
import type { InodeRecord } from './read-inode.js'
import { hex } from './volume-shape.js'

/** Blocks of a quota file, whatever the blocks of the volume. */
const QUOTA_BLOCK_BYTES = 1024
const ROOT_BLOCK = 1
/** 256 numbers of blocks in a block of the tree, for ids of 32 bits. */
const TREE_DEPTH = 4
const DATA_HEADER_BYTES = 16

const INODES = {
  user: 's_usr_quota_inum',
  group: 's_grp_quota_inum',
  project: 's_prj_quota_inum',
} as const

export function checkQuotas(context: CheckContext): void {
  const { shape, valueNames } = context
  if (!shape.features.has('quota')) return
  // Values in inodes of their own count once for each file that names them, which is not recounted here.
  if (valueNames.size > 0) return
  for (const kind of ['user', 'group', 'project'] as const) {
    const number = shape.superblock[INODES[kind]]
    if (number !== 0) checkQuotaFile(context, kind, number)
  }
}

function checkQuotaFile(context: CheckContext, kind: QuotaKind, number: number): void {
  const { report, usage } = context
  const inode = context.inode(number)
  if (inode === undefined || inode.type !== S_IFREG || inode.links === 0 || inode.links > EXT4_LINK_MAX) {
    const expected = `the inode of the quotas by ${kind}`
    report({ structure: 'superblock', offset: SUPERBLOCK_OFFSET_BYTES, field: INODES[kind], found: number, expected })
    return
  }
  const owner = { structure: `inode ${number} (quotas by ${kind})`, offset: inode.offset }
  const file = new QuotaFile(context, inode)
  const head = file.block(0)
  const header = head && QuotaHeader.decode(head)
  if (header?.dqh_magic !== QUOTA_MAGIC[kind]) {
    const found = header === undefined ? 'no header' : hex(header.dqh_magic)
    report({ ...owner, field: 'dqh_magic', found, expected: hex(QUOTA_MAGIC[kind]) })
    return
  }
  if (header.dqh_version !== QUOTA_VERSION) {
    report({ ...owner, field: 'dqh_version', found: header.dqh_version, expected: `${QUOTA_VERSION}` })
    return
  }
  const stored = file.entries()
  const real = usage.of(kind)
  const wrong = [...new Set([...stored.keys(), ...real.keys()])].filter((id) => !isSame(stored.get(id), real.get(id)))
  if (wrong.length === 0) return
  const [first] = wrong.toSorted((a, b) => a - b)
  const more = wrong.length === 1 ? '' : ` (and ${wrong.length - 1} more)`
  const field = `the usage of ${kind} ${first}${more}`
  report({ ...owner, field, found: textOf(stored.get(first!)), expected: `${textOf(real.get(first!))}, as counted` })
}

/** An id without an entry has nothing. */
function isSame(a: Usage | undefined, b: Usage | undefined): boolean {
  return (a?.inodes ?? 0) === (b?.inodes ?? 0) && (a?.bytes ?? 0) === (b?.bytes ?? 0)
}

function textOf(usage: Usage | undefined): string {
  return usage === undefined ? 'missing' : `${usage.bytes} bytes in ${usage.inodes} inodes`
}

class QuotaFile {
  readonly #context: CheckContext
  readonly #inode: InodeRecord
  readonly #runs: ReturnType<typeof readBlockMap>['runs']

  constructor(context: CheckContext, inode: InodeRecord) {
    this.#context = context
    this.#inode = inode
    this.#runs = readBlockMap(context.reading(SILENT), inode).runs
  }

  /** Undefined beyond the file's end and in a hole. */
  block(index: number): Uint8Array | undefined {
    const { disk, shape } = this.#context
    const at = index * QUOTA_BLOCK_BYTES
    if (at + QUOTA_BLOCK_BYTES > this.#inode.sizeBytes) return undefined
    const logical = Math.floor(at / shape.blockSize)
    const run = this.#runs.find((each) => logical >= each.logical && logical < each.logical + each.blocks)
    if (run === undefined || run.isUnwritten) return undefined
    const place = (run.physical + logical - run.logical) * shape.blockSize + (at % shape.blockSize)
    return disk.view.read(place, QUOTA_BLOCK_BYTES, 'quota file')
  }

  /** By id. The walk visits no block twice, so it ends whatever the file says. */
  entries(): ReadonlyMap<number, Usage> {
    const entries = new Map<number, Usage>()
    const seen = new Set<number>()
    const visit = (index: number, depth: number): void => {
      const bytes = index === 0 || seen.has(index) ? undefined : this.block(index)
      if (bytes === undefined) return
      seen.add(index)
      if (depth === TREE_DEPTH) {
        readEntries(bytes, entries)
        return
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      for (let at = 0; at < bytes.length; at += 4) visit(view.getUint32(at, true), depth + 1)
    }
    visit(ROOT_BLOCK, 0)
    return entries
  }
}

/** An entry of zeros is a free one. */
function readEntries(bytes: Uint8Array, entries: Map<number, Usage>): void {
  for (let at = DATA_HEADER_BYTES; at + QuotaEntry.SIZE <= bytes.length; at += QuotaEntry.SIZE) {
    if (bytes.subarray(at, at + QuotaEntry.SIZE).every((byte) => byte === 0)) continue
    const { dqb_id, dqb_curinodes, dqb_curspace } = QuotaEntry.decode(bytes, at)
    entries.set(dqb_id, { inodes: dqb_curinodes, bytes: dqb_curspace })
  }
}
