/** The folder that a build wrote, and one of its files alone, against the manifest that stands there. */

import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { linkStatsAt, statsAt } from '../bytes/path-stats.js'
import { DifferenceError, FormatError, type Problem } from '../errors.js'
import { assertCommitted } from '../outputs/commit-lock.js'
import { compareCoverage, type NamedBmap } from './bmap-check.js'
import { compareRelease, UNLISTED } from './compare-release.js'
import { assertConsistent } from './image-check.js'
import { MANIFEST_NAME, SIGNATURE_NAME } from './manifest-names.js'
import type { Manifest, ManifestOutput } from './manifest-schema.js'
import { addBmap, isBmapName, readBmaps } from './read-bmaps.js'
import { digestOfFile, readReleaseFile } from './read-release-file.js'
import { readSignedManifest } from './signed-manifest.js'
import type { FoundFile } from './sums.js'
import { SIGNATURE_SUFFIXES, uncheckedSignatures } from './unchecked-signatures.js'
import { type ByteStretch, unspecifiedStretches } from './unspecified.js'
import type { VerifiedRelease, VerifyOptions } from './verified-release.js'
import { type VerifyFileOptions, verifyImageFile, verifyPieceFile } from './verify-image.js'

/** Throws as `verifyRelease`. */
export async function verifyFolder(folder: string, options: VerifyOptions): Promise<VerifiedRelease> {
  const { key, signal, unspecified = 'zeros' } = options
  const findings: Problem[] = []
  await assertCommitted(folder)
  const { small, found } = readUnlisted(folder)
  const { manifest, signed } = readSignedManifest(small, join(folder, MANIFEST_NAME), key)
  const { maps, findings: ofMaps } = readBmaps(folder, manifest)
  appendAll(findings, ofMaps)
  let areMapsCompared = false
  for (const output of manifest.outputs) {
    const { path, sha256 } = output
    const file = join(folder, path)
    const stats = statsAt(file)
    if (stats === undefined) continue
    if (!stats.isFile()) {
      // Nothing is compared with a FIFO or a device, whose bytes may be others each time.
      findings.push({ message: `Cannot verify ${path}: it is not a regular file` })
      continue
    }
    found.set(path, { sizeBytes: stats.size, sha256: sha256 && (await digestOfFile(file, signal)) })
    if (stats.size === output.size_bytes) {
      if (path === manifest.image.name) areMapsCompared = true
      appendAll(findings, await verifyContent(file, output, manifest, { unspecified, maps, signal }))
    }
  }
  // Without the raw image their sums cannot be made; the blocks are compared all the same.
  if (!areMapsCompared) appendAll(findings, coverageOf(maps, manifest))
  appendAll(findings, compareRelease({ manifest, found, small, key }))
  if (findings.length > 0) throw new DifferenceError(findings)
  const unchecked = uncheckedSignatures(readdirSync(folder), key, manifest)
  const judged = manifest.outputs.filter(({ path }) => found.has(path))
  const { name } = manifest.image
  const isMissing = !found.has(name) && manifest.outputs.some(({ path }) => path === name)
  return {
    manifest,
    signed,
    files: [...found.keys()].sort(),
    partitions: partitionsIn(judged, manifest),
    missing: isMissing ? [name] : [],
    unvouched: [],
    unchecked,
  }
}

/** How many partitions these files are compared with the digests of. */
function partitionsIn(outputs: readonly ManifestOutput[], { image, partitions }: Manifest): number {
  if (outputs.some(({ path }) => path === image.name)) return partitions.length
  return partitions.filter((partition) => outputs.some(({ start_byte }) => start_byte === partition.start_byte)).length
}

/**
 * A raw image or another output whose manifest stands beside it. What a raw image holds where nothing is specified is not
 * refused, as a card that was used before may hold anything there; it is in the result. Throws as `verifyRelease`.
 */
