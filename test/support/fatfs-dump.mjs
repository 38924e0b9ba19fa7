/**
 * Lists a FAT volume through the `fatfs` package, as JSON on standard output: { path: sha256 | null for a folder }.
 * A process of its own, since that reader never returns on a cyclic chain and throws outside its callbacks.
 * Its stat() of a directory is the error ISDIR; readdir() of a file gives garbage; names lose their case flags.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import fatfs from 'fatfs'

const [path, sectorSize] = [process.argv[2], Number(process.argv[3])]
const fd = openSync(path, 'r')
const volume = fatfs.createFileSystem({
  sectorSize,
  numSectors: fstatSync(fd).size / sectorSize,
  readSectors(index, target, callback) {
    readSync(fd, target, 0, target.length, index * sectorSize)
    callback(null)
  },
})
const call = (method, ...args) =>
  new Promise((resolve, reject) => {
    volume[method](...args, (error, result) => (error ? reject(error) : resolve(result)))
  })

const found = {}
async function walk(folder) {
  for (const name of await call('readdir', folder === '' ? '/' : folder)) {
    const item = `${folder}/${name}`
    const isFolder = await call('stat', item).then(
      (stat) => stat.isDirectory(),
      (error) => {
        if (error.code === 'ISDIR') return true
        throw error
      },
    )
    found[item.slice(1)] = isFolder
      ? null
      : createHash('sha256')
          .update(await call('readFile', item))
          .digest('hex')
    if (isFolder) await walk(item)
  }
}

await walk('')
closeSync(fd)
process.stdout.write(JSON.stringify(found), () => process.exit(0))
