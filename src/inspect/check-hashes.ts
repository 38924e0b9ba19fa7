/** dm-verity's hash partitions: which of the others each covers, and whether every byte of that is what was hashed. */
import type { FieldFinding } from '../bytes/field-error.js'
import { checkTree, dataBytesOf, readVerity, shareCovered, type VerityArea } from '../filesystems/verity/reader.js'
import type { OpenImage, OpenPartition } from './open-image.js'

/** The tree is made anew in memory: that of 32 GiB in blocks of 4 KiB. */
const MAX_TREE_BYTES = 2 ** 28

export interface CheckedHashes {
  readonly findings: readonly FieldFinding[]
  /** What they were compared with: `hashes of "rootfs", root hash 12ab…`; undefined where nothing here is meant. */
  readonly covers?: string
}

/** FormatError where the superblock is wrong. IoError where the image cannot be read. */
export function checkHashes({ partitions }: OpenImage, hashes: OpenPartition): CheckedHashes {
  const area = readVerity(hashes.view)
  const dataBytes = dataBytesOf(area.geometry)
  if (area.geometry.sizeBytes > MAX_TREE_BYTES) return { findings: [] }
  const possible = partitions.filter((other) => other !== hashes && other.view.sizeBytes >= dataBytes)
  const meant = possible.filter(({ view }) => view.sizeBytes === dataBytes)
  const data = likeliest(area, possible, meant)
  if (data === undefined) return { findings: meant.length === 0 ? [] : [coversNothing(area, meant)] }
  const { rootHash, findings } = checkTree(area, data.view.slice(0, dataBytes, 'covered data'))
  return {
    findings,
    covers: `hashes of ${shownName(data)}, root hash ${rootHash}`,
  }
}

/** Blocks of zeros are alike everywhere: in a partition of another size, half of what is tried must be right. */
const LEAST_SHARE = 0.5

function likeliest(
  area: VerityArea,
  possible: readonly OpenPartition[],
  meant: readonly OpenPartition[],
): OpenPartition | undefined {
  let best: { readonly partition: OpenPartition; readonly share: number } | undefined
  for (const partition of [...meant, ...possible.filter((other) => !meant.includes(other))]) {
    const share = shareCovered(area, partition.view)
    if (share > (best?.share ?? 0) && (share >= LEAST_SHARE || meant.includes(partition))) best = { partition, share }
  }
  return best?.partition
}

/** Partitions of just the size that was hashed: the data of another build, most likely. */
function coversNothing({ geometry }: VerityArea, meant: readonly OpenPartition[]): FieldFinding {
  const names = meant.map(shownName)
  return {
    structure: 'hash tree',
    offset: geometry.levels[0]?.offset ?? 0,
    field: `the data of ${geometry.dataBlocks} blocks that it covers`,
    found: `not in ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} of that size`,
    expected: 'a partition that it was made of',
  }
}

function shownName({ number, name }: OpenPartition): string {
  return name === '' ? `partition ${number}` : `"${name}"`
}
