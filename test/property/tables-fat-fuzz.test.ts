/**
 * Damaged tables and FAT volumes: what is there, findings, or an error of ours, in bounded time and memory; never a crash, a
 * hang or a bug. What is read without a finding holds together.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32 } from '../../src/bytes/crc32.js'
import { MAX_FINDINGS } from '../../src/bytes/findings.js'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { FormatError } from '../../src/errors.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { openFatVolume } from '../../src/filesystems/fat/reader/open-fat-volume.js'
import { overlayImages, sliceImage } from '../../src/image/compose.js'
import { type DiskImage, ImageBuilder, imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { gptGeometry } from '../../src/tables/gpt/geometry.js'
import { encodeGpt } from '../../src/tables/gpt/writer.js'
import { encodeMbr } from '../../src/tables/mbr/writer.js'
import { readTable } from '../../src/tables/table-reader.js'
import { type DirectoryNode, emptyTree, walkTree } from '../../src/tree/file-tree.js'
import { readBytes } from '../support/read-content.js'

const RUNS = process.env.DISKLOOM_DEEP === undefined ? 500 : 10_000
const MOST_SECONDS = 10
const MOST_GROWTH_BYTES = 300 << 20
const TIMEOUT = { timeout: 1_800_000 }
const MIB = 1 << 20
const MTIME = { seconds: 1_700_000_000, nanoseconds: 0 }

/** Stretches of the image in which most changes are made. */
type Stretch = readonly [start: number, end: number]

interface Subject {
  readonly image: DiskImage
  readonly stretches: readonly Stretch[]
}

function bytesOf(image: DiskImage): Buffer {
  return Buffer.from(readBytes(image))
}

/** 1, 2 or 4 bytes at places that matter, with the numbers at which limits are. */
function changesOf({ stretches, image }: Subject): fc.Arbitrary<readonly [at: number, bytes: Uint8Array][]> {
  const at = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(...stretches).chain(([start, end]) => fc.integer({ min: start, max: end - 5 })),
    },
    { weight: 1, arbitrary: fc.nat({ max: image.sizeBytes - 5 }) },
  )
  const number = fc.oneof(
    fc.nat({ max: 0xffffffff }),
    fc.nat({ max: 300 }),
    fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xfff7, 0xffff, 0x0ffffff7, 0x0fffffff, 0x7fffffff, 0xffffffff),
  )
  const bytes = fc.tuple(fc.constantFrom(1, 1, 2, 4), number).map(([size, value]) => {
    const all = Buffer.alloc(4)
    all.writeUInt32LE(value)
    return new Uint8Array(all.subarray(0, size))
  })
  return fc.array(fc.tuple(at, bytes), { minLength: 1, maxLength: 6 })
}

function changed(image: DiskImage, changes: readonly (readonly [at: number, bytes: Uint8Array])[]): DiskImage {
  return changes.reduce(
    (result, [at, bytes]) => overlayImages(result, new ImageBuilder(image.sizeBytes).bytes(at, bytes).finish()),
    image,
  )
}

/** Every subject `RUNS` times, cut off somewhere in one of five. */
function fuzz(subject: Subject, read: (view: ImageView) => void): void {
  const length = fc.oneof(
    { weight: 4, arbitrary: fc.constant(subject.image.sizeBytes) },
    fc.nat(subject.image.sizeBytes),
  )
  const before = process.memoryUsage().rss
  fc.assert(
    fc.property(changesOf(subject), length, (changes, sizeBytes) => {
      const whole = changed(subject.image, changes)
      const started = performance.now()
      read(ImageView.of(sliceImage(whole, 0, sizeBytes), 'damaged'))
      expect((performance.now() - started) / 1000).toBeLessThan(MOST_SECONDS)
    }),
    { numRuns: RUNS },
  )
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES)
}

