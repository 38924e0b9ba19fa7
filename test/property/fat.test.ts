/**
 * Random trees in random geometries, over a medium that held something else: fsck.fat finds nothing, and a reader that
 * shares no code with the writer (and mcopy, where it can) gives back every name, time and byte; so does the product's reader.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { LayoutError } from '../../src/errors.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { openFatVolume } from '../../src/filesystems/fat/reader/open-fat-volume.js'
import type { DiskImage, Extent } from '../../src/image/extent.js'
import { type DirectoryNode, emptyTree, type FileNode, walkTree } from '../../src/tree/file-tree.js'
import { type FatItem, readFatVolume } from '../support/fat-reader.js'
import { materialize } from '../support/materialize.js'
import { withView } from '../support/open-view.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { readBytes } from '../support/read-content.js'

const RUNS = process.env.DISKLOOM_DEEP ? 4000 : 200
/** Enough for several clusters of slots. */
const MAX_CHILDREN = process.env.DISKLOOM_DEEP ? 25 : 10
const KIB = 1024
const MIB = 1024 * KIB
const USED_MEDIUM = 0xd1

interface FileSpec {
  kind: 'file'
  name: string
  sizeBytes: number
  /** Bytes without an extent at the front: a hole. */
  holeBytes: number
  seconds: number
}
interface FolderSpec {
  kind: 'folder'
  name: string
  seconds: number
  children: NodeSpec[]
}
type NodeSpec = FileSpec | FolderSpec

const FORBIDDEN = /[\x00-\x1f"*/:<>?\\|]/g

/** Anything, made into a name that FAT takes. */
function cleanName(text: string): string {
  const units = text
    .replace(FORBIDDEN, '-')
    .slice(0, 255)
    .replace(/[\ud800-\udbff]$/, '')
    .replace(/[. ]+$/, '')
  return units === '' ? '_' : units
}

const name: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^[A-Z0-9_]{1,8}(\.[A-Z]{1,3})?$/) },
    { weight: 3, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,9}(\.[a-zA-Z]{1,4})?$/) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }).map((number) => `shared prefix ${number}.data`) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((number) => `SHARED~${number}.DAT`) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.constantFrom(12, 13, 14, 26, 27, 254, 255).map((length) => 'n'.repeat(length)) },
    { weight: 1, arbitrary: fc.stringMatching(/^[. +,;=[\]~a]{1,12}$/) },
  )
  .map(cleanName)

/** From before 1980 to after 2107. */
const seconds = fc.oneof(
  fc.integer({ min: 315_532_800, max: 4_354_819_198 }),
  fc.constantFrom(0, 315_532_799, 4_354_819_199, 4_354_819_200, 2 ** 31, 2 ** 33),
)

const sizeBytes = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 2047, 2048, 2049, 4095, 4096, 4097, 32_768, 65_537),
  fc.nat(20_000),
)

const fileSpec: fc.Arbitrary<FileSpec> = fc.record({
  kind: fc.constant('file' as const),
  name,
  sizeBytes,
  holeBytes: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3000) }),
  seconds,
})

const { node } = fc.letrec<{ node: NodeSpec; folder: FolderSpec; file: FileSpec }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('file'), tie('folder')),
  file: fileSpec,
  folder: fc.record({
    kind: fc.constant('folder' as const),
    name,
    seconds,
    children: fc.array(tie('node'), { maxLength: MAX_CHILDREN }),
  }),
}))

const roots = fc.array(node, { maxLength: MAX_CHILDREN })

const geometry = fc
  .record(
    {
      type: fc.constantFrom<FatFormatOptions['type']>('fat', 'fat', 'fat12', 'fat16', 'fat32'),
      sectorSize: fc.constantFrom(512, 512, 512, 4096),
      clusterSectors: fc.constantFrom(1, 1, 2, 4, 8, 64),
      fats: fc.constantFrom(1, 2),
      // With 2, fsck.fat remarks that a backup boot sector has no room.
      reserved_sectors: fc.integer({ min: 3, max: 70 }),
      root_entries: fc.integer({ min: 16, max: 2000 }),
      media: fc.constantFrom(0xf0, 0xf8, 0xfd),
      label: fc.constantFrom('BOOT', 'A', 'ELEVENCHARS', 'WITH BLANK'),
      time_zone: fc.constantFrom('UTC', '+09:00', '-03:30'),
      sizeKib: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 100, max: 6000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 6000, max: 40_000 }) },
        { weight: 1, arbitrary: fc.constantFrom(720, 1440, 2880, 4096, 4097, 8192) },
      ),
    },
    { requiredKeys: ['type', 'sectorSize', 'sizeKib', 'time_zone'] },
  )
  .map(({ sectorSize, clusterSectors, sizeKib, time_zone, ...options }) => ({
    sectorSize,
    sizeBytes: Math.floor((sizeKib * KIB) / sectorSize) * sectorSize,
    options: {
      ...options,
      time_zone,
      ...(clusterSectors !== undefined && { cluster_size: clusterSectors * sectorSize }),
    } satisfies FatFormatOptions,
  }))

