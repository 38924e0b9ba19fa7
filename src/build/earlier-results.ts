/**
 * What an earlier build left in the folder of results and this one does not make: yesterday's zip beside today's image would
 * pass for today's. What is certainly ours is removed with the commit, and everything else is named
 * (docs/design/results-folder.md).
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { linkStatsAt } from '../bytes/path-stats.js'
import { bytesDigest } from '../outputs/file-digest.js'
import { MANIFEST_NAME, SIGNATURE_NAMES } from '../proof/manifest-names.js'
import { COMMIT_FILE, makerOf } from '../scratch/owner-mark.js'

export interface EarlierResults {
  /** Files that the manifest in the folder lists, and that are as it says. Relative to the folder, in bytewise order. */
  readonly removes: readonly string[]
  /** Files that it lists and that were changed since. */
  readonly changed: readonly string[]
  /** All other files that are not of this build. */
  readonly foreign: readonly string[]
}

const SUMS_NAME = 'SHA256SUMS'
const NOTHING: EarlierResults = { removes: [], changed: [], foreign: [] }

/**
 * Sorts the files in `folder` that this build does not replace. `digestOf` gives the SHA-256 of a file; it is asked where a file
 * has the size that the manifest says. Reads nothing but the folder where this build replaces all that is in it.
 */
export async function findEarlierResults(
  folder: string,
  replaced: ReadonlySet<string>,
  digestOf: (path: string) => Promise<string>,
): Promise<EarlierResults> {
  const others = filesBelow(folder, '').filter((name) => !replaced.has(name))
  if (others.length === 0) return NOTHING
  const listed = await readListed(folder)
  const removes: string[] = []
  const changed: string[] = []
  const foreign: string[] = []
  for (const name of others.sort()) {
    const entry = listed.get(name)
    if (entry === undefined) foreign.push(name)
    else if (await isAsListed(join(folder, name), entry, digestOf)) removes.push(name)
    else changed.push(name)
  }
  return { removes, changed, foreign }
}

interface Listed {
  readonly sizeBytes?: number
  /** Missing for the raw image and for raw partitions, which have no plain sum: their size decides. */
  readonly sha256?: string | undefined
}

/** What the manifest lists, and what vouches for it. Empty where there is no manifest that can be read. */
async function readListed(folder: string): Promise<ReadonlyMap<string, Listed>> {
  const listed = new Map<string, Listed>()
  const manifestBytes = readRegular(join(folder, MANIFEST_NAME))
  if (manifestBytes === undefined) return listed
  const { parseManifest } = await import('../proof/manifest-schema.js')
  try {
    for (const { path, size_bytes, sha256 } of parseManifest(manifestBytes, MANIFEST_NAME).outputs) {
      listed.set(path, { sizeBytes: size_bytes, sha256 })
    }
  } catch {
    // Of another version, damaged, or not ours: it proves nothing.
    return listed
  }
  const manifestSha256 = bytesDigest(manifestBytes)
  const sums = parseSums(readRegular(join(folder, SUMS_NAME)))
  // Ours as it was written: it has the sum of this very manifest.
  if (sums.get(MANIFEST_NAME) === manifestSha256) {
    listed.set(SUMS_NAME, {})
    for (const name of SIGNATURE_NAMES) if (sums.has(name)) listed.set(name, { sha256: sums.get(name) })
  }
  listed.set(MANIFEST_NAME, { sha256: manifestSha256 })
  return listed
}

function parseSums(bytes: Uint8Array | undefined): ReadonlyMap<string, string> {
  const lines = Buffer.from(bytes ?? [])
    .toString('utf8')
    .split('\n')
  return new Map(
    lines.flatMap((line) => {
      const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
      return sha256 === undefined || name === undefined ? [] : [[name, sha256] as const]
    }),
  )
}

async function isAsListed(
  path: string,
  { sizeBytes, sha256 }: Listed,
  digestOf: (path: string) => Promise<string>,
): Promise<boolean> {
  if (sizeBytes !== undefined && lstatSync(path).size !== sizeBytes) return false
  try {
    return sha256 === undefined || (await digestOf(path)) === sha256
  } catch {
    // It cannot be read, so it cannot be proved.
    return false
  }
}

/** Regular files, with `/` between folders; no symlink is followed, and unfinished files of other builds are not looked at. */
function filesBelow(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return makerOf(entry.name) === undefined ? filesBelow(folder, name) : []
    return entry.isFile() && name !== COMMIT_FILE ? [name] : []
  })
}

function readRegular(path: string): Buffer | undefined {
  if (linkStatsAt(path)?.isFile() !== true) return undefined
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
