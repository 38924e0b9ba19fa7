/**
 * What a manifest.json says of files beside it: an image that a build wrote need not prove itself,
 * since its manifest names it. Only names and sizes are taken from it here; whether the bytes are
 * those that were built is for `verify` to say.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { statsAt } from '../bytes/path-stats.js'

export interface Vouching {
  readonly image: { readonly name: string; readonly sizeBytes: number }
  /** By name. */
  readonly outputs: ReadonlyMap<string, number>
}

export const MANIFEST = 'manifest.json'
/** Of 500,000 files. */
export const MAX_MANIFEST_BYTES = 256 << 20

/** Undefined where `bytes` are no manifest of ours. */
export function parseVouching(bytes: Uint8Array): Vouching | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
  const { manifest_version, tool, image, outputs } = (value ?? {}) as Record<string, unknown>
  if (typeof manifest_version !== 'number' || fieldOf(tool, 'name') !== 'diskloom') return undefined
  const name = fieldOf(image, 'name')
  const sizeBytes = fieldOf(image, 'size_bytes')
  if (typeof name !== 'string' || typeof sizeBytes !== 'number') return undefined
  const sizes = new Map<string, number>()
  for (const output of Array.isArray(outputs) ? outputs : []) {
    const path = fieldOf(output, 'path')
    const size = fieldOf(output, 'size_bytes')
    if (typeof path === 'string' && typeof size === 'number') sizes.set(path, size)
  }
  return { image: { name, sizeBytes }, outputs: sizes }
}

/**
 * Of the folder that the file at `path` is in; undefined where there is none, or none that can be
 * read.
 */
export function vouchingBeside(path: string): Vouching | undefined {
  const manifest = join(dirname(path), MANIFEST)
  try {
    const stats = statsAt(manifest)
    if (stats?.isFile() !== true || stats.size > MAX_MANIFEST_BYTES) return undefined
    return parseVouching(readFileSync(manifest))
  } catch {
    return undefined
  }
}

/**
 * The name of the image in what burning tools read of a bundle (.meta/manifest.json); undefined
 * where it has none.
 */
export function nameInMeta(bytes: Uint8Array): string | undefined {
  try {
    const name = fieldOf(JSON.parse(Buffer.from(bytes).toString('utf8')), 'name')
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}
