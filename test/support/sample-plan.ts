/** Plans made by hand, for what shows them: places are what counts, there is no content. */
import type { ImageSpec } from '../../src/config/spec.js'
import type { DiskPlan, PlannedPartition, Region } from '../../src/layout/disk-plan.js'

const SECTOR = 512
const MIB = 1 << 20

export interface SamplePartition {
  name: string
  /** Sectors, the end inclusive. */
  first: number
  last: number
  fs?: string
  payloadBytes?: number
  inTable?: boolean
}

/** A GPT disk with tables at both ends and gaps wherever no partition is. */
export function samplePlan(sectors: number, list: readonly SamplePartition[], name = 'sample'): DiskPlan {
  const sizeBytes = sectors * SECTOR
  let number = 0
  const partitions = list.map((part, index): PlannedPartition => {
    const { inTable = true, fs = 'ext4', payloadBytes = 0 } = part
    return {
      index,
      ...(inTable && { number: ++number }),
      name: part.name,
      startByte: part.first * SECTOR,
      endByte: (part.last + 1) * SECTOR,
      logical: false,
      environment: {
        time: { seconds: 0, nanoseconds: 0 },
        uuid: '00000000-0000-5000-8000-000000000000',
        offsetBytes: part.first * SECTOR,
        sectorSize: SECTOR,
      },
      ...(inTable && {
        type: { table: 'gpt', guid: '0fc63daf-8483-4772-8e79-3d69d8477de4' },
        uuid: `00000000-0000-5000-8000-00000000000${index}`,
      }),
      attributes: 0n,
      bootable: false,
      payload: fs === 'ext4' ? 'file-system' : 'raw',
      payloadBytes,
      fs,
    }
  })
  return {
    spec: { name } as ImageSpec,
    sizeBytes,
    sectorSize: SECTOR,
    table: 'gpt',
    diskGuid: '11111111-1111-5111-8111-111111111111',
    usable: { startByte: 34 * SECTOR, endByte: sizeBytes - 33 * SECTOR },
    partitions,
    regions: regionsOf(partitions, sizeBytes),
    seals: [],
    covers: [],
    warnings: [],
    image: () => ({ sizeBytes, extents: [] }),
    sketch: () => ({ sizeBytes, extents: [] }),
  }
}

function regionsOf(partitions: readonly PlannedPartition[], sizeBytes: number): Region[] {
  const claimed: Region[] = [
    { kind: 'table', name: 'primary GPT', startByte: 0, endByte: 34 * SECTOR },
    ...partitions.map(({ index, name, number, startByte, endByte }): Region => {
      return { kind: number === undefined ? 'blob' : 'partition', name, startByte, endByte, index }
    }),
    { kind: 'table', name: 'backup GPT', startByte: sizeBytes - 33 * SECTOR, endByte: sizeBytes },
  ]
  claimed.sort((a, b) => a.startByte - b.startByte)
  const regions: Region[] = []
  let end = 0
  for (const region of claimed) {
    if (region.startByte > end) regions.push({ kind: 'gap', name: '', startByte: end, endByte: region.startByte })
    regions.push(region)
    end = region.endByte
  }
  return regions
}

/** The disk of the original job's log. */
export function emmcPlan(): DiskPlan {
  return samplePlan(
    15_269_888,
    [
      { name: 'kernel', first: 33_792, last: 164_863, fs: 'boot.img', payloadBytes: 15_794_031 },
      { name: 'program', first: 164_864, last: 689_151, payloadBytes: 60 * MIB },
      { name: 'data', first: 689_152, last: 7_180_799 },
      { name: 'backup', first: 7_180_800, last: 13_672_446 },
      { name: 'others', first: 13_672_447, last: 15_245_311 },
    ],
    'linux_burn_image',
  )
}
