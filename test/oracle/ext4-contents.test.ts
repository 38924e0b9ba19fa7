/** What a tree can be at its edges: large directories, large and sparse files, attributes, many links; judged by e2fsck and debugfs. */
import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ByteString } from '../../src/bytes/text.js'
import { type ExtFormatOptions, extFormat } from '../../src/filesystems/ext4/format.js'
import type { DiskImage } from '../../src/image/extent.js'
import { type DirectoryNode, EMPTY_CONTENT, emptyTree, type FileNode } from '../../src/tree/file-tree.js'
import {
  bytesContent,
  directoryNode,
  ENVIRONMENT,
  expectClean,
  fileNode,
  TIME,
  writeSparseVolume,
  writeVolume,
} from '../support/ext4-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { kernelAcl } from '../support/random-ext-tree.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

function debugfs(image: string, command: string): string {
  return runTool('debugfs', ['-R', command, image]).stdout
}

/** `count` names that lead to one empty file each, or to a few files with many names. */
function directoryOf(count: number, name: (index: number) => string, node: (index: number) => FileNode): DirectoryNode {
  const children = new Map<ByteString, FileNode>()
  for (let index = 0; index < count; index++) children.set(name(index) as ByteString, node(index))
  return { ...emptyTree(TIME), children }
}

const emptyFile = (): FileNode => ({ type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, content: EMPTY_CONTENT })

/** Hard links keep the number of inodes small where only names matter. */
function linkPool(): (index: number) => FileNode {
  const files = Array.from({ length: 40 }, emptyFile)
  return (index) => files[index % files.length]!
}

