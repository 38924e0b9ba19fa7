/** What two manifests say of two releases, compared as `diff` compares two disks. */
import { readFileSync } from 'node:fs'
import { statsAt } from '../bytes/path-stats.js'
import { IoError, systemReason, UsageError } from '../errors.js'
import type {
  DiskDifferences,
  FieldDifference,
  FieldValue,
  FileDifference,
  PartitionDifference,
} from '../inspect/diff/differences.js'
import type { Ignored } from '../inspect/diff/ignored.js'
import { type Manifest, parseManifest } from '../proof/manifest-schema.js'

type ManifestPartition = Manifest['partitions'][number]
type ManifestFile = ManifestPartition['payload'][number]

/** Of 500,000 files. */
const MAX_MANIFEST_BYTES = 256 << 20

/**
 * Returns what differs where both paths are manifests, undefined where neither is. UsageError where one of them is;
 * FormatError and IoError as `parseManifest` and the file system.
 */
export function manifestDifferences(a: string, b: string, ignored: Ignored): DiskDifferences | undefined {
  const [isA, isB] = [isManifest(a), isManifest(b)]
  if (!isA && !isB) return undefined
  if (!isA || !isB) {
    throw new UsageError(`Cannot compare ${a} with ${b}: only one of them is a manifest, two are accepted`, {
      hint: 'Give the folders of the builds to compare the images',
    })
  }
  return compareManifests({ name: a, manifest: readManifest(a) }, { name: b, manifest: readManifest(b) }, ignored)
}

/** By the name, and by the first bytes: a manifest says so at once. */
function isManifest(path: string): boolean {
  if (!path.endsWith('.json')) return false
  const stats = statsAt(path)
  if (stats?.isFile() !== true || stats.size > MAX_MANIFEST_BYTES) return false
  return /^\s*\{\s*"manifest_version"/.test(textOf(path).slice(0, 256))
}

function readManifest(path: string): Manifest {
  return parseManifest(Buffer.from(textOf(path)), path)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
  }
}

interface Side {
  readonly name: string
  readonly manifest: Manifest
}

export function compareManifests(a: Side, b: Side, ignored: Ignored): DiskDifferences {
  return {
    a: a.name,
    b: b.name,
    disk: fieldsBetween(diskFields(a.manifest, ignored), diskFields(b.manifest, ignored)),
    partitions: [...partitionDifferences(a.manifest.partitions, b.manifest.partitions, ignored)],
    outside: [],
  }
}

const UUID_KEYS: ReadonlySet<string> = new Set(['disk_guid', 'mbr_signature', 'uuid', 'fs_uuid', 'volume_id'])
const PLACE_KEYS: ReadonlySet<string> = new Set(['start_byte', 'size_bytes', 'first_sector', 'last_sector'])
const SUM_KEYS: ReadonlySet<string> = new Set(['sha256', 'mapped_sha256'])
const NAME_KEYS: ReadonlySet<string> = new Set(['name', 'label'])

/** Sums of a whole differ with everything in it, so they say nothing where something is ignored. */
function isIgnored(key: string, ignored: Ignored): boolean {
  if (SUM_KEYS.has(key)) return ignored.size > 0
  return (
    (ignored.has('uuids') && UUID_KEYS.has(key)) ||
    (ignored.has('places') && PLACE_KEYS.has(key)) ||
    (ignored.has('names') && NAME_KEYS.has(key))
  )
}

function* diskFields(
  { tool, source_date_epoch, image, bundle, outputs }: Manifest,
  ignored: Ignored,
): Generator<readonly [string, FieldValue]> {
  yield ['diskloom', tool.version]
  if (!ignored.has('times') && source_date_epoch !== null) yield ['source_date_epoch', source_date_epoch]
  for (const [key, value] of Object.entries(image)) {
    if (isPlain(value) && !isIgnored(key, ignored)) yield [key, value]
  }
  for (const { path, sha256 } of bundle) yield [`bundle ${path}`, sha256]
  if (ignored.size > 0) return
  for (const { path, size_bytes, sha256 } of outputs) yield [`output ${path}`, sha256 ?? size_bytes]
}

/** By name, else by number: a name says what a partition is for. */
function* partitionDifferences(
  before: readonly ManifestPartition[],
  after: readonly ManifestPartition[],
  ignored: Ignored,
): Generator<PartitionDifference> {
  const left = new Set(after)
  for (const a of before) {
    const b = [...left].find((each) => (a.name === '' ? each.number === a.number : each.name === a.name))
    if (b === undefined) {
      yield { kind: 'removed', a: nameOf(a), fields: [], volume: [], files: [] }
      continue
    }
    left.delete(b)
    const fields = fieldsBetween(partitionFields(a, ignored), partitionFields(b, ignored))
    const volume = fieldsBetween(volumeFields(a, ignored), volumeFields(b, ignored))
    const files = fileDifferences(a.payload, b.payload)
    if (fields.length + volume.length + files.length === 0) continue
    yield { kind: 'changed', a: nameOf(a), b: nameOf(b), fields, volume, files }
  }
  for (const b of left) yield { kind: 'added', b: nameOf(b), fields: [], volume: [], files: [] }
}

function nameOf({ number, name }: ManifestPartition): { number?: number; name: string } {
  return { ...(number !== undefined && { number }), name }
}

function* partitionFields(partition: ManifestPartition, ignored: Ignored): Generator<readonly [string, FieldValue]> {
  for (const [key, value] of Object.entries(partition)) {
    if (isPlain(value) && !isIgnored(key, ignored)) yield [key, value]
  }
}

function* volumeFields(
  { options = {}, volume = {} }: ManifestPartition,
  ignored: Ignored,
): Generator<readonly [string, FieldValue]> {
  const figures = ignored.has('figures') ? [] : Object.entries(volume)
  for (const [key, value] of [...Object.entries(options), ...figures]) {
    if (!isIgnored(key, ignored)) yield [key, isPlain(value) ? value : JSON.stringify(value)]
  }
}

function isPlain(value: unknown): value is FieldValue {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function fieldsBetween(
  a: Iterable<readonly [string, FieldValue]>,
  b: Iterable<readonly [string, FieldValue]>,
): FieldDifference[] {
  const [before, after] = [new Map(a), new Map(b)]
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => sided(field, before.get(field), after.get(field)))
}

function sided(field: string, a: FieldValue | undefined, b: FieldValue | undefined): FieldDifference {
  return { field, ...(a !== undefined && { a }), ...(b !== undefined && { b }) }
}

function fileDifferences(before: readonly ManifestFile[], after: readonly ManifestFile[]): FileDifference[] {
  const [a, b] = [byPath(before), byPath(after)]
  return [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((path): FileDifference[] => {
    const [old, now] = [a.get(path), b.get(path)]
    const size = sided('size', old?.size_bytes, now?.size_bytes)
    if (old === undefined || now === undefined) {
      return [{ path: `/${path}`, kind: old === undefined ? 'added' : 'removed', type: 'file', fields: [size] }]
    }
    if (old.sha256 === now.sha256) return []
    const sizes = old.size_bytes === now.size_bytes ? [] : [size]
    return [
      { path: `/${path}`, kind: 'changed', type: 'file', fields: [...sizes, sided('sha256', old.sha256, now.sha256)] },
    ]
  })
}

function byPath(files: readonly ManifestFile[]): Map<string, ManifestFile> {
  return new Map(files.map((file) => [file.path, file]))
}
