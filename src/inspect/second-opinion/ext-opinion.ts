/**
 * Lists an ext volume through `ext2fs`, libext2fs in WASM. Its traps [measured with 4.2.5]: readFile gives text, streams at
 * once corrupt one another, and reading writes access times; so files are read one by one by position, and every write of the
 * disk is dropped. Positions wrap at 4 GiB, uid and gid have 16 bits, stat throws for times before 1970 and after 2038.
 */
import { createHash } from 'node:crypto'
import type { Disk, FileSystem, Stats } from 'ext2fs'
import type { ImageView } from '../../image/image-view.js'
import type { OtherEntry } from './listing.js'

const CHUNK_BYTES = 1 << 18
const LARGEST_READ_BYTES = 2 ** 32
const SIXTEEN_BITS = 0xffff
const PERMISSION_BITS = 0o7777

export async function listExt(view: ImageView): Promise<Map<string, OtherEntry>> {
  const { default: ext2fs } = await import('ext2fs')
  const found = new Map<string, OtherEntry>()
  await ext2fs.withMountedDisk(diskOver(view), 0, ({ promises }) => walk(promises, '', found))
  return found
}

function diskOver(view: ImageView): Disk {
  return {
    getCapacity: async () => view.sizeBytes,
    async read(buffer, bufferOffset, length, fileOffset) {
      const there = Math.max(0, Math.min(length, view.sizeBytes - fileOffset))
      if (there > 0) buffer.set(view.read(fileOffset, there, 'blocks'), bufferOffset)
      buffer.fill(0, bufferOffset + there, bufferOffset + length)
      return { bytesRead: length, buffer }
    },
    write: async (buffer, _bufferOffset, length) => ({ bytesWritten: length, buffer }),
    discard: async () => {},
    flush: async () => {},
  }
}

async function walk(fs: FileSystem, folder: string, found: Map<string, OtherEntry>): Promise<void> {
  for (const name of await fs.readdir(folder === '' ? '/' : folder)) {
    const path = `${folder}/${name}`
    const stats = await fs.lstat(path).catch(() => undefined)
    // Its time is out of this reader's range, most likely: nothing is known of it but its name.
    if (stats === undefined) {
      found.set(path, { type: 'other' })
      continue
    }
    found.set(path, await entryOf(fs, path, stats))
    if (stats.isDirectory()) await walk(fs, path, found)
  }
}

async function entryOf(fs: FileSystem, path: string, stats: Stats): Promise<OtherEntry> {
  const common = { mode: stats.mode & PERMISSION_BITS, uid: stats.uid & SIXTEEN_BITS, gid: stats.gid & SIXTEEN_BITS }
  if (stats.isDirectory()) return { type: 'directory', ...common }
  if (stats.isSymbolicLink()) return { type: 'symlink', ...common, target: await fs.readlink(path) }
  if (!stats.isFile()) return { type: 'other', ...common }
  const sha256 = stats.size >= LARGEST_READ_BYTES ? {} : { sha256: await digestOf(fs, path, stats.size) }
  return { type: 'file', ...common, sizeBytes: stats.size, ...sha256 }
}

async function digestOf(fs: FileSystem, path: string, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256')
  const handle = await fs.open(path, 'r')
  try {
    const chunk = new Uint8Array(CHUNK_BYTES)
    for (let at = 0; at < sizeBytes; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) throw new Error(`${path} ends at ${at} of ${sizeBytes}`)
      hash.update(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}
