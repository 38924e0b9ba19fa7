/** A hash partition: its size follows from that of the data alone, its bytes from the data's. */
import { createHash } from 'node:crypto'
import { formatSize } from '../../bytes/format-size.js'
import { uuidToBytes } from '../../bytes/guid.js'
import { LayoutError } from '../../errors.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { zeroSignatureRoom } from '../../image/signature-room.js'
import type { PlannedVolume, VolumeEnvironment } from '../volume.js'
import {
  ALGORITHM_BYTES,
  MAX_SALT_BYTES,
  VERITY_SIGNATURE,
  VERITY_VERSION,
  type VerityHash,
  VeritySuperblock,
} from './disklayout.js'
import { type TreeGeometry, treeGeometry } from './geometry.js'
import { type HashTree, hashTree } from './hash-tree.js'

/** As the config spells them; a missing one is veritysetup's. */
export interface VerityOptions {
  readonly hash?: VerityHash
  readonly data_block_size?: number
  readonly hash_block_size?: number
  /** Hexadecimal, '' for none; missing: the SHA-256 of the UUID's sixteen bytes. */
  readonly salt?: string
  readonly hash_type?: 0 | 1
}

export const DEFAULT_BLOCK_BYTES = 4096
/** The tree is made in memory: that of 256 GiB in blocks of 4 KiB with SHA-256. */
const MAX_TREE_BYTES = 2 ** 31 + 2 ** 25

export interface PlannedVerity extends PlannedVolume {
  readonly dataBlocks: number
  readonly dataBlockBytes: number
  readonly hashBlockBytes: number
  readonly hashType: 0 | 1
  readonly hash: VerityHash
  /** Hexadecimal. */
  readonly salt: string
  /** In hash blocks from the start of the partition. */
  readonly firstTreeBlock: number
  /** Hexadecimal. The first call reads the data. */
  rootHash(): string
}

/** Bytes of superblock and tree over data of `dataBytes`, whole blocks. */
export function smallestVerityBytes(dataBytes: number, options: VerityOptions): number {
  return geometryOf(dataBytes, options).sizeBytes
}

/** What is covered. */
export interface VerityData {
  readonly sizeBytes: number
  /** Everything specified. */
  content(): DiskImage
}

/** LayoutError where the partition is too small for the tree, or the data no whole blocks. */
export function planVerity(
  data: VerityData,
  sizeBytes: number,
  options: VerityOptions,
  { uuid }: VolumeEnvironment,
): PlannedVerity {
  const geometry = geometryOf(data.sizeBytes, options)
  if (geometry.sizeBytes > sizeBytes) {
    const needed = `${geometry.sizeBytes} bytes (${formatSize(geometry.sizeBytes)})`
    throw new LayoutError([
      {
        message: `Cannot make the hash tree of ${data.sizeBytes} bytes of data: it takes ${needed}, there are ${sizeBytes} (${formatSize(sizeBytes)})`,
        hint: 'size: auto is the smallest that does',
        path: ['size'],
      },
    ])
  }
  const salt = saltOf(options, uuid)
  let tree: HashTree | undefined
  const made = (): HashTree => {
    tree ??= hashTree(data.content(), geometry, salt)
    return tree
  }
  const { hash, hashType, dataBlocks, dataBlockBytes, hashBlockBytes } = geometry
  const rootHash = (): string => Buffer.from(made().rootHash).toString('hex')
  return {
    format: 'verity',
    sizeBytes: geometry.sizeBytes,
    facts: {
      hash,
      hash_type: hashType,
      data_blocks: dataBlocks,
      data_block_size: dataBlockBytes,
      hash_block_size: hashBlockBytes,
      salt: Buffer.from(salt).toString('hex'),
      uuid,
    },
    warnings: [],
    ...{ hash, hashType, dataBlocks, dataBlockBytes, hashBlockBytes, rootHash },
    salt: Buffer.from(salt).toString('hex'),
    firstTreeBlock: Math.ceil(VeritySuperblock.SIZE / hashBlockBytes),
    encode: () => encodeVerity({ geometry, salt, uuid }, made().bytes, sizeBytes),
    sketch: () => new ImageBuilder(sizeBytes).bytes(0, new Uint8Array(geometry.sizeBytes)).finish(),
    contentFacts: () => ({ root_hash: rootHash() }),
  }
}

function geometryOf(dataBytes: number, options: VerityOptions): TreeGeometry {
  const { hash = 'sha256', hash_type: hashType = 1, hash_block_size: hashBlockBytes = DEFAULT_BLOCK_BYTES } = options
  const { data_block_size: dataBlockBytes = DEFAULT_BLOCK_BYTES } = options
  if (dataBytes % dataBlockBytes !== 0) {
    const below = dataBytes - (dataBytes % dataBlockBytes)
    throw new LayoutError(
      `Cannot cover ${dataBytes} bytes of data: accepted are whole blocks of ${dataBlockBytes}, the nearest are ${below} and ${below + dataBlockBytes} bytes`,
      { hint: 'change the size of the partition that is covered, or options.data_block_size' },
    )
  }
  const geometry = treeGeometry({
    hash,
    hashType,
    dataBlockBytes,
    hashBlockBytes,
    dataBlocks: dataBytes / dataBlockBytes,
  })
  if (geometry.sizeBytes > MAX_TREE_BYTES) {
    throw new LayoutError(
      `Cannot cover ${formatSize(dataBytes)} of data: the tree takes ${formatSize(geometry.sizeBytes)}, at most ${formatSize(MAX_TREE_BYTES)} are accepted`,
      { hint: 'cover less, or in larger blocks' },
    )
  }
  return geometry
}

function saltOf({ salt }: VerityOptions, uuid: string): Uint8Array {
  return salt === undefined ? createHash('sha256').update(uuidToBytes(uuid)).digest() : Buffer.from(salt, 'hex')
}

function encodeVerity(
  { geometry, salt, uuid }: { geometry: TreeGeometry; salt: Uint8Array; uuid: string },
  area: Uint8Array,
  sizeBytes: number,
): DiskImage {
  VeritySuperblock.encodeInto(area, 0, {
    signature: VERITY_SIGNATURE,
    version: VERITY_VERSION,
    hash_type: geometry.hashType,
    uuid: uuidToBytes(uuid),
    algorithm: padded(Buffer.from(geometry.hash, 'latin1'), ALGORITHM_BYTES),
    data_block_size: geometry.dataBlockBytes,
    hash_block_size: geometry.hashBlockBytes,
    data_blocks: geometry.dataBlocks,
    salt_size: salt.length,
    salt: padded(salt, MAX_SALT_BYTES),
  })
  return zeroSignatureRoom(new ImageBuilder(sizeBytes).bytes(0, area), area.length, sizeBytes).finish()
}

function padded(value: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length)
  result.set(value)
  return result
}