/** What `read` gives; undefined where it throws as it may. */
function orFormatError<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    expect((error as FormatError).message).toMatch(/^Cannot read .* at byte \d+ of "damaged": .* is expected$/s)
    return undefined
  }
}

function sampleTree(): DirectoryNode {
  const root = emptyTree(MTIME)
  let parent = root
  for (const [index, size] of [3000, 1, 0, 70_000, 513].entries()) {
    const content = imageOfBytes(Buffer.alloc(size, index + 1))
    for (const name of [`FILE${index}.TXT`, `a longer name ${index} with ünïcode`]) {
      parent.children.set(byteString(name), { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, content })
    }
    const child = emptyTree(MTIME)
    parent.children.set(byteString(`folder ${index}`), child)
    if (index % 2 === 0) parent = child
  }
  return root
}

function fatSubject(type: FatFormatOptions['type'], sizeBytes: number): Subject {
  const environment = { time: MTIME, uuid: '1a2b3c4d-0000-5000-8000-000000000000', offsetBytes: MIB, sectorSize: 512 }
  const options = { type, cluster_size: 512, label: 'FUZZ' }
  const image = imageOfBytes(bytesOf(fatFormat.plan(sampleTree(), sizeBytes, options, environment).encode()))
  const metadata = openFatVolume(ImageView.of(image, 'whole'))
    .usedStretches()
    .filter(({ use }) => use === 'metadata')
  const [front, ...directories] = metadata.map(({ offset, length }): Stretch => [offset, offset + length])
  const boot: Stretch = [0, 100]
  const fat = bytesOf(image).readUInt16LE(14) * 512
  // The used part of the FAT, the root of FAT12 and FAT16 at the end of what is in front, FSInfo.
  return {
    image,
    stretches: [boot, [512 + 480, 1024], [fat, fat + 800], [front![1] - 16_384, front![1]], ...directories],
  }
}

it.each([
  ['fat12', 1 * MIB],
  ['fat16', 3 * MIB],
  ['fat32', 2 * MIB],
] as const)('%s', TIMEOUT, (type, sizeBytes) => {
  let opened = 0
  let silent = 0
  fuzz(fatSubject(type, sizeBytes), (view) => {
    const volume = orFormatError(() => openFatVolume(view))
    if (volume === undefined) return
    opened++
    orFormatError(() => volume.summary)
    const findings = orFormatError(() => volume.check())
    const tree = orFormatError(() => volume.tree())
    const used = orFormatError(() => volume.usedStretches())
    expect(findings!.length).toBeLessThanOrEqual(MAX_FINDINGS)
    if (findings!.length === 0) {
      silent++
      expect(tree).toBeDefined()
      expect(used).toBeDefined()
    }
    for (const { offset, length } of used ?? []) expect(offset + length).toBeLessThanOrEqual(2 ** 53)
    if (tree === undefined) return
    for (const [path, node] of [...walkTree(tree)].slice(0, 6)) {
      const names = path === '' ? [] : (path.split('/') as ByteString[])
      orFormatError(() => volume.details(names))
      const found = orFormatError(() => volume.find(names))
      if (node.type !== 'file') continue
      expect(found).toMatchObject({ type: 'file', mtime: node.mtime, content: { sizeBytes: node.content.sizeBytes } })
    }
  })
  expect(opened).toBeGreaterThan(RUNS / 4)
  expect(silent).toBeGreaterThan(0)
})

