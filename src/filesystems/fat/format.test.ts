import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../bytes/text.js'
import { DiskloomError } from '../../errors.js'
import type { DiskImage } from '../../image/extent.js'
import { type DirectoryNode, EPOCH_1980, emptyTree, type FileNode } from '../../tree/file-tree.js'
import type { VolumeEnvironment } from '../volume.js'
import { fitsIn, planContents } from './contents.js'
import { type FatFormatOptions, fatFormat } from './format.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0, mtime: EPOCH_1980 }
const ENVIRONMENT: VolumeEnvironment = {
  time: EPOCH_1980,
  uuid: '1a2b3c4d-0000-5000-8000-000000000000',
  offsetBytes: 1 * MIB,
  sectorSize: 512,
}

function file(sizeBytes = 0): FileNode {
  return { type: 'file', ...ATTRIBUTES, content: { sizeBytes, extents: [] } }
}

function folder(children: Record<string, FileNode> = {}): DirectoryNode {
  const node = emptyTree(EPOCH_1980)
  for (const [name, child] of Object.entries(children)) node.children.set(byteString(name), child)
  return node
}

function plan(tree: DirectoryNode, sizeBytes: number, options: Partial<FatFormatOptions> = {}, environment = {}) {
  return fatFormat.plan(tree, sizeBytes, { type: 'fat', ...options }, { ...ENVIRONMENT, ...environment })
}

/** The problems of a plan that must fail, with the error's code in front. */
function problemsOf(tree: DirectoryNode, sizeBytes: number, options: Partial<FatFormatOptions> = {}, environment = {}) {
  try {
    plan(tree, sizeBytes, options, environment)
  } catch (error) {
    if (error instanceof DiskloomError) return error.problems.map(({ message }) => `${error.code}: ${message}`)
    throw error
  }
  throw new Error('accepted')
}

function coveredBytes(image: DiskImage, kind: 'bytes' | 'fill' | 'file'): number {
  return image.extents.reduce((sum, { source, length }) => sum + (source.kind === kind ? length : 0), 0)
}

