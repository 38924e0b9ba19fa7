/** Damaged hash partitions: whatever a byte of superblock or tree becomes, checking ends, with a finding or without. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadReadings } from '../../src/filesystems/registry.js'
import { planVerity, smallestVerityBytes } from '../../src/filesystems/verity/plan.js'
import { overlayImages } from '../../src/image/compose.js'
import { type DiskImage, ImageBuilder, imageOfBytes } from '../../src/image/extent.js'
import { checkImage } from '../../src/inspect/check-image.js'
import { openDiskImage } from '../../src/inspect/open-image.js'
import { gptGeometry } from '../../src/tables/gpt/geometry.js'
import { encodeGpt } from '../../src/tables/gpt/writer.js'

const READINGS = await loadReadings()

const SECTOR = 512
const DATA_BYTES = 1 << 20
const DISK_BYTES = 4 << 20
const DATA_AT = 1 << 20
const HASHES_AT = 2 << 20
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const ENVIRONMENT = { time: { seconds: 0, nanoseconds: 0 }, uuid: UUID, offsetBytes: 0, sectorSize: SECTOR }
/** In blocks of 4 KiB. */
const TREE_AT = 4096
const SIGNATURE_BYTES = 8
const SUPERBLOCK_BYTES = 512
const RUNS = process.env.DISKLOOM_DEEP === undefined ? 150 : 10_000

const data = imageOfBytes(Buffer.from(Array.from({ length: DATA_BYTES }, (_, index) => (index >> 9) & 0xff)))
const hashBytes = smallestVerityBytes(DATA_BYTES, {})
const hashes = planVerity({ sizeBytes: DATA_BYTES, content: () => data }, hashBytes, {}, ENVIRONMENT).encode()

function diskWith(area: DiskImage): DiskImage {
  const partition = (number: number, at: number, bytes: number, name: string) => ({
    number,
    name,
    typeGuid: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    uuid: `01234567-89ab-4cde-8f01-23456789abc${number}`,
    firstLba: at / SECTOR,
    endLba: (at + bytes) / SECTOR,
    attributes: 0n,
  })
  const geometry = gptGeometry(DISK_BYTES, { sectorSize: SECTOR, entries: 128 })
  const table = encodeGpt(geometry, UUID, [
    partition(1, DATA_AT, DATA_BYTES, 'data'),
    partition(2, HASHES_AT, hashBytes, 'hashes'),
  ])
  const contents = new ImageBuilder(DISK_BYTES).image(DATA_AT, data).image(HASHES_AT, area).finish()
  return overlayImages(table, contents)
}

function bytesOf({ extents, sizeBytes }: DiskImage): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  for (const { offset, source } of extents) if (source.kind === 'bytes') bytes.set(source.bytes, offset)
  return bytes
}

describe('a damaged hash partition', () => {
  const sound = bytesOf(hashes)

  it('is told from a sound one', () => {
    const { findings, checked } = checkImage(
      openDiskImage(diskWith(imageOfBytes(sound)), { name: 'disk', format: 'raw', readings: READINGS }),
    )
    expect(findings).toEqual([])
    expect(checked.at(-1)).toContain('hashes of "data"')
  })

  const findingsOf = (bytes: Uint8Array) =>
    checkImage(openDiskImage(diskWith(imageOfBytes(bytes)), { name: 'disk', format: 'raw', readings: READINGS }))
      .findings
  const changesFrom = (min: number, max: number) =>
    fc.array(fc.tuple(fc.integer({ min, max }), fc.nat(255)), { minLength: 1, maxLength: 4 })
  const changed = (changes: readonly (readonly [at: number, value: number])[]): Buffer => {
    const bytes = Buffer.from(sound)
    for (const [at, value] of changes) bytes[at] = value
    return bytes
  }

  it('is found by any byte of its tree, padding included', () => {
    fc.assert(
      fc.property(changesFrom(TREE_AT, sound.length - 1), (changes) => {
        const bytes = changed(changes)
        expect(findingsOf(bytes)).toHaveLength(bytes.equals(sound) ? 0 : 1)
      }),
      { numRuns: RUNS },
    )
  })

  it('ends checking, whatever its superblock says', () => {
    fc.assert(
      fc.property(changesFrom(SIGNATURE_BYTES, SUPERBLOCK_BYTES - 1), (changes) => {
        expect(findingsOf(changed(changes)).length).toBeLessThan(2)
      }),
      { numRuns: RUNS },
    )
  })
})