/** Bytes that say where they stand. */
const PATTERN = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff))

function contentOf(spec: FileSpec): DiskImage {
  const extents: Extent[] = []
  if (spec.holeBytes < spec.sizeBytes) {
    const length = spec.sizeBytes - spec.holeBytes
    const bytes = PATTERN.subarray(spec.sizeBytes % 251, (spec.sizeBytes % 251) + length)
    extents.push({ offset: spec.holeBytes, length, source: { kind: 'bytes', bytes } })
  }
  return { sizeBytes: spec.sizeBytes, extents }
}

function digestOf(image: DiskImage): string {
  const hash = createHash('sha256')
  for (const { offset, length, source } of image.extents) {
    hash.update(`${offset} ${length} ${source.kind} `)
    if (source.kind === 'bytes') hash.update(source.bytes)
  }
  return hash.digest('hex')
}

function bytesOf(spec: FileSpec): Buffer {
  const bytes = Buffer.alloc(spec.sizeBytes)
  for (const { offset, source } of contentOf(spec).extents) {
    if (source.kind === 'bytes') bytes.set(source.bytes, offset)
  }
  return bytes
}

/** Names that differ in case only (by any rule) are another test's; the first stays. */
function withoutCollisions(children: NodeSpec[]): NodeSpec[] {
  const seen = new Set<string>()
  return children.filter((child) => {
    const key = child.name.toUpperCase().toLowerCase()
    return !seen.has(key) && seen.add(key)
  })
}

function buildTree(children: NodeSpec[], mtime = { seconds: 315_532_800, nanoseconds: 0 }): DirectoryNode {
  const root = emptyTree(mtime)
  for (const child of withoutCollisions(children)) {
    const childTime = { seconds: child.seconds, nanoseconds: 990_000_000 }
    const built: FileNode =
      child.kind === 'folder'
        ? buildTree(child.children, childTime)
        : { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: childTime, content: contentOf(child) }
    root.children.set(byteString(child.name), built)
  }
  return root
}

/** Path → what must come back. */
function expectedItems(children: NodeSpec[], prefix = ''): Map<string, { seconds: number; bytes: Buffer | undefined }> {
  const items = new Map<string, { seconds: number; bytes: Buffer | undefined }>()
  for (const child of withoutCollisions(children)) {
    const path = prefix + child.name
    items.set(path, { seconds: child.seconds, bytes: child.kind === 'file' ? bytesOf(child) : undefined })
    if (child.kind === 'folder') {
      for (const [below, item] of expectedItems(child.children, `${path}/`)) items.set(below, item)
    }
  }
  return items
}

