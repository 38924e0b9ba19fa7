/** The superblock of a hash partition, and its tree beside the one that some data would have. */
import { isPowerOfTwo } from '../../bytes/align.js'
import { type FieldFinding, fieldError } from '../../bytes/field-error.js'
import type { DiskImage } from '../../image/extent.js'
import type { ImageView } from '../../image/image-view.js'
import { DIGEST_BYTES, MAX_SALT_BYTES, VERITY_VERSION, type VerityHash, VeritySuperblock } from './disklayout.js'
import { type TreeGeometry, type TreeLevel, treeGeometry } from './geometry.js'
import { digestOffset, hashTree, makeDigest } from './hash-tree.js'

const MIN_BLOCK_BYTES = 512
/** Of veritysetup. */
const MAX_BLOCK_BYTES = 512 * 1024

export interface VerityArea {
  readonly geometry: TreeGeometry
  readonly salt: Uint8Array
  readonly view: ImageView
}

/** FormatError for a superblock that is wrong, or says more than the view holds. */
export function readVerity(view: ImageView): VerityArea {
  const superblock = VeritySuperblock.name
  const found = view.decode(VeritySuperblock, 0)
  const refuse = (field: keyof typeof found, value: number | string, expected: string): never => {
    throw fieldError(view.name, { structure: superblock, offset: 0, field, found: value, expected })
  }
  const { version, hash_type, data_block_size, hash_block_size, data_blocks, salt_size } = found
  if (version !== VERITY_VERSION) refuse('version', version, String(VERITY_VERSION))
  if (hash_type !== 0 && hash_type !== 1) refuse('hash_type', hash_type, '0 or 1')
  const hash = Buffer.from(found.algorithm).toString('latin1').replace(/\0.*$/s, '')
  if (!isVerityHash(hash)) return refuse('algorithm', JSON.stringify(hash), Object.keys(DIGEST_BYTES).join(', '))
  for (const field of ['data_block_size', 'hash_block_size'] as const) {
    const bytes = found[field]
    const isBlock = bytes >= MIN_BLOCK_BYTES && bytes <= MAX_BLOCK_BYTES && isPowerOfTwo(bytes)
    if (!isBlock) refuse(field, bytes, `a power of two from ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES}`)
  }
  if (data_blocks === 0) refuse('data_blocks', 0, 'at least 1')
  if (salt_size > MAX_SALT_BYTES) refuse('salt_size', salt_size, `at most ${MAX_SALT_BYTES}`)
  const geometry = treeGeometry({
    hash,
    hashType: hash_type as 0 | 1,
    dataBlockBytes: data_block_size,
    hashBlockBytes: hash_block_size,
    dataBlocks: data_blocks,
  })
  if (geometry.sizeBytes > view.sizeBytes) {
    refuse('data_blocks', data_blocks, `what has its tree in ${view.sizeBytes} bytes`)
  }
  return { geometry, salt: found.salt.subarray(0, salt_size), view }
}

function isVerityHash(name: string): name is VerityHash {
  return Object.hasOwn(DIGEST_BYTES, name)
}

export function dataBytesOf({ dataBlocks, dataBlockBytes }: TreeGeometry): number {
  return dataBlocks * dataBlockBytes
}

/** More of them say no more. */
const SAMPLES = 16

/** Of some blocks that are spread over the data, the share whose digest is the one in the tree: 0 to 1. */
export function shareCovered({ geometry, salt, view }: VerityArea, data: ImageView): number {
  const [lowest] = geometry.levels
  if (lowest === undefined) return 0
  const { dataBlocks, dataBlockBytes } = geometry
  const digest = makeDigest(geometry, salt)
  const samples = Math.min(SAMPLES, dataBlocks)
  let covered = 0
  for (let sample = 0; sample < samples; sample++) {
    const index = Math.floor((sample * dataBlocks) / samples)
    const expected = digest(data.read(index * dataBlockBytes, dataBlockBytes, 'data block'))
    const stored = view.read(digestOffset(geometry, lowest, index), expected.length, 'hash block')
    if (Buffer.compare(expected, stored) === 0) covered++
  }
  return covered / samples
}

const CHUNK_BYTES = 1 << 20

export interface CheckedTree {
  /** Hexadecimal; of the data as it is. */
  readonly rootHash: string
  /** At most one for each level: the first place, and how many there are. Offsets are of the hash area. */
  readonly findings: readonly FieldFinding[]
}

/** Reads all of the data and of the tree. `data` has the size that the superblock says. */
export function checkTree({ geometry, salt, view }: VerityArea, data: DiskImage): CheckedTree {
  const tree = hashTree(data, geometry, salt)
  const rootHash = Buffer.from(tree.rootHash).toString('hex')
  const counts = geometry.levels.map((_, height) =>
    height === 0 ? geometry.dataBlocks : geometry.levels[height - 1]!.blocks,
  )
  for (const [height, level] of geometry.levels.entries()) {
    const { differing, padding } = differences(geometry, level, { expected: tree.bytes, view, count: counts[height]! })
    // What is above follows from what is below.
    if (differing.length > 0) return { rootHash, findings: [digestFinding(geometry, height, level, differing)] }
    if (padding !== undefined) return { rootHash, findings: [paddingFinding(height, padding)] }
  }
  return { rootHash, findings: [] }
}

interface Differences {
  /** Of what lies below the level, by number. */
  readonly differing: readonly number[]
  /** The first byte between or behind the digests that is no zero, which the digest of the block above covers, too. */
  readonly padding?: number | undefined
}

function differences(
  geometry: TreeGeometry,
  level: TreeLevel,
  { expected, view, count }: { expected: Uint8Array; view: ImageView; count: number },
): Differences {
  const digestBytes = DIGEST_BYTES[geometry.hash]
  const differing: number[] = []
  let padding: number | undefined
  const end = level.offset + level.blocks * geometry.hashBlockBytes
  const perChunk = Math.max(1, CHUNK_BYTES / geometry.hashBlockBytes) * geometry.digestsPerBlock
  for (let first = 0; first < count; first += perChunk) {
    const start = digestOffset(geometry, level, first)
    const stored = view.read(start, Math.min(CHUNK_BYTES, end - start), 'hash block')
    if (Buffer.compare(stored, expected.subarray(start, start + stored.length)) === 0) continue
    for (let index = first; index < Math.min(count, first + perChunk); index++) {
      const at = digestOffset(geometry, level, index)
      const ours = expected.subarray(at, at + digestBytes)
      if (Buffer.compare(ours, stored.subarray(at - start, at - start + digestBytes)) !== 0) differing.push(index)
    }
    if (differing.length === 0) padding ??= start + stored.findIndex((byte, at) => byte !== expected[start + at])
  }
  return { differing, padding }
}

function digestFinding(
  geometry: TreeGeometry,
  height: number,
  level: TreeLevel,
  differing: readonly number[],
): FieldFinding {
  const [first] = differing
  const what = height === 0 ? 'data block' : `level ${height - 1}, block`
  const more = differing.length === 1 ? '' : ` and of ${differing.length - 1} more`
  return {
    structure: `hash tree, level ${height}`,
    offset: digestOffset(geometry, level, first!),
    field: `the digest of ${what} ${first}${more}`,
    found: 'another',
    expected: 'that of what stands there',
  }
}

function paddingFinding(height: number, offset: number): FieldFinding {
  return {
    structure: `hash tree, level ${height}`,
    offset,
    field: 'a byte beside the digests',
    found: 'another',
    expected: '0',
  }
}
