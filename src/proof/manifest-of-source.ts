/** The manifest and the signature that come with an image: in its bundle, or beside its file. */
import type { KeyObject } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FormatError } from '../errors.js'
import { MANIFEST_NAME, SIGNATURE_NAME } from './manifest-names.js'
import { type Manifest, parseManifest } from './manifest-schema.js'
import { readReleaseFile } from './read-release-file.js'
import { readSignedManifest } from './signed-manifest.js'
import { isZipFile, readZipMember } from './zip-member.js'

/** A manifest of 500,000 files has 80 MB. */
const MAX_MANIFEST_BYTES = 256 << 20

/**
 * The manifest of what is at `path`, for which the signature by `key` vouches. FormatError where there is none; DifferenceError
 * where it is not signed, or by another key.
 */
export function signedManifestOf(path: string, key: KeyObject): Manifest {
  const small = smallFilesOf(path)
  if (!small.has(MANIFEST_NAME)) {
    throw new FormatError(`Cannot verify ${path}: there is no ${MANIFEST_NAME} in it or beside it`, {
      hint: 'Give the bundle (.zip), or the image in the folder that the build wrote.',
    })
  }
  return readSignedManifest(small, `${MANIFEST_NAME} of ${path}`, key).manifest
}

/**
 * Returns the manifest that comes with the image at `path` and describes it, signed or not; undefined where none does. Throws
 * FormatError where one lies there that cannot be read.
 */
export function manifestBeside(path: string): Manifest | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() !== true) return undefined
  const bytes = smallFilesOf(path).get(MANIFEST_NAME)
  if (bytes === undefined || !isOurs(bytes)) return undefined
  const manifest = parseManifest(bytes, `${MANIFEST_NAME} of ${path}`)
  const name = basename(path)
  const isNamed = manifest.image.name === name || manifest.outputs.some((output) => output.path === name)
  return isNamed || isZipFile(path) ? manifest : undefined
}

/** Other programs have manifests of this name, too. */
function isOurs(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes('"manifest_version"')
}

/** Whether a signature comes with what is at `path`, by whatever key. */
export function isSigned(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() !== true && stats?.isDirectory() !== true) return false
  return smallFilesOf(path).has(SIGNATURE_NAME)
}

function smallFilesOf(path: string): Map<string, Uint8Array> {
  const isFolder = statSync(path).isDirectory()
  const isBundle = !isFolder && isZipFile(path)
  const folder = isFolder ? path : dirname(path)
  const small = new Map<string, Uint8Array>()
  for (const name of [MANIFEST_NAME, SIGNATURE_NAME]) {
    const file = join(folder, name)
    const bytes = isBundle
      ? readZipMember(path, name, MAX_MANIFEST_BYTES)
      : existsSync(file)
        ? readReleaseFile(file)
        : undefined
    if (bytes !== undefined) small.set(name, bytes)
  }
  return small
}
