import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../bytes/text.js'
import { PayloadReader } from '../../image/payload-reader.js'
import { readImage } from '../../image/read.js'
import { EMPTY_CONTENT, emptyTree, type FileNode, type FileTree } from '../../tree/file-tree.js'
import type { VolumeEnvironment } from '../volume.js'
import { type ExtFormatOptions, extFormat } from './format.js'

const SECTOR_BYTES = 512
const MIB = 1 << 20
const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const ENVIRONMENT: VolumeEnvironment = {
  time: TIME,
  uuid: '9b2f6c1e-7a44-5b0e-8d5f-0123456789ab',
  offsetBytes: 0,
  sectorSize: 512,
}
const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: TIME }

function treeOf(entries: Record<string, FileNode>): FileTree {
  return {
    ...emptyTree(TIME),
    children: new Map(Object.entries(entries).map(([name, node]) => [name as ByteString, node])),
  }
}

const plan = (tree: FileTree, options: Partial<ExtFormatOptions> = {}, sizeBytes = 16 * MIB) =>
  extFormat.plan(tree, sizeBytes, { type: 'ext4', ...options }, ENVIRONMENT)

describe("the eMMC job's volumes", () => {
  // As mkfs printed them in the log of the original job.
  it.each([
    ['program', 689_151 - 164_864 + 1, { blocks: 262_144, block_size: 1024, inodes: 65_536, journal_blocks: 8192 }],
    ['data', 7_180_799 - 689_152 + 1, { blocks: 811_456, block_size: 4096, inodes: 203_200, journal_blocks: 16_384 }],
    [
      'backup',
      13_672_446 - 7_180_800 + 1,
      { blocks: 811_455, block_size: 4096, inodes: 203_200, journal_blocks: 16_384 },
    ],
    [
      'others',
      15_245_311 - 13_672_447 + 1,
      { blocks: 196_608, block_size: 4096, inodes: 49_152, journal_blocks: 4096 },
    ],
  ])('%s', (_, sectors, facts) => {
    const volume = plan(emptyTree(TIME), {}, sectors * SECTOR_BYTES)
    expect(volume.facts).toMatchObject(facts)
    expect(volume.encode().sizeBytes).toBe(sectors * SECTOR_BYTES)
  })
})

describe('on sectors of 4096 bytes', () => {
  const on = (options: ExtFormatOptions) =>
    extFormat.plan(emptyTree(TIME), 16 * 1024 * 1024, options, { ...ENVIRONMENT, sectorSize: 4096 })

  it('has blocks of that size, as mke2fs makes it there', () => {
    expect(on({ type: 'ext4' }).facts).toMatchObject({ block_size: 4096, blocks: 4096, inodes: 4096 })
  })

  it('is refused with smaller ones', () => {
    expect(() => on({ type: 'ext4', block_size: 1024 })).toThrow(/with block_size 1024: accepted is 4096 and more/)
  })
})

