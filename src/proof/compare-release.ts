/** The files of a release against its manifest, and the manifest against SHA256SUMS and against itself. */
import type { KeyObject } from 'node:crypto'
import type { Problem } from '../errors.js'
import {
  MANIFEST_NAME,
  SIGNATURE_NAMES,
  SUMS_NAME,
  SUMS_SIGNATURE_NAME,
  SUMS_SIGNATURE_NAMES,
} from './manifest-names.js'
import type { Manifest } from './manifest-schema.js'
import { isSignedBy } from './signatures.js'
import { checkSums, type FoundFile } from './sums.js'

/** Files that no manifest can hold the sum of. */
export const UNLISTED: ReadonlySet<string> = new Set([
  MANIFEST_NAME,
  ...SIGNATURE_NAMES,
  SUMS_NAME,
  ...SUMS_SIGNATURE_NAMES,
])

/** What a release was found to hold. */
export interface FoundRelease {
  readonly manifest: Manifest
  readonly found: ReadonlyMap<string, FoundFile>
  /** The content of the files in UNLISTED. */
  readonly small: ReadonlyMap<string, Uint8Array>
  readonly key: KeyObject | undefined
}

export function compareRelease(release: FoundRelease): Problem[] {
  const { manifest, found } = release
  return [...compareWithItself(manifest), ...compareFiles(manifest, found), ...compareSums(release)]
}

function compareFiles(manifest: Manifest, found: ReadonlyMap<string, FoundFile>): Problem[] {
  const findings: Problem[] = []
  for (const { path, size_bytes, sha256, start_byte } of manifest.outputs) {
    const file = found.get(path)
    if (sha256 === undefined && start_byte === undefined && path !== manifest.image.name) {
      findings.push({ message: `Cannot verify ${path}: ${MANIFEST_NAME} has no SHA-256 of it` })
    }
    if (file === undefined) {
      // A release may come without its raw image, when the bundle holds it; whoever has none cannot burn it.
      if (path !== manifest.image.name) findings.push({ message: `Cannot verify ${path}: it is not there` })
    } else if (file.sizeBytes !== size_bytes) {
      findings.push({ message: `Cannot verify ${path}: it has ${file.sizeBytes} bytes, ${size_bytes} are expected` })
    } else if (sha256 !== undefined && file.sha256 !== undefined && file.sha256 !== sha256) {
      findings.push({ message: `Cannot verify ${path}: its SHA-256 is ${file.sha256}, ${sha256} is expected` })
    }
  }
  return findings
}

/** What a manifest says twice. */
function compareWithItself({ image, outputs, bundle, partitions }: Manifest): Problem[] {
  const problems: Problem[] = []
  const differs = (what: string, here: number | string | undefined, there: number | string | undefined): void => {
    if (here === there) return
    problems.push({
      message: `Cannot verify by ${MANIFEST_NAME}: ${what} is ${here} in one place and ${there} in another`,
    })
  }
  const byPath = new Map(outputs.map((output) => [output.path, output]))
  const own = byPath.get(image.name)
  if (own !== undefined) {
    differs(`the size of ${image.name}`, image.size_bytes, own.size_bytes)
    differs(`the SHA-256 of ${image.name}`, image.sha256, own.sha256)
  }
  for (const { path, size_bytes, sha256 } of bundle) {
    const output = byPath.get(path)
    if (output === undefined) continue
    differs(`the size of ${path}`, size_bytes, output.size_bytes)
    differs(`the SHA-256 of ${path}`, sha256, output.sha256)
  }
  for (const { name, start_byte, size_bytes, first_sector, last_sector } of partitions) {
    differs(`the start of partition "${name}"`, start_byte, first_sector * image.sector_size)
    differs(`the end of partition "${name}"`, start_byte + size_bytes, (last_sector + 1) * image.sector_size)
  }
  return problems
}

/** Every line of SHA256SUMS must be what the manifest says, and every sum of the manifest must have a line. */
function compareSums({ manifest, small, found, key }: FoundRelease): Problem[] {
  const sums = small.get(SUMS_NAME)
  if (sums === undefined) return [{ message: `Cannot verify ${SUMS_NAME}: it is not there` }]
  const expected = new Map<string, string>()
  for (const { path, sha256 } of manifest.outputs) if (sha256 !== undefined) expected.set(path, sha256)
  for (const name of [MANIFEST_NAME, ...SIGNATURE_NAMES]) {
    const sha256 = found.get(name)?.sha256
    if (sha256 !== undefined) expected.set(name, sha256)
  }
  const problems = checkSums(Buffer.from(sums).toString('utf8'), expected)
  const signature = small.get(SUMS_SIGNATURE_NAME)
  if (key !== undefined && signature !== undefined && !isSignedBy(sums, signature, key)) {
    problems.push({ message: `Cannot verify ${SUMS_NAME}: ${SUMS_SIGNATURE_NAME} is no signature of it by this key` })
  }
  return problems
}
