/** The block maps of a release, as they are compared with its manifest. */

import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { statsAt } from '../bytes/path-stats.js'
import { FormatError, type Problem } from '../errors.js'
import { parseBmap } from '../outputs/parse-bmap.js'
import type { NamedBmap } from './bmap-check.js'
import type { Manifest } from './manifest-schema.js'
import { readReleaseFile } from './read-release-file.js'

/** A map of 1,000,000 ranges has 100 MB. */
const MAX_BMAP_BYTES = 256 << 20
/** Where a file that is none of ours is known by its root element. */
const HEAD_BYTES = 1024

export function isBmapName(name: string): boolean {
  return name.toLowerCase().endsWith('.bmap')
}

/** Returns whether a config added the file, which may then be the map of another image. */
export function isAdded(name: string, { bundle }: Manifest): boolean {
  return bundle.some(({ path }) => path === name)
}

/** Returns the maps among the outputs that are in `folder`; one that cannot be read is a finding. */
export function readBmaps(folder: string, manifest: Manifest): { maps: NamedBmap[]; findings: Problem[] } {
  const maps: NamedBmap[] = []
  const findings: Problem[] = []
  for (const { path: name, size_bytes } of manifest.outputs) {
    const path = join(folder, name)
    const stats = statsAt(path)
    if (stats?.isFile() !== true || stats.size !== size_bytes || size_bytes > MAX_BMAP_BYTES) continue
    if (isAdded(name, manifest)) continue
    if (isBmapName(name) || beginsAsBmap(path)) addBmap(maps, findings, name, readReleaseFile(path))
  }
  return { maps, findings }
}

/** Adds the map that `bytes` are, or the finding that they are none. */
export function addBmap(maps: NamedBmap[], findings: Problem[], name: string, bytes: Uint8Array): void {
  try {
    maps.push({ name, bmap: parseBmap(Buffer.from(bytes).toString('utf8'), name) })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    appendAll(findings, error.problems)
  }
}

function beginsAsBmap(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const length = readSync(fd, head, 0, head.length, 0)
    return head.toString('latin1', 0, length).includes('<bmap version=')
  } finally {
    closeSync(fd)
  }
}