function expectedTime(at: number, zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? ['', '+', '0', '0']
  const local = at + (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
  const clamped = Math.min(Math.max(local, 315_532_800), 4_354_819_199)
  return clamped - (clamped % 2)
}

describeWithTools('FAT of random trees', ['fsck.fat', 'mcopy'], () => {
  const scratch = scratchFolder()
  const image = join(scratch, 'volume.img')
  const target = join(scratch, 'out')

  function compareWithMtools(expected: ReturnType<typeof expectedItems>) {
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target)
    tool('env', 'LC_ALL=C.UTF-8', 'mcopy', '-s', '-n', '-i', image, '::/', target)
    const found = readdirSync(target, { recursive: true, encoding: 'utf8' })
    expect(found.sort()).toEqual([...expected.keys()].sort())
    for (const [path, { bytes }] of expected) {
      if (bytes === undefined) expect(statSync(join(target, path)).isDirectory()).toBe(true)
      else expect(readFileSync(join(target, path)).equals(bytes), path).toBe(true)
    }
  }

  /** The product's own reader, which has only the records from the writer: nothing is wrong, and all comes back. */
  function compareWithReader(
    expected: ReturnType<typeof expectedItems>,
    zone: string,
    label: string | undefined,
    freeClusters: unknown,
  ) {
    const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? ['', '+', '0', '0']
    const offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
    withView(image, (view) => {
      const volume = openFatVolume(view, { offsetMinutes })
      expect(volume.check()).toEqual([])
      expect(volume.summary).toMatchObject({ state: 'clean', facts: { free_clusters: freeClusters } })
      expect(volume.summary.label).toBe(label)
      const [, ...found] = walkTree(volume.tree())
      const nodes = new Map<string, FileNode>(found)
      expect([...nodes.keys()].sort()).toEqual([...expected.keys()].map(byteString).sort())
      for (const [path, { seconds: at, bytes }] of expected) {
        const node = nodes.get(byteString(path))!
        expect([path, node.type]).toEqual([path, bytes === undefined ? 'directory' : 'file'])
        expect([path, node.mtime.seconds + offsetMinutes * 60]).toEqual([path, expectedTime(at, zone)])
        if (node.type === 'file') expect(bytes!.equals(readBytes(node.content)), path).toBe(true)
      }
      // Each way to a node is sought anew, so only some.
      for (const [path, node] of found.slice(0, 3)) {
        const one = volume.find(path.split('/') as ByteString[])
        if (node.type === 'file') expect(one).toEqual(node)
        else expect(one).toMatchObject({ type: 'directory', mtime: node.mtime })
      }
      const used = volume.usedStretches()
      const total = used.reduce((sum, { length }) => sum + length, 0)
      expect(
        used.every(({ offset }, index) => index === 0 || offset >= used[index - 1]!.offset + used[index - 1]!.length),
      ).toBe(true)
      expect(volume.summary.freeBytes).toBeLessThanOrEqual(view.sizeBytes - total)
    })
  }

  /** mtools 4.0.32 garbles surrogate pairs and names in control or private characters; hosts take 255 bytes. */
  function canMtools(expected: ReturnType<typeof expectedItems>): boolean {
    return [...expected.keys()].every((path) => {
      const names = path.split('/')
      return (
        /^[\x20-\x7e\u00a1-\u024f/]*$/.test(path) &&
        names.every((part) => !part.startsWith(' ') && Buffer.byteLength(part) <= 255)
      )
    })
  }

  it('is clean and comes back', () => {
    let built = 0
    let copied = 0
    fc.assert(
      fc.property(roots, geometry, (children, { options, sectorSize, sizeBytes: volumeBytes }) => {
        const environment = {
          time: { seconds: 1_767_225_600, nanoseconds: 0 },
          uuid: '1a2b3c4d-0000-5000-8000-000000000000',
          offsetBytes: 1 * MIB,
          sectorSize,
        }
        const tree = buildTree(children)
        let planned: ReturnType<typeof fatFormat.plan>
        try {
          planned = fatFormat.plan(tree, volumeBytes, options, environment)
        } catch (error) {
          // Does not fit: then it must fit the size that is said to be the smallest.
          if (!(error instanceof LayoutError)) throw error
          let smallest: number
          try {
            smallest = fatFormat.smallestSizeBytes(tree, options, environment)
          } catch (none) {
            if (none instanceof LayoutError) return
            throw none
          }
          expect(() => fatFormat.plan(tree, smallest - sectorSize, options, environment)).toThrow(LayoutError)
          if (smallest > 64 * MIB) return
          planned = fatFormat.plan(tree, smallest, options, environment)
        }
        built++
        materialize(planned.encode(), image, { unspecified: USED_MEDIUM })
        const fsck = runTool('fsck.fat', ['-n', image])
        expect(fsck, fsck.stdout).toMatchObject({ status: 0 })
        expect(fsck.stdout.trim().split('\n'), fsck.stdout).toHaveLength(2)

        const expected = expectedItems(children)
        const volume = readFatVolume(image)
        expect(volume.items.map(({ path }) => path).sort()).toEqual([...expected.keys()].sort())
        for (const item of volume.items) compareItem(item, expected.get(item.path)!, options.time_zone)
        expect(volume.freeClusters).toBe(planned.facts.free_clusters)
        expect(volume.label).toBe(options.label)
        compareWithReader(expected, options.time_zone, options.label, planned.facts.free_clusters)
        // mtools takes FAT32 with few clusters for another width, mkfs.fat's too.
        if (canMtools(expected) && (volume.width !== 32 || volume.clusters >= 65_525)) {
          copied++
          compareWithMtools(expected)
        }
      }),
      { numRuns: RUNS },
    )
    // Neither door may close unseen.
    expect(built).toBeGreaterThan(RUNS / 2)
    expect(copied).toBeGreaterThan(RUNS / 20)
  }, 3_600_000)

  function compareItem(item: FatItem, expected: { seconds: number; bytes: Buffer | undefined }, zone: string) {
    expect(item.kind, item.path).toBe(expected.bytes === undefined ? 'directory' : 'file')
    if (expected.bytes !== undefined) expect(item.content!.equals(expected.bytes), item.path).toBe(true)
    expect(item.modified, item.path).toBe(expectedTime(expected.seconds, zone))
  }

  it('is the same value whatever the order of insertion', () => {
    fc.assert(
      fc.property(roots, geometry, (children, { options, sectorSize }) => {
        const environment = {
          time: { seconds: 1_767_225_600, nanoseconds: 0 },
          uuid: '1a2b3c4d-0000-5000-8000-000000000000',
          offsetBytes: 0,
          sectorSize,
        }
        const plan = (tree: DirectoryNode) =>
          fatFormat.plan(tree, 600 * MIB, { ...options, type: 'fat32' }, environment)
        const tree = buildTree(children)
        expect(digestOf(plan(reversed(tree)).encode())).toBe(digestOf(plan(tree).encode()))
      }),
      { numRuns: RUNS / 4 },
    )
  }, 600_000)

  function reversed(tree: DirectoryNode): DirectoryNode {
    const children = [...tree.children]
      .toReversed()
      .map(([key, child]) => [key, child.type === 'directory' ? reversed(child) : child] as const)
    return { ...tree, children: new Map(children) }
  }
})