export async function verifyFileBeside(path: string, options: VerifyOptions): Promise<VerifiedRelease> {
  const { key, signal } = options
  const folder = dirname(path)
  await assertCommitted(folder)
  const { small } = readUnlisted(folder)
  const { manifest, signed } = readSignedManifest(small, join(folder, MANIFEST_NAME), key)
  const name = basename(path)
  const output = manifest.outputs.find((candidate) => candidate.path === name)
  if (output === undefined) {
    throw new DifferenceError(`Cannot verify ${name}: ${MANIFEST_NAME} beside it does not name it`)
  }
  const { size: sizeBytes } = statSync(path)
  const sha256 = output.sha256 && (await digestOfFile(path, signal))
  const findings: Problem[] = []
  if (sizeBytes !== output.size_bytes) {
    findings.push({ message: `Cannot verify ${name}: it has ${sizeBytes} bytes, ${output.size_bytes} are expected` })
  } else {
    appendAll(findings, await verifyContent(path, output, manifest, { unspecified: 'any', signal }))
    if (isBmapName(name)) {
      const maps: NamedBmap[] = []
      addBmap(maps, findings, name, readReleaseFile(path))
      appendAll(findings, coverageOf(maps, manifest))
    }
  }
  if (sha256 !== output.sha256) {
    findings.push({ message: `Cannot verify ${name}: its SHA-256 is ${sha256}, ${output.sha256} is expected` })
  }
  if (findings.length > 0) throw new DifferenceError(findings)
  const beside = [name, MANIFEST_NAME].flatMap((of) => SIGNATURE_SUFFIXES.map((suffix) => of + suffix))
  const unchecked = uncheckedSignatures(
    beside.filter((of) => statsAt(join(folder, of)) !== undefined),
    key,
    manifest,
    [SIGNATURE_NAME],
  )
  return {
    manifest,
    signed,
    files: [name, MANIFEST_NAME].sort(),
    partitions: partitionsIn([output], manifest),
    missing: [],
    unvouched: unvouchedOf(output, manifest),
    unchecked,
  }
}

function coverageOf(maps: readonly NamedBmap[], manifest: Manifest): Problem[] {
  if (maps.length === 0) return []
  assertConsistent(manifest)
  return maps.flatMap((map) => compareCoverage(map, manifest))
}

/** Of a file without a sum of its own the parts that no run of its stretches covers. */
function unvouchedOf({ path, sha256, start_byte }: ManifestOutput, manifest: Manifest): ByteStretch[] {
  if (sha256 !== undefined) return []
  if (path === manifest.image.name) return unspecifiedStretches(manifest.stretches)
  return unspecifiedStretches(manifest.stretches.filter((stretch) => stretch.start_byte === start_byte))
}

/** By its stretches, where the manifest describes the file so; its sum is compared elsewhere. */
async function verifyContent(
  path: string,
  { path: name, start_byte, size_bytes }: ManifestOutput,
  manifest: Manifest,
  options: VerifyFileOptions,
): Promise<Problem[]> {
  const isImage = name === manifest.image.name
  if (!isImage && start_byte === undefined) return []
  const fd = openSync(path, 'r')
  try {
    if (isImage) return await verifyImageFile({ fd, path }, manifest, options)
    return await verifyPieceFile({ fd, path, sizeBytes: size_bytes, startByte: start_byte! }, manifest, options)
  } finally {
    closeSync(fd)
  }
}

function readUnlisted(folder: string): { small: Map<string, Uint8Array>; found: Map<string, FoundFile> } {
  const small = new Map<string, Uint8Array>()
  const found = new Map<string, FoundFile>()
  for (const name of UNLISTED) {
    const path = join(folder, name)
    const size = linkStatsAt(path)?.size
    if (size === undefined) continue
    const bytes = readReleaseFile(path)
    small.set(name, bytes)
    found.set(name, { sizeBytes: size, sha256: createHash('sha256').update(bytes).digest('hex') })
  }
  if (small.has(MANIFEST_NAME)) return { small, found }
  throw new FormatError(
    `Cannot verify ${folder}: there is no ${MANIFEST_NAME} in it, a folder that a build wrote is expected`,
  )
}