describeWithTools('contents at their edges', ['e2fsck', 'debugfs', 'dumpe2fs'], () => {
  const folder = scratchFolder()

  function withVolume(
    tree: DirectoryNode,
    sizeBytes: number | 'smallest',
    options: ExtFormatOptions,
    check: (image: string) => void,
  ): void {
    const image = join(folder, 'volume.img')
    const size = sizeBytes === 'smallest' ? extFormat.smallestSizeBytes(tree, options, ENVIRONMENT) : sizeBytes
    try {
      if (size > 256 * MIB) writeSparseVolume(tree, size, options, image)
      else writeVolume(tree, size, options, image)
      expectClean(image)
      check(image)
    } finally {
      rmSync(image, { force: true })
    }
  }

  /** Levels of the hash tree as the kernel counts them, and the leaves that debugfs walks through. */
  function hashTree(image: string, path: string): { levels: number; names: number } {
    const dump = debugfs(image, `htree_dump ${path}`)
    const levels = Number(/Indirect levels: (\d+)/.exec(dump)![1])
    return { levels, names: dump.match(/0x[0-9a-f]+-[0-9a-f]+ \(\d+\)/g)?.length ?? 0 }
  }

  it('200,000 names in one folder', () => {
    const tree = directoryNode({ d: directoryOf(200_000, (index) => `a-file-named-${index}`, linkPool()) })
    withVolume(tree, 64 * MIB, { type: 'ext4', block_size: 4096 }, (image) => {
      expect(hashTree(image, '/d').levels).toBe(1)
      expect(debugfs(image, 'stat /d/a-file-named-199999')).toContain('Type: regular')
      expect(debugfs(image, 'stat /d/a-file-named-0')).toContain('Links: 5000')
    })
  })

  it('a folder that needs a second level with small blocks', () => {
    const tree = directoryNode({ d: directoryOf(12_000, (index) => `name-${index}`.padEnd(60, 'x'), linkPool()) })
    withVolume(tree, 'smallest', { type: 'ext4', block_size: 1024 }, (image) => {
      expect(hashTree(image, '/d')).toEqual({ levels: 1, names: 12_000 })
    })
  })

  it('a folder that only large_dir can index', () => {
    const tree = directoryNode({ d: directoryOf(60_000, (index) => `${index}`.padEnd(250, 'x'), linkPool()) })
    const small = { type: 'ext4', block_size: 1024 } as const
    expect(() => extFormat.plan(tree, 64 * MIB, small, ENVIRONMENT)).toThrow(
      /^Cannot index the directory "d" with blocks of 1024 bytes: its 60000 names fill 20000 blocks, at most 15498$/,
    )
    withVolume(tree, 64 * MIB, { ...small, features: ['large_dir'] }, (image) => {
      expect(hashTree(image, '/d')).toEqual({ levels: 2, names: 60_000 })
    })
  })

  it('more directories than a link count can say', () => {
    const tree = directoryNode({
      many: directoryOf(
        65_100,
        (index) => `${index}`,
        () => emptyTree(TIME),
      ),
    })
    withVolume(tree, 'smallest', { type: 'ext4', block_size: 1024, inode_size: 128 }, (image) => {
      expect(debugfs(image, 'stat /many')).toContain('Links: 1 ')
      expect(debugfs(image, 'stat /many/65099')).toContain('Links: 2 ')
    })
    const options = { type: 'ext4', features: ['^dir_nlink'] } as const
    expect(() => extFormat.plan(tree, 300 * MIB, options, ENVIRONMENT)).toThrow(
      'Cannot write "many": 65102 links, at most 65000 (with the feature dir_nlink any number)',
    )
  })

  it('more names of one file than a link count can say', () => {
    const file = emptyFile()
    const tree = directoryNode({
      d: directoryOf(
        65_001,
        (index) => `${index}`,
        () => file,
      ),
    })
    expect(() => extFormat.plan(tree, 64 * MIB, { type: 'ext4' }, ENVIRONMENT)).toThrow(
      'Cannot write "d/0": 65001 links, at most 65000',
    )
  })

  it.each<ExtFormatOptions>([
    { type: 'ext4', block_size: 1024 },
    { type: 'ext4', block_size: 4096 },
    { type: 'ext3', block_size: 1024 },
    { type: 'ext2', block_size: 4096 },
  ])('a file of 5 GiB with holes, $type with blocks of $block_size', (options) => {
    const bytes = Buffer.from('marked')
    const at = [0, 12, 12 + 256, 12 + 256 + 65_536, 1_000_000].map((block) => block * options.block_size! + 3)
    const content: DiskImage = {
      sizeBytes: 5 * GIB,
      extents: at
        .filter((offset) => offset < 5 * GIB)
        .map((offset) => ({ offset, length: bytes.length, source: { kind: 'bytes', bytes } })),
    }
    withVolume(directoryNode({ sparse: fileNode(content) }), 64 * MIB, options, (image) => {
      expect(debugfs(image, 'stat /sparse')).toContain(`Size: ${5 * GIB}`)
      // One block of content for each mark; what maps them is the rest.
      const blocks = debugfs(image, 'blocks /sparse').trim().split(/\s+/)
      expect(blocks.length).toBeGreaterThanOrEqual(content.extents.length)
      expect(blocks.length).toBeLessThan(content.extents.length * 4)
      const fd = openSync(image, 'r')
      const found = Buffer.alloc(bytes.length)
      for (const { offset } of content.extents) {
        const block = Number(debugfs(image, `bmap /sparse ${Math.floor(offset / options.block_size!)}`))
        readSync(fd, found, 0, found.length, block * options.block_size! + (offset % options.block_size!))
        expect(`${offset} ${found}`).toBe(`${offset} marked`)
      }
      closeSync(fd)
    })
  })

  it('a file of 20 GiB that is all there', () => {
    const content: DiskImage = {
      sizeBytes: 20 * GIB,
      extents: [{ offset: 0, length: 20 * GIB, source: { kind: 'fill', byte: 0 } }],
    }
    withVolume(directoryNode({ 'swap.img': fileNode(content) }), 24 * GIB, { type: 'ext4' }, (image) => {
      expect(debugfs(image, 'stat /swap.img')).toContain(`Size: ${20 * GIB}`)
      // More extents than a tree's root has: 32,768 blocks each.
      expect(debugfs(image, 'ex /swap.img')).toMatch(/ 1\/ 1 +\d+\/\d+ /)
    })
  })

  it('a file in more pieces than one node of its extent tree holds', () => {
    const bytes = Buffer.alloc(KIB, 'z')
    const extents = Array.from({ length: 30_000 }, (_, index) => ({
      offset: index * 2 * KIB,
      length: KIB,
      source: { kind: 'bytes', bytes } as const,
    }))
    const tree = directoryNode({ holes: fileNode({ sizeBytes: 60_000 * KIB, extents }) })
    withVolume(tree, 'smallest', { type: 'ext4', block_size: 1024 }, (image) => {
      expect(debugfs(image, 'ex /holes')).toMatch(/ 3\/ 3 /)
    })
  })

  it('attributes: inside the inode, in a shared block, more users than one block may have', () => {
    const shared = new Map([
      ['user.large', Buffer.alloc(300, 7)],
      ['user.small', Buffer.from('v')],
    ])
    const tree = directoryNode({
      many: directoryOf(
        1500,
        (index) => `${index}`,
        () => fileNode('', { xattrs: shared }),
      ),
      acl: fileNode('', { xattrs: new Map([['system.posix_acl_access', kernelAcl()]]) }),
      cap: fileNode('x', {
        xattrs: new Map([['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')]]),
      }),
    })
    withVolume(tree, 'smallest', { type: 'ext4' }, (image) => {
      const block = (name: string): string | undefined =>
        /File ACL: (\d+)/.exec(debugfs(image, `stat /many/${name}`))?.[1]
      const blocks = new Set(
        Array.from({ length: 1500 }, (_, index) => index)
          .filter((index) => index % 100 === 0)
          .map((index) => block(`${index}`)),
      )
      expect([...blocks].every((number) => Number(number) > 0)).toBe(true)
      expect(blocks.size).toBe(2)
      expect(debugfs(image, 'ea_get /many/1499 user.small')).toContain('v')
      expect(debugfs(image, 'stat /acl')).toContain('File ACL: 0')
      expect(debugfs(image, 'ea_list /cap')).toContain('security.capability (20) = 01 00 00 02 00 20')
    })
  })

  it('refuses what no attribute can be', () => {
    const plan = (xattrs: ReadonlyMap<string, Uint8Array>) => () =>
      extFormat.plan(directoryNode({ f: fileNode('', { xattrs }) }), 8 * MIB, { type: 'ext4' }, ENVIRONMENT)
    expect(plan(new Map([['user.big', Buffer.alloc(5000)]]))).toThrow(
      'Cannot store the extended attributes of "f": 5020 bytes beside the inode, at most 988 (one block)',
    )
    expect(plan(new Map([['btrfs.x', Buffer.alloc(1)]]))).toThrow(
      /^Cannot store the extended attribute "btrfs.x" of "f": accepted are/,
    )
    expect(plan(new Map([['system.posix_acl_access', Buffer.alloc(5)]]))).toThrow(
      'Cannot store system.posix_acl_access of "f": 5 bytes that are no POSIX ACL of version 2',
    )
  })

  it("the payload's own lost+found", () => {
    const own = directoryNode({ kept: fileNode('still here') }, { mode: 0o750, uid: 5 })
    withVolume(directoryNode({ 'lost+found': own }), 'smallest', { type: 'ext4' }, (image) => {
      expect(debugfs(image, 'stat /lost+found')).toMatch(/Inode: 11 .*Mode: +0750/s)
      expect(debugfs(image, 'cat /lost+found/kept')).toBe('still here')
    })
  })

  it('names for names: directory blocks are full to the last byte, or one entry over', () => {
    for (const features of [[], ['^metadata_csum']]) {
      for (let length = 1; length <= 255; length += 9) {
        const count = Math.floor((1024 - 24 - (features.length === 0 ? 12 : 0)) / (4 * Math.ceil((8 + length) / 4)))
        for (const names of [count, count + 1]) {
          const name = (index: number): string =>
            String.fromCharCode(65 + (index % 26))
              .padEnd(length, `${index}-`)
              .slice(0, length)
          const unique = new Set(Array.from({ length: names }, (_, index) => name(index)))
          const tree = directoryNode({ d: directoryOf(unique.size, (index) => [...unique][index]!, emptyFile) })
          const plan = extFormat.plan(tree, 4 * MIB, { type: 'ext4', features }, ENVIRONMENT)
          expect(plan.facts.free_inodes).toBeGreaterThan(0)
        }
      }
    }
    const tree = directoryNode(
      Object.fromEntries(
        [1, 3, 4, 5, 127, 251, 252, 253, 254, 255].flatMap((length) =>
          [3, 4, 5, 40].map((count) => [
            `${length}-${count}`,
            directoryOf(count, (index) => `${index}`.padStart(length, 'n').slice(-length), emptyFile),
          ]),
        ),
      ),
    )
    withVolume(tree, 'smallest', { type: 'ext4', block_size: 1024 }, () => {})
  })
})