const GUIDS = [1, 2, 3, 4].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`)

function gptSubject(sectorSize: 512 | 4096, isHybrid: boolean): Subject {
  const geometry = gptGeometry(MIB, { sectorSize, entries: 128 })
  const partitions = [0, 1, 2].map((index) => ({
    number: index + 1,
    typeGuid: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    uuid: GUIDS[index]!,
    firstLba: geometry.firstUsableLba + 8 * index,
    endLba: geometry.firstUsableLba + 8 * (index + 1),
    attributes: 0n,
    name: `p${index}`,
  }))
  const image = bytesOf(encodeGpt(geometry, GUIDS[3]!, partitions))
  if (isHybrid) image.set([0x80, 0, 2, 0, 0x0c, 0, 0, 0, geometry.firstUsableLba, 0, 0, 0, 8, 0, 0, 0], 446 + 16)
  const headers = [geometry.headerLba, geometry.backupHeaderLba].map(
    (lba): Stretch => [lba * sectorSize, lba * sectorSize + 92],
  )
  const arrays = [geometry.arrayLba, geometry.backupArrayLba].map(
    (lba): Stretch => [lba * sectorSize, lba * sectorSize + 4 * 128],
  )
  return { image: imageOfBytes(image), stretches: [[440, 512], ...headers, ...arrays] }
}

/** With the sums of a GPT made right again in half of all cases: what a sum protects is looked at, too. */
function mended(view: ImageView, sectorSize: number): ImageView {
  const bytes = bytesOf(view.slice(0, view.sizeBytes, 'all'))
  for (const at of [sectorSize, view.sizeBytes - sectorSize]) {
    if (at + 92 > bytes.length || bytes.toString('latin1', at, at + 8) !== 'EFI PART') continue
    const array = Number(bytes.readBigUInt64LE(at + 72)) * sectorSize
    const length = bytes.readUInt32LE(at + 80) * bytes.readUInt32LE(at + 84)
    if (array + length <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(array, array + length)), at + 88)
    bytes.writeUInt32LE(0, at + 16)
    const headerSize = bytes.readUInt32LE(at + 12)
    if (at + headerSize <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(at, at + headerSize)), at + 16)
  }
  return ImageView.of(imageOfBytes(bytes), 'damaged')
}

function expectSoundOrFindings(view: ImageView): boolean {
  const table = orFormatError(() => readTable(view))
  if (table === undefined) return false
  expect(table.findings.length).toBeLessThanOrEqual(MAX_FINDINGS)
  for (const { sizeBytes } of table.partitions) expect(sizeBytes).toBeGreaterThan(0)
  if (table.findings.length > 0) return true
  let end = 0
  for (const { startByte, sizeBytes } of table.partitions.toSorted((a, b) => a.startByte - b.startByte)) {
    expect(startByte).toBeGreaterThanOrEqual(Math.max(end, table.sectorSize))
    end = startByte + sizeBytes
  }
  expect(end).toBeLessThanOrEqual(view.sizeBytes)
  return true
}

it.each([
  ['GPT', gptSubject(512, false), 512],
  ['GPT, sectors of 4096', gptSubject(4096, false), 4096],
  ['hybrid', gptSubject(512, true), 512],
] as const)('%s', TIMEOUT, (_, subject, sectorSize) => {
  let read = 0
  let turn = 0
  fuzz(subject, (view) => {
    if (expectSoundOrFindings(turn++ % 2 === 0 ? view : mended(view, sectorSize))) read++
  })
  expect(read).toBeGreaterThan(RUNS / 2)
})

it('MBR with logical partitions', TIMEOUT, () => {
  const logical = [0, 1, 2].map((index) => ({
    type: 0x83,
    active: false,
    ebrLba: 200 + 100 * index,
    firstLba: 210 + 100 * index,
    endLba: 250 + 100 * index,
  }))
  const primary = [{ number: 1, type: 0x0c, active: true, firstLba: 8, endLba: 100 }]
  const table = { diskSizeBytes: MIB, sectorSize: 512, signature: 7, primary, extended: { number: 2, logical } }
  const image = imageOfBytes(bytesOf(encodeMbr(table)))
  const ends = [0, 200, 300, 400].map((lba): Stretch => [lba * 512 + 440, lba * 512 + 512])
  let read = 0
  fuzz({ image, stretches: ends }, (view) => {
    if (expectSoundOrFindings(view)) read++
  })
  expect(read).toBeGreaterThan(RUNS / 2)
})