describe('fatFormat.plan', () => {
  it('says what it decided', () => {
    const planned = plan(folder({ MLO: file(5000) }), 64 * MIB + 512, { type: 'fat32', label: 'BOOT' })
    expect(planned.format).toBe('fat32')
    expect(planned.sizeBytes).toBe(64 * MIB)
    expect(planned.facts).toEqual({
      fat_type: 'fat32',
      cluster_size: 512,
      clusters: 129_022,
      free_clusters: 129_022 - 1 - 10,
      reserved_sectors: 32,
      fats: 2,
      sectors_per_fat: 1009,
      root_entries: 0,
      label: 'BOOT',
      volume_id: '1A2B-3C4D',
    })
    expect(planned.warnings).toEqual([])
    expect(planned.encode().sizeBytes).toBe(64 * MIB + 512)
  })

  it('keeps the tables of an empty 2 TiB out of memory', () => {
    const image = plan(folder(), 2048 * GIB).encode()
    expect(coveredBytes(image, 'bytes')).toBeLessThan(4 * KIB)
    expect(coveredBytes(image, 'fill')).toBeGreaterThan(500 * MIB)
  })

  it('writes zeros where a file has holes and behind its end, and nothing in free clusters', () => {
    const content: DiskImage = {
      sizeBytes: 5000,
      extents: [{ offset: 1000, length: 500, source: { kind: 'bytes', bytes: new Uint8Array(500).fill(7) } }],
    }
    const image = plan(folder({ A: { type: 'file', ...ATTRIBUTES, content } }), 1 * MIB).encode()
    const dataStart =
      image.extents.find(({ source, length }) => source.kind === 'bytes' && length === 500)!.offset - 1000
    expect(image.extents.filter(({ offset }) => offset >= dataStart)).toEqual([
      { offset: dataStart, length: 1000, source: { kind: 'fill', byte: 0 } },
      { offset: dataStart + 1000, length: 500, source: expect.objectContaining({ kind: 'bytes' }) },
      { offset: dataStart + 1500, length: 6 * KIB - 1500, source: { kind: 'fill', byte: 0 } },
    ])
  })

  it('gives the same value whatever the order of insertion', () => {
    const names = ['b.txt', 'a.txt', 'Longer name.text', 'longer names.text', 'Ünïcode']
    const one = plan(folder(Object.fromEntries(names.map((name) => [name, file(10)]))), 1 * MIB).encode()
    const two = plan(folder(Object.fromEntries(names.toReversed().map((name) => [name, file(10)]))), 1 * MIB).encode()
    expect(two).toEqual(one)
  })

  it('leaves out with a warning what it cannot hold, where lossy', () => {
    const tree = folder({
      kept: file(1),
      link: { type: 'symlink', ...ATTRIBUTES, target: byteString('kept') },
      'a:b': { type: 'symlink', ...ATTRIBUTES, target: byteString('kept') },
      null: { type: 'char', ...ATTRIBUTES, major: 1, minor: 3 },
      mine: { ...file(1), uid: 1000 },
    })
    const { warnings, facts } = plan(tree, 1 * MIB, { lossy: true })
    expect(warnings.map(({ message }) => message)).toEqual([
      'Left out of FAT: 2 symbolic links: a:b, link',
      'Left out of FAT: 1 character device: null',
      'Dropped in FAT: owners or extended attributes of 1 path: mine',
    ])
    expect(Number(facts.clusters) - Number(facts.free_clusters)).toBe(2)
  })

  it('warns of names that Windows takes for devices, and of what trips readers', () => {
    const { warnings } = plan(folder({ 'aux.c': file() }), 16 * MIB, {
      type: 'fat32',
      label: 'boot',
      root_entries: 64,
      fats: 3,
    })
    expect(warnings.map(({ message }) => message)).toEqual([
      'FAT label "boot" has lower case, which some systems do not show or find',
      '3 FATs: fsck.fat and some firmware read at most 2',
      'root_entries has no effect on FAT32, whose root directory grows like any other',
      'Windows cannot open 1 name that it takes for devices: aux.c',
      'FAT32 with 31,986 clusters: readers that go by the number of clusters (mtools, Windows) take less than 65,525, some a few more, for FAT16',
    ])
  })

  it('tells everything that FAT cannot hold at once', () => {
    const tree = folder({
      etc: folder({
        'a:b': file(),
        README: file(),
        readme: file(),
        link: { type: 'symlink', ...ATTRIBUTES, target: byteString('x') },
      }),
      'big.img': file(4 * GIB),
      'ok.img': file(4 * GIB - 1),
      run: { type: 'fifo', ...ATTRIBUTES },
      shadow: { ...file(), gid: 42 },
      caps: { ...file(), xattrs: new Map([['security.capability', new Uint8Array(20)]]) },
    })
    tree.children.set('caf\xe9' as ByteString, file())
    expect(problemsOf(tree, 64 * MIB)).toEqual([
      'FORMAT: Cannot write 1 fifo to FAT: run; accepted are files and folders',
      'FORMAT: Cannot write 1 symbolic link to FAT: etc/link; accepted are files and folders',
      'FORMAT: Cannot write owners or extended attributes of 2 paths: caps, shadow; accepted is owner 0:0',
      'FORMAT: Cannot write 2 names to FAT: caf\\xe9 (not UTF-8), etc/a:b (has :); accepted is UTF-8 of 1 to 255 UTF-16 units, without control characters and " * / : < > ? \\ |, not ending with a dot or a blank',
      'FORMAT: Cannot write 1 pair of names to FAT: etc/README and etc/readme differ in case only, accepted are names that differ in more',
      'FORMAT: Cannot write 1 file to FAT: big.img (4,294,967,296 bytes), at most 4 GiB - 1 (4,294,967,295 bytes)',
    ])
  })

  it('names twenty paths and counts the others', () => {
    const link: FileNode = { type: 'symlink', ...ATTRIBUTES, target: byteString('x') }
    const tree = folder(Object.fromEntries(Array.from({ length: 1234 }, (_, index) => [`l${1000 + index}`, link])))
    const [problem] = problemsOf(tree, 1 * MIB)
    expect(problem).toMatch(
      /^FORMAT: Cannot write 1,234 symbolic links to FAT: l1000, .* l1019 and 1,214 more; accepted/,
    )
  })

  it('holds 65,536 slots in a folder and refuses one more', () => {
    const names = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`F${index}`, file()]))
    expect(plan(folder({ D: folder(names(65_534)) }), 64 * MIB).format).toBe('fat16')
    expect(problemsOf(folder({ D: folder(names(65_535)) }), 64 * MIB)).toEqual([
      'FORMAT: Cannot write 1 folder to FAT: D (65,537) slots needed, at most 65,536 (2 MiB)',
    ])
  })

  it('counts the slots of a FAT16 root, its label included', () => {
    const names = Object.fromEntries(Array.from({ length: 512 }, (_, index) => [`F${index}`, file()]))
    expect(plan(folder(names), 64 * MIB).facts.root_entries).toBe(512)
    expect(problemsOf(folder(names), 64 * MIB, { label: 'X' })).toEqual([
      'LAYOUT: Cannot fit the root folder into FAT16 of 64 MiB: needs 513 slots, available are 512',
    ])
    expect(plan(folder(names), 64 * MIB, { label: 'X', root_entries: 513 }).facts.root_entries).toBe(576)
    expect(plan(folder(names), 64 * MIB, { label: 'X', type: 'fat32' }).format).toBe('fat32')
  })

  it.each<[string, Partial<FatFormatOptions>, number, string]>([
    [
      'no room for the payload',
      {},
      1 * MIB,
      'LAYOUT: Cannot fit the payload into FAT12 of 1 MiB: needs 3,000,320 bytes (1,465 clusters of 2 KiB), available are 1,028,096 bytes (502 clusters); the largest are A (2.86 MiB)',
    ],
    [
      'too small for FAT16',
      { type: 'fat16' },
      2 * MIB,
      'LAYOUT: Cannot format FAT16 in 2 MiB: gives 1,013 clusters of 2 KiB, accepted for FAT16 are 4,087 to 65,524',
    ],
    [
      'too large for FAT12',
      { type: 'fat12' },
      1 * GIB,
      'LAYOUT: Cannot format FAT12 in 1 GiB: gives 16,379 clusters of 64 KiB, accepted for FAT12 are 1 to 4,084',
    ],
    [
      'not even a boot sector',
      {},
      0,
      'LAYOUT: Cannot format FAT in 0 B: gives 0 clusters of 2 KiB, accepted for FAT12 are 1 to 4,084',
    ],
    [
      'tables and nothing else',
      {},
      48 * KIB,
      'LAYOUT: Cannot format FAT in 48 KiB: less than 32 KiB are left for data, accepted are 32 KiB',
    ],
  ])('refuses a size: %s', (_name, options, size, message) => {
    expect(problemsOf(folder({ A: file(3_000_000) }), size, options)).toEqual([message])
  })

  it('says which size would do', () => {
    const tree = folder({ A: file(3_000_000) })
    const smallest = fatFormat.smallestSizeBytes(tree, { type: 'fat' }, ENVIRONMENT)
    try {
      plan(tree, 1 * MIB)
      expect.unreachable()
    } catch (error) {
      const size = String(smallest).replace(/\B(?=(?:\d{3})+$)/g, ',')
      expect((error as DiskloomError).hint).toContain(`The smallest volume that holds it has ${size} bytes`)
    }
  })

  it.each<[Partial<FatFormatOptions>, string]>([
    [{ label: 'BOOT-PARTITION' }, 'Cannot write FAT label "BOOT-PARTITION": 14 bytes, at most 11'],
    [
      { label: 'A.B' },
      'Cannot write FAT label "A.B": has ".", accepted is ASCII without " * + , . / : ; < = > ? [ \\ ] |',
    ],
    [{ label: 'Ü' }, 'Cannot write FAT label "Ü": has "Ü", accepted is ASCII without " * + , . / : ; < = > ? [ \\ ] |'],
    [{ label: ' A' }, 'Cannot write FAT label " A": begins with a blank, accepted are labels that do not'],
    [{ cluster_size: 3000 }, 'Cannot use FAT clusters of 3,000 bytes: accepted are powers of two from 512 B to 64 KiB'],
    [{ cluster_size: 256 }, 'Cannot use FAT clusters of 256 bytes: accepted are powers of two from 512 B to 64 KiB'],
    [{ fats: 0 }, 'Cannot write 0 FATs: accepted are 1 to 4'],
    [{ reserved_sectors: 0 }, 'Cannot reserve 0 sectors: accepted are 1 to 65,535'],
    [{ reserved_sectors: 1, type: 'fat32' }, 'Cannot reserve 1 sectors: accepted are 2 to 65,535'],
    [{ root_entries: 8 }, 'Cannot make a FAT root directory of 8 slots: accepted are 16 to 32,768'],
    [{ media: 0xf1 }, 'Cannot write FAT media descriptor 0xf1: accepted are 0xF0 and 0xF8 to 0xFF'],
    [{ volume_id: 2 ** 32 }, 'Cannot write FAT volume id 4294967296: accepted are 0 to 0xFFFFFFFF'],
    [{ oem: 'DISKLOOM1' }, 'Cannot write FAT OEM name "DISKLOOM1": accepted are at most 8 ASCII characters'],
    [
      { time_zone: 'Europe/Berlin' },
      'Cannot use time zone "Europe/Berlin" for FAT: accepted are UTC and fixed offsets like +01:00',
    ],
    [{ order: ['MLO'] }, 'Cannot put MLO first: not in the payload, accepted are paths of files and folders in it'],
  ])('refuses %o', (options, message) => {
    expect(problemsOf(folder(), 64 * MIB, options)).toEqual([`FORMAT: ${message}`])
  })

  it('refuses a place that is not on a sector', () => {
    expect(problemsOf(folder(), 64 * MIB, {}, { offsetBytes: 17 * KIB, sectorSize: 4096 })).toEqual([
      'FORMAT: Cannot place a FAT volume at byte 17408: accepted are multiples of its sectors of 4096 bytes',
    ])
  })
})

