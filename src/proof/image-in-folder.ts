/** The image of a folder that a build wrote, by its manifest. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { statsAt } from '../bytes/path-stats.js'
import { FormatError, IoError, systemReason } from '../errors.js'
import { assertCommitted } from '../outputs/commit-lock.js'
import { MANIFEST_NAME } from './manifest-names.js'
import { parseManifest } from './manifest-schema.js'

/** Outputs from which the whole disk can be read. */
const IMAGE_HOLDER = /\.(?:zip|gz|xz|zst|qcow2|simg)$/

/**
 * Of a folder, the path of the raw image, else of an output that holds the whole disk; every other
 * path is itself. FormatError where the folder has no manifest, or the file another length than the
 * manifest says; IoError where none of the files is there, or a build was ended while it put its
 * results in place.
 */
export async function imageInFolder(path: string): Promise<string> {
  if (path === '-' || statsAt(path)?.isDirectory() !== true) return path
  await assertCommitted(path)
  const manifestPath = join(path, MANIFEST_NAME)
  if (statsAt(manifestPath) === undefined) {
    throw new FormatError(`Cannot read image "${path}": it is a folder without ${MANIFEST_NAME}, an image is expected`)
  }
  const { image, outputs } = parseManifest(readOrFail(manifestPath), manifestPath)
  const packed = outputs.filter(({ path: name }) => name !== image.name && IMAGE_HOLDER.test(name))
  const holders = [{ path: image.name, size_bytes: image.size_bytes }, ...packed].filter(({ path: name }) =>
    isInside(name),
  )
  for (const { path: name, size_bytes } of holders) {
    const file = join(path, name)
    const found = statsAt(file)?.size
    if (found === undefined) continue
    if (found === size_bytes) return file
    throw new FormatError(
      `Cannot read image "${path}": ${name} has ${found} bytes, ${size_bytes} are expected by ${MANIFEST_NAME}`,
      { hint: 'Build it again, or name the file itself.', details: { path: file, found, expected: size_bytes } },
    )
  }
  const names = holders.map(({ path: name }) => name).join(', ')
  throw new IoError(`Cannot read image "${path}": none of ${names} is there`, { details: { path } })
}

/** A manifest that names files elsewhere is none that a build wrote. */
function isInside(name: string): boolean {
  return !name.startsWith('/') && !name.split('/').includes('..')
}

function readOrFail(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
  }
}
