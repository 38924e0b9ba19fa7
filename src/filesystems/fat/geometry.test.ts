import { describe, expect, it } from 'vitest'
import { type FatGeometry, type GeometryRequest, isRefusal, planGeometry } from './geometry.js'
import { geometryWarnings } from './warnings.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

function geometryOf(sizeBytes: number, request: Partial<GeometryRequest> = {}): FatGeometry {
  const geometry = planGeometry({ sizeBytes, sectorSize: 512, ...request })
  if (isRefusal(geometry)) throw new Error(`refused: ${geometry.reason}`)
  return geometry
}

function refusalOf(sizeBytes: number, request: Partial<GeometryRequest> = {}): string {
  const geometry = planGeometry({ sizeBytes, sectorSize: 512, ...request })
  return isRefusal(geometry) ? geometry.reason : 'accepted'
}

describe('planGeometry', () => {
  // Against mkfs.fat itself: test/oracle/fat-geometry.test.ts. These are the lines that people know.
  it.each([
    [1 * MIB, 12, 2 * KIB],
    [8 * MIB, 12, 2 * KIB],
    [16 * MIB, 16, 2 * KIB],
    [64 * MIB, 16, 2 * KIB],
    [511 * MIB, 16, 8 * KIB],
    [512 * MIB - 512, 16, 8 * KIB],
    [512 * MIB, 32, 4 * KIB],
    [8 * GIB, 32, 4 * KIB],
    [8 * GIB + 512, 32, 8 * KIB],
    [16 * GIB + 512, 32, 16 * KIB],
    [32 * GIB + 512, 32, 32 * KIB],
  ])('%i bytes are FAT%i with clusters of %i bytes', (size, width, cluster) => {
    expect(geometryOf(size)).toMatchObject({ width, clusterBytes: cluster })
  })

  it('gives FAT32 of 32 MiB its few clusters, and 33 MiB enough', () => {
    expect(geometryOf(32 * MIB, { width: 32 }).clusters).toBe(64_496)
    expect(geometryOf(33 * MIB, { width: 32 }).clusters).toBe(66_512)
  })

  it('knows a 1.44 MB floppy', () => {
    expect(geometryOf(1440 * KIB)).toMatchObject({
      width: 12,
      clusterSectors: 1,
      rootEntries: 224,
      media: 0xf0,
      driveNumber: 0,
      sectorsPerTrack: 18,
      heads: 2,
      fatSectors: 9,
      clusters: 2847,
    })
  })

  it('rounds down to whole tracks', () => {
    expect(geometryOf(64 * MIB + 31 * 512).totalSectors).toBe((64 * MIB) / 512)
    expect(geometryOf(64 * MIB + 32 * 512).totalSectors).toBe((64 * MIB) / 512 + 32)
  })

  it('ends at 2^32 - 1 sectors and says what is left', () => {
    const geometry = geometryOf(2 ** 41)
    expect(geometry).toMatchObject({ totalSectors: Math.floor(0xffffffff / 63) * 63, excessSectors: 1 })
    expect(geometryWarnings(geometry)).toHaveLength(1)
  })

  it.each<[string, number, Partial<GeometryRequest>]>([
    ['too-small', 512, {}],
    ['too-little-data', 48 * KIB, {}],
    ['too-small', 8 * MIB, { width: 16, clusterSectors: 4 }],
    ['too-large', 1 * GIB, { width: 12, clusterSectors: 128 }],
    ['too-large', 5 * GIB, { width: 16 }],
    ['too-large', 1024 * GIB, { width: 32, clusterSectors: 1 }],
    ['reserved-sectors', 64 * MIB, { width: 32, reservedSectors: 65535, clusterSectors: 8 }],
  ])('refuses as %s: %i bytes %o', (reason, size, request) => {
    expect(refusalOf(size, request)).toBe(reason)
  })
})

describe('geometryWarnings', () => {
  it.each<[number, Partial<GeometryRequest>, RegExp]>([
    [32 * MIB, { width: 32 }, /FAT32 with 64,496 clusters/],
    [34 * MIB, { width: 32, reservedSectors: 2, clusterSectors: 1 }, /2 reserved sectors: no room for the backup/],
    [64 * GIB, { width: 32, clusterSectors: 128 }, /Clusters of 64 KiB/],
  ])('warns at %i bytes %o', (size, request, text) => {
    const warnings = geometryWarnings(geometryOf(size, request))
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(text)])
  })

  it('warns of FAT12 and FAT16 close to their lines, from 16 clusters on not', () => {
    const sectorsPerCluster = 4
    const seen = new Map<number, boolean>()
    for (let sectors = 16_000; sectors < 17_000; sectors += 16) {
      const request = planGeometry({ sizeBytes: sectors * 512, sectorSize: 512, clusterSectors: sectorsPerCluster })
      if (!isRefusal(request)) seen.set(request.clusters, geometryWarnings(request).length > 0)
    }
    for (const [clusters, warned] of seen) expect(warned, `${clusters} clusters`).toBe(Math.abs(clusters - 4085) < 16)
    expect([...seen.values()]).toContain(true)
  })

  it('has nothing to say about usual volumes', () => {
    for (const size of [4 * MIB, 33 * MIB, 64 * MIB, 256 * MIB, 1 * GIB, 32 * GIB]) {
      expect(geometryWarnings(geometryOf(size)), `${size}`).toEqual([])
    }
    expect(geometryWarnings(geometryOf(33 * MIB, { width: 32 }))).toEqual([])
  })
})
