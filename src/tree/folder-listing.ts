/**
 * What readdir and lstat say of one folder, and the same as a few arrays, in which it comes from another thread: as objects
 * it would cost that thread's time again. For 100,000 small files these calls are half of what reading the tree takes.
 */
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { type ByteString, byteString, decodeUtf8 } from '../bytes/text.js'

/** Text as long as every name is UTF-8; bytes below the first other one. */
export type HostPath = string | Buffer

export interface FolderListing {
  /** In the order of the host. */
  readonly entries: readonly ListedEntry[]
  /** What lstat had nothing to say of. */
  readonly refused: readonly ByteString[]
}

export interface ListedEntry {
  readonly name: ByteString
  readonly status: FileStatus
}

/** What lstat says of a file, as far as a payload needs it. */
export interface FileStatus {
  /** With the bits of the type. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly linkCount: number
  readonly sizeBytes: number
  /** Of 512 bytes. */
  readonly blocks: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly dev: bigint
  readonly ino: bigint
  readonly rdev: bigint
}

/** A thread beside this one. */
export interface FolderLister {
  /** `listFolder` of each; undefined where no thread is free to. Rejects where one cannot be listed, with an error that says little. */
  list(folders: readonly HostPath[]): Promise<readonly FolderListing[]> | undefined
}

/** Throws what readdir throws. */
export function listFolder(folder: HostPath): FolderListing {
  const entries: ListedEntry[] = []
  const refused: ByteString[] = []
  for (const name of readdirSync(folder, { encoding: 'latin1' }) as ByteString[]) {
    const stats = lstatOrNothing(childPath(folder, name))
    if (stats === undefined) refused.push(name)
    else entries.push({ name, status: statusOf(stats) })
  }
  return { entries, refused }
}

function lstatOrNothing(path: HostPath): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

export function statusOf({
  mode,
  uid,
  gid,
  nlink,
  size,
  blocks,
  mtimeNs,
  ctimeNs,
  dev,
  ino,
  rdev,
}: BigIntStats): FileStatus {
  return {
    mode: Number(mode),
    uid: Number(uid),
    gid: Number(gid),
    linkCount: Number(nlink),
    sizeBytes: Number(size),
    blocks: Number(blocks),
    mtimeNs,
    ctimeNs,
    dev,
    ino,
    rdev,
  }
}

export interface PackedListing {
  readonly names: readonly ByteString[]
  /** Entry after entry. */
  readonly numbers: Float64Array
  readonly words: BigInt64Array
  readonly refused: readonly ByteString[]
}

const NUMBERS = ['mode', 'uid', 'gid', 'linkCount', 'sizeBytes', 'blocks'] as const
const WORDS = ['mtimeNs', 'ctimeNs', 'dev', 'ino', 'rdev'] as const

export function packListing({ entries, refused }: FolderListing): PackedListing {
  const numbers = new Float64Array(entries.length * NUMBERS.length)
  const words = new BigInt64Array(entries.length * WORDS.length)
  let number = 0
  let word = 0
  for (const { status } of entries) {
    for (const field of NUMBERS) numbers[number++] = status[field]
    for (const field of WORDS) words[word++] = status[field]
  }
  return { names: entries.map(({ name }) => name), numbers, words, refused }
}

export function unpackListing({ names, numbers, words, refused }: PackedListing): FolderListing {
  const entries = names.map((name, index) => {
    const number = index * NUMBERS.length
    const word = index * WORDS.length
    const status: FileStatus = {
      mode: numbers[number]!,
      uid: numbers[number + 1]!,
      gid: numbers[number + 2]!,
      linkCount: numbers[number + 3]!,
      sizeBytes: numbers[number + 4]!,
      blocks: numbers[number + 5]!,
      mtimeNs: words[word]!,
      ctimeNs: words[word + 1]!,
      // Unsigned, as lstat gives them here: names of one file may come from both threads.
      dev: BigInt.asUintN(WORD_BITS, words[word + 2]!),
      ino: BigInt.asUintN(WORD_BITS, words[word + 3]!),
      rdev: BigInt.asUintN(WORD_BITS, words[word + 4]!),
    }
    return { name, status }
  })
  return { entries, refused }
}

const WORD_BITS = 64

export function childPath(folder: HostPath, name: ByteString): HostPath {
  const text = decodeUtf8(name)
  if (typeof folder === 'string' && text !== undefined) return `${folder}/${text}`
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name, 'latin1')])
}

export function pathBytes(path: HostPath): ByteString {
  return typeof path === 'string' ? byteString(path) : (path.toString('latin1') as ByteString)
}

/** As glibc's makedev packs them: minor bits 0-7 and 20-31, major bits 8-19 and 32-63. */
export function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn)),
  }
}
