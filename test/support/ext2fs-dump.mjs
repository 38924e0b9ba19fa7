/**
 * Lists an ext volume through the `ext2fs` package (libext2fs in WASM), as JSON on standard output:
 * { path: { type, mode, size, links, content } }, content a SHA-256 or a symlink's target. A process of its own, with its traps in mind: readFile always gives text,
 * streams at once corrupt one another, and reading writes access times, so files are read one by one by position and
 * every write of the disk is dropped.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import ext2fs from 'ext2fs'

const CHUNK_BYTES = 1 << 16
const [path, offset] = [process.argv[2], Number(process.argv[3] ?? 0)]
const fd = openSync(path, 'r')
const disk = {
  getCapacity: async () => fstatSync(fd).size,
  read: async (buffer, bufferOffset, length, fileOffset) => ({
    bytesRead: readSync(fd, buffer, bufferOffset, length, fileOffset),
    buffer,
  }),
  write: async (buffer, _bufferOffset, length) => ({ bytesWritten: length, buffer }),
  discard: async () => {},
  flush: async () => {},
}

const found = {}

async function sumOf(fs, file, size) {
  const hash = createHash('sha256')
  const handle = await fs.open(file, 'r')
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) throw new Error(`${file} ends at ${at} of ${size}`)
      hash.update(chunk.subarray(0, bytesRead))
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

async function walk(fs, folder) {
  for (const name of await fs.readdir(folder === '' ? '/' : folder)) {
    const file = `${folder}/${name}`
    const stats = await fs.lstat(file)
    const type = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file'
    const content =
      type === 'file' ? await sumOf(fs, file, stats.size) : type === 'symlink' ? await fs.readlink(file) : null
    found[file.slice(1)] = { type, mode: stats.mode & 0o7777, size: stats.size, links: stats.nlink, content }
    if (type === 'directory') await walk(fs, file)
  }
}

await ext2fs.withMountedDisk(disk, offset, ({ promises }) => walk(promises, ''))
closeSync(fd)
process.stdout.write(JSON.stringify(found), () => process.exit(0))