describe('what ext cannot hold', () => {
  const file: FileNode = { type: 'file', ...attributes, content: EMPTY_CONTENT }
  const loop = emptyTree(TIME)
  loop.children.set(byteString('self'), loop)
  it.each<[string, FileTree, Partial<ExtFormatOptions>, string]>([
    [
      'a long name',
      treeOf({ ['n'.repeat(256)]: file }),
      {},
      `Cannot write the name "${'n'.repeat(256)}" in "/": 256 bytes, accepted are 1 to 255 bytes`,
    ],
    ['a name with a slash', treeOf({ 'a/b': file }), {}, 'Cannot write the name "a/b" in "/": 3 bytes'],
    [
      'an empty symlink',
      treeOf({ l: { type: 'symlink', ...attributes, target: byteString('') } }),
      {},
      'Cannot write the symlink "l": its target has 0 bytes, accepted are 1 to 1023',
    ],
    [
      'a long symlink',
      treeOf({ l: { type: 'symlink', ...attributes, target: byteString('x'.repeat(1024)) } }),
      {},
      'its target has 1024 bytes',
    ],
    ['a directory inside itself', loop, {}, 'the directory has a second name, which ext does not allow'],
    [
      'a file named lost+found',
      treeOf({ 'lost+found': file }),
      {},
      'Cannot make the directory "lost+found": the payload has a file of that name',
    ],
    [
      'a huge file',
      treeOf({ f: { ...file, content: { sizeBytes: 2 ** 42, extents: [] } } }),
      {},
      'Cannot write the file "f": 4398046511104 bytes, at most 4398046510080 with blocks of 1024 bytes',
    ],
    [
      'a file beyond the block map',
      treeOf({ f: { ...file, content: { sizeBytes: 2 ** 35, extents: [] } } }),
      { type: 'ext2', block_size: 1024 },
      'at most 17247252480 with blocks of 1024 bytes',
    ],
    [
      'a device number',
      treeOf({ d: { type: 'char', ...attributes, major: 4096, minor: 0 } }),
      {},
      'Cannot write the device "d": number 4096:0, accepted are 0 to 4095 and 0 to 1048575',
    ],
    ['an owner', treeOf({ f: { ...file, uid: -1 } }), {}, 'Cannot write "f": owner -1:0, accepted are 0 to 4294967295'],
    [
      'a label',
      emptyTree(TIME),
      { label: 'seventeen letters' },
      'Cannot write ext4 label "seventeen letters": 17 bytes, at most 16',
    ],
    [
      'an inode size',
      emptyTree(TIME),
      { inode_size: 300 },
      'Cannot make ext4 with inode_size 300: accepted are powers of two from 128 to 1024 (block_size)',
    ],
    [
      'inodes only',
      emptyTree(TIME),
      { inode_size: 1024, bytes_per_inode: 1024 },
      'Cannot make ext4 with bytes_per_inode 1024: accepted is more than the inode itself takes (inode_size 1024)',
    ],
    [
      'a journal too short',
      emptyTree(TIME),
      { journal_size: 100_000 },
      'Cannot make ext4 with a journal of 100000 bytes: 97 blocks of 1024 bytes, accepted are 1024 to 10240000 blocks',
    ],
    ['a hash seed', emptyTree(TIME), { hash_seed: 'seed' }, 'Cannot make ext4 with hash_seed seed: accepted is a UUID'],
  ])('%s', (_, tree, options, message) => {
    expect(() => plan(tree, options)).toThrow(message)
  })

  it('says all of them at once', () => {
    const tree = treeOf({ ['n'.repeat(300)]: file, ['m'.repeat(400)]: file })
    try {
      plan(tree)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'FORMAT', problems: [{}, {}] })
    }
  })

  it('says what a volume lacks, and which would do', () => {
    const content = {
      sizeBytes: 20 * MIB,
      extents: [{ offset: 0, length: 20 * MIB, source: { kind: 'fill' as const, byte: 1 } }],
    }
    const tree = treeOf({ big: { ...file, content } })
    try {
      plan(tree)
      expect.unreachable()
    } catch (error) {
      const { smallestBytes, neededBytes, availableBytes } = (error as { details: Record<string, number> }).details
      expect(error).toMatchObject({ code: 'LAYOUT', hint: expect.stringContaining(`${smallestBytes} bytes`) })
      expect(neededBytes).toBeGreaterThan(20 * MIB)
      expect(availableBytes).toBeLessThan(16 * MIB)
      expect(plan(tree, {}, smallestBytes).facts.free_blocks).toBeGreaterThanOrEqual(0)
      expect(smallestBytes).toBe(extFormat.smallestSizeBytes(tree, { type: 'ext4' }, ENVIRONMENT))
    }
  })

  it('warns of times that small inodes do not hold', () => {
    const late = { ...file, mtime: { seconds: 2 ** 31, nanoseconds: 0 } }
    expect(plan(treeOf({ late }), { inode_size: 128 }).warnings).toEqual([
      {
        finding: 'ext-times',
        message: expect.stringContaining('Modification times of 1 files are outside what inodes of 128 bytes hold'),
      },
    ])
    expect(plan(treeOf({ late })).warnings).toEqual([])
  })

  it('warns of a volume without the journal that its type promises', () => {
    const warningsOf = (options: Partial<ExtFormatOptions>, sizeBytes: number) =>
      plan(treeOf({}), options, sizeBytes).warnings.map(({ message }) => message)
    expect(warningsOf({}, 2 * MIB - 4096)).toEqual([
      'No room for a journal in ext4 of 2044 blocks of 1 KiB: volumes of 2048 blocks and more have one',
    ])
    expect(warningsOf({}, 2 * MIB)).toEqual([])
    expect(warningsOf({ journal_size: 0 }, MIB)).toEqual([])
    expect(warningsOf({ type: 'ext2' }, MIB)).toEqual([])
  })
})

describe('the image', () => {
  it('specifies what docs/OUTPUT.md says, and leaves free blocks and uninitialised bitmaps out', () => {
    const covered = (options: Partial<ExtFormatOptions>) =>
      plan(emptyTree(TIME), options, 64 * MIB)
        .encode()
        .extents.reduce((sum, { length }) => sum + length, 0)
    const journal = 4096 * 1024
    const tables = 8 * 512 * 1024
    expect(covered({})).toBeGreaterThan(journal + tables)
    expect(covered({})).toBeLessThan(journal + tables + 2 * MIB)
    expect(covered({}) - covered({ lazy_itable_init: true })).toBe(tables - 3 * 1024)
  })

  it('begins with zeros and ends with zeros, also behind the file system', () => {
    const { extents } = plan(emptyTree(TIME), {}, 16 * MIB + 3 * SECTOR_BYTES).encode()
    expect(extents[0]).toEqual({ offset: 0, length: 1024, source: { kind: 'fill', byte: 0 } })
    const last = extents.at(-1)!
    expect(last.source).toEqual({ kind: 'fill', byte: 0 })
    expect(last.offset + last.length).toBe(16 * MIB + 3 * SECTOR_BYTES)
  })
})

describe('inode tables, which are made when they are read', () => {
  const names = Array.from({ length: 300 }, (_, index) => `file ${index}`)
  const tree = treeOf(
    Object.fromEntries(names.map((name) => [name, { type: 'file', ...attributes, content: EMPTY_CONTENT }])),
  )

  it.each([
    ['ext4', { type: 'ext4' }],
    ['ext4 with an orphan file', { type: 'ext4', profile: 'modern' }],
    ['ext2 with inodes of 128 bytes', { type: 'ext2', inode_size: 128 }],
  ] as const)('are the same however they are cut: %s', (_, options) => {
    const image = plan(tree, options).encode()
    const tables = image.extents.filter(({ source }) => source.kind === 'made')
    expect(tables).not.toEqual([])
    for (const { offset, length } of tables) {
      const read = (start: number, end: number): Uint8Array => {
        const bytes = new Uint8Array(end - start).fill(0xd1)
        readImage(image, offset + start, bytes, new PayloadReader())
        return bytes
      }
      const whole = read(0, length)
      for (const step of [100, 512, 1000]) {
        const parts: Uint8Array[] = []
        for (let at = 0; at < length; at += step) parts.push(read(at, Math.min(at + step, length)))
        expect(Buffer.concat(parts).equals(whole)).toBe(true)
      }
    }
  })
})