describeWithTools('large volumes', ['e2fsck', 'dumpe2fs'], () => {
  const folder = scratchFolder()

  it('an empty one of 1 TiB is a few thousand extents and holds little memory', () => {
    const options = { type: 'ext4' } as const
    const image = extFormat.plan(emptyTree(TIME), 1024 * GIB, options, ENVIRONMENT).encode()
    expect(image.extents.length).toBeLessThan(20_000)
    const held = image.extents.reduce((sum, { source, length }) => sum + (source.kind === 'bytes' ? length : 0), 0)
    expect(held).toBeLessThan(16 * MIB)
    expect(image.sizeBytes).toBe(1024 * GIB)
  })

  it('one just under 16 TiB', () => {
    const image = join(folder, 'large.img')
    const sizeBytes = 16 * 1024 * GIB - 4096
    // Few inodes: e2fsck reads a bitmap for every group of them.
    const options = { type: 'ext4', bytes_per_inode: 4 * MIB } as const
    const volume = writeSparseVolume(directoryNode({ f: fileNode('content') }), sizeBytes, options, image)
    expect(volume.facts.blocks).toBe(2 ** 32 - 1)
    expect(tool('dumpe2fs', '-h', image)).toContain(`Block count:              ${2 ** 32 - 1}`)
    // e2fsck builds bitmaps of 2^32 blocks: ten seconds.
    if (process.env.DISKLOOM_DEEP !== undefined) expectClean(image)
    rmSync(image)
  })

  it('more content than space, and what took it', () => {
    const tree = directoryNode({
      big: directoryNode({ 'data.bin': fileNode(bytesContent(new Uint8Array(9 * MIB))) }),
      small: fileNode('s'),
    })
    expect(() => extFormat.plan(tree, 8 * MIB, { type: 'ext4' }, ENVIRONMENT)).toThrow(
      /^Cannot fit the payload into an ext4 volume of 8 MiB: needs \d+ bytes \(9\.\d+ MiB\), has \d+ bytes \(6\.\d+ MiB\) beside \d+ KiB of group structures and a journal of 1 MiB; the largest are big\/data\.bin \(9 MiB\), lost\+found \(12 KiB\), \//,
    )
    const many = directoryOf(3000, (index) => `${index}`, emptyFile)
    expect(() => extFormat.plan(many, 8 * MIB, { type: 'ext4' }, ENVIRONMENT)).toThrow(/needs 3011 inodes, has 2048/)
  })
})