describe('fatFormat.smallestSizeBytes', () => {
  it.each<[string, number[], FatFormatOptions, number]>([
    ['nothing', [], { type: 'fat' }, 512],
    ['one byte', [1], { type: 'fat' }, 512],
    ['a floppy’s worth', [700 * KIB], { type: 'fat', label: 'X' }, 512],
    ['below the alignment', [1 * MIB, 5], { type: 'fat' }, 512],
    ['above the alignment', [2_100 * KIB, 2_000 * KIB, 1], { type: 'fat' }, 512],
    ['FAT12 forced', [500 * KIB, 1], { type: 'fat12', cluster_size: 512 }, 512],
    ['FAT16 forced', [1], { type: 'fat16' }, 512],
    ['FAT32 forced', [1000, 1000], { type: 'fat32' }, 512],
    ['FAT32 with large clusters', [1000, 1000], { type: 'fat32', cluster_size: 32 * KIB, fats: 1 }, 512],
    ['sectors of 4 KiB', [100_000, 1], { type: 'fat' }, 4096],
  ])('is exact: no smaller size is accepted (%s)', (_name, sizes, options, sectorSize) => {
    const tree = folder(Object.fromEntries(sizes.map((size, index) => [`F${index}`, file(size)])))
    const environment = { ...ENVIRONMENT, sectorSize }
    const smallest = fatFormat.smallestSizeBytes(tree, options, environment)
    expect(smallest % sectorSize).toBe(0)
    expect(fatFormat.plan(tree, smallest, options, environment).sizeBytes).toBeLessThanOrEqual(smallest)
    const contents = planContents(tree, options, environment)
    for (let size = smallest - sectorSize; size >= 0; size -= sectorSize) {
      if (fitsIn(contents, size)) expect.fail(`${size} would do, ${smallest} was found`)
    }
  })

  it('finds the size from which FAT32 is chosen, where only that has room for the root', () => {
    const tree = folder(Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`F${index}`, file(1)])))
    expect(fatFormat.smallestSizeBytes(tree, { type: 'fat' }, ENVIRONMENT)).toBe(512 * MIB)
  })

  it('says what no size can hold', () => {
    const twoOfThree = folder({ a: file(3 * GIB), b: file(3 * GIB) })
    expect(() => fatFormat.smallestSizeBytes(twoOfThree, { type: 'fat16' }, ENVIRONMENT)).toThrow(
      'Cannot fit the payload into FAT16 of any size: needs 6,442,450,944 bytes (98,304 clusters of 64 KiB), at most 65,524 clusters in 2.00 TiB',
    )
    const tooMuch = folder(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`F${index}`, file(4 * GIB - 1)])),
    )
    expect(() => fatFormat.smallestSizeBytes(tooMuch, { type: 'fat', cluster_size: 512 }, ENVIRONMENT)).toThrow(
      'Cannot fit the payload into FAT32 of any size: needs 171,798,693,376 bytes (335,544,323 clusters of 512 B), at most 268,435,446 clusters in 2.00 TiB',
    )
    const many = folder(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`F${index}`, file(1)])))
    expect(() => fatFormat.smallestSizeBytes(many, { type: 'fat16' }, ENVIRONMENT)).toThrow(
      'Cannot fit the root folder into FAT16 of any size: needs 3,000 slots, available are 2,048',
    )
  })
})
