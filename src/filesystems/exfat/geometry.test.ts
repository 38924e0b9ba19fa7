import { describe, expect, it } from 'vitest'
import { FAT_ENTRY_BYTES, FIRST_CLUSTER, MAX_CLUSTERS } from './disklayout.js'
import { type GeometryRequest, geometryOf } from './geometry.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const TIB = 1024 * GIB
const REQUEST: GeometryRequest = { sectorSize: 512, offsetBytes: MIB }

describe('geometry of exFAT', () => {
  it.each([
    [MIB, 4 * KIB, 4 * KIB],
    [64 * MIB - 512, 4 * KIB, 4 * KIB],
    [64 * MIB, 4 * KIB, MIB],
    [256 * MIB, 4 * KIB, MIB],
    [256 * MIB + 512, 32 * KIB, MIB],
    [32 * GIB, 32 * KIB, MIB],
    [32 * GIB + 512, 128 * KIB, MIB],
    [3 * TIB, 128 * KIB, MIB],
  ])('%i bytes have clusters of %i and an alignment of %i', (sizeBytes, clusterBytes, alignmentBytes) => {
    expect(geometryOf(REQUEST, sizeBytes)).toMatchObject({ clusterBytes, alignmentBytes, volumeBytes: sizeBytes })
  })

  it('is aligned on the disk, not in the volume', () => {
    const geometry = geometryOf({ ...REQUEST, offsetBytes: 63 * 512, alignmentBytes: 16 * MIB }, 64 * GIB)!
    expect((geometry.fatOffsetBytes + 63 * 512) % (16 * MIB)).toBe(0)
    expect((geometry.heapOffsetBytes + 63 * 512) % (16 * MIB)).toBe(0)
  })

  it('has at most 2^32 - 11 clusters', () => {
    expect(geometryOf({ ...REQUEST, clusterBytes: 512 }, 3 * TIB)!.clusters).toBe(MAX_CLUSTERS)
  })

  it('has none where not one cluster fits', () => {
    expect(geometryOf({ ...REQUEST, clusterBytes: 32 * MIB }, 64 * MIB)).toBeUndefined()
    expect(geometryOf({ ...REQUEST, alignmentBytes: 64 * MIB }, 64 * MIB)).toBeUndefined()
  })

  it('uses all that the FAT leaves, and the FAT has an entry for each cluster', () => {
    for (const sectorSize of [512, 4096]) {
      for (const clusterBytes of [4 * KIB, 32 * KIB, 2 * MIB]) {
        for (const alignmentBytes of [4 * KIB, 64 * KIB, MIB]) {
          for (let sizeBytes = 8 * MIB; sizeBytes < 40 * MIB; sizeBytes += 347 * sectorSize) {
            const request = { sectorSize, offsetBytes: 7 * sectorSize, clusterBytes, alignmentBytes }
            const geometry = geometryOf(request, sizeBytes)!
            const { fatOffsetBytes, fatBytes, heapOffsetBytes, clusters } = geometry
            expect(fatOffsetBytes).toBeGreaterThanOrEqual(24 * sectorSize)
            expect(fatOffsetBytes + fatBytes).toBeLessThanOrEqual(heapOffsetBytes)
            expect(fatBytes).toBeGreaterThanOrEqual((clusters + FIRST_CLUSTER) * FAT_ENTRY_BYTES)
            expect(clusters).toBe(Math.floor((geometry.volumeBytes - heapOffsetBytes) / clusterBytes))
          }
        }
      }
    }
  })
})
