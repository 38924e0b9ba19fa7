/**
 * Lists a FAT volume through `fatfs`. Its traps [measured with 0.10.8]: stat of a folder is the error ISDIR, case flags of short
 * names are lost, a cyclic chain never ends, and some names throw outside its callbacks; whoever runs it must be able to end it.
 */
import { createHash } from 'node:crypto'
import type { FileSystem } from 'fatfs'
import type { ImageView } from '../../image/image-view.js'
import type { OtherEntry } from './listing.js'

const REPLACEMENT_CHARACTER = '\ufffd'

export async function listFat(view: ImageView, sectorSize: number): Promise<Map<string, OtherEntry>> {
  const { default: fatfs } = await import('fatfs')
  const volume = fatfs.createFileSystem({
    sectorSize,
    numSectors: Math.floor(view.sizeBytes / sectorSize),
    readSectors(index, target, callback) {
      try {
        target.set(view.read(index * sectorSize, target.length, 'sectors'))
      } catch (error) {
        callback(error as Error)
        return
      }
      callback(null)
    },
  })
  const found = new Map<string, OtherEntry>()
  await walk(volume, '', found)
  return found
}

async function walk(volume: FileSystem, folder: string, found: Map<string, OtherEntry>): Promise<void> {
  for (const name of await namesIn(volume, folder === '' ? '/' : folder)) {
    // Bytes above 0x7F in a short name, which are no UTF-8: their code page is nowhere told, and the file cannot be opened.
    if (name.includes(REPLACEMENT_CHARACTER)) throw new Error(`${folder}/ has short names that it takes for UTF-8`)
    const path = `${folder}/${name}`
    if (await isFolder(volume, path)) {
      found.set(path, { type: 'directory' })
      await walk(volume, path, found)
    } else {
      const content = await contentOf(volume, path)
      const sha256 = createHash('sha256').update(content).digest('hex')
      found.set(path, { type: 'file', sizeBytes: content.length, sha256 })
    }
  }
}

function namesIn(volume: FileSystem, path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    volume.readdir(path, (error, names) => (error ? reject(error) : resolve(names)))
  })
}

function contentOf(volume: FileSystem, path: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    volume.readFile(path, (error, content) => (error ? reject(error) : resolve(content)))
  })
}

function isFolder(volume: FileSystem, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    volume.stat(path, (error, stats) => {
      if (error?.code === 'ISDIR') resolve(true)
      else if (error) reject(error)
      else resolve(stats.isDirectory())
    })
  })
}
