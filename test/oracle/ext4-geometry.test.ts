/**
 * Empty volumes beside mke2fs's own: every field of dumpe2fs -h, and of every group the places of its structures, flags
 * and free inodes. Left out is what is random or of the day there: identifiers, times, checksums.
 */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import type { ExtFormatOptions } from '../../src/filesystems/ext4/format.js'
import { emptyTree } from '../../src/tree/file-tree.js'
import { directoryNode, expectClean, fileNode, TIME, writeSparseVolume } from '../support/ext4-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { readBytes } from '../support/read-content.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** Debian 12's mke2fs.conf in what it says of ext2, ext3 and ext4, so that the machine's own does not matter. */
const CONFIGURATION = `[defaults]
base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
default_mntopts = acl,user_xattr
enable_periodic_fsck = 0
blocksize = 4096
inode_size = 256
inode_ratio = 16384
[fs_types]
ext3 = {
  features = has_journal
}
ext4 = {
  features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
}
small = {
  blocksize = 1024
  inode_ratio = 4096
}
floppy = {
  blocksize = 1024
  inode_ratio = 8192
}
big = {
  inode_ratio = 32768
}
huge = {
  inode_ratio = 65536
}
`

const OF_THE_DAY =
  /^(Filesystem UUID|Filesystem created|Last (write|mount) time|Last checked|Directory Hash Seed|Checksum|Checksum seed|Lifetime writes|Journal checksum|Free blocks):|^ /

/** Which blocks are free differs: mke2fs puts the journal into the middle. How many are free is compared by the totals. */
function groupLines(dump: string): string[] {
  return dump
    .split('\n')
    .filter((line) => /^Group \d|(superblock|Group descriptor|GDT|bitmap|Inode table)/.test(line))
    .map((line) =>
      line
        .replace(/csum 0x[0-9a-f]+/, 'csum')
        .replace(/BLOCK_UNINIT(, )?/, '')
        .replace(/, \]| ?\[\]/, ''),
    )
}

interface Facts {
  header: string[]
  totals: string[]
  groups: string[]
}

function factsOf(path: string): Facts {
  const dump = tool('dumpe2fs', path)
  const header = dump.slice(0, dump.indexOf('\n\n')).split('\n')
  return {
    header: header.filter((line) => !OF_THE_DAY.test(line)),
    totals: header.filter((line) => /^Free (blocks|inodes):/.test(line)),
    groups: groupLines(dump),
  }
}

describeWithTools('geometry beside mke2fs', ['mke2fs', 'dumpe2fs', 'e2fsck'], () => {
  const folder = scratchFolder()
  const configuration = join(folder, 'mke2fs.conf')
  writeFileSync(configuration, CONFIGURATION)

  function compare(sizeBytes: number, options: ExtFormatOptions, args: string[]): void {
    const theirs = join(folder, 'theirs.img')
    const ours = join(folder, 'ours.img')
    try {
      writeFileSync(theirs, '')
      truncateSync(theirs, sizeBytes)
      const mke2fs = runTool('env', [`MKE2FS_CONFIG=${configuration}`, 'mke2fs', '-q', '-F', ...args, theirs])
      expect(mke2fs.status, mke2fs.stderr).toBe(0)
      const volume = writeSparseVolume(emptyTree(TIME), sizeBytes, options, ours)
      expectClean(ours)
      const facts = factsOf(ours)
      expect(facts.groups.length).toBeGreaterThan(3)
      expect(facts).toEqual(factsOf(theirs))
      expect(facts.totals).toEqual([
        expect.stringMatching(new RegExp(`: +${volume.facts.free_blocks}$`)),
        expect.stringMatching(new RegExp(`: +${volume.facts.free_inodes}$`)),
      ])
    } finally {
      rmSync(theirs, { force: true })
      rmSync(ours, { force: true })
    }
  }

  it.each([
    // Below 3 MiB other ratios; 2,048 blocks is the first size with a journal.
    128 * KIB,
    200_704,
    MIB,
    2 * MIB,
    2 * MIB + 4096,
    3 * MIB - 4096,
    3 * MIB,
    // 8,192 blocks a group: a second one that is too small is given up, one with 50 blocks to spare is not.
    8 * MIB + 5000,
    8 * MIB + 50 * KIB,
    16 * MIB + 400 * KIB,
    16 * MIB + 420 * KIB,
    32 * MIB - 4096,
    32 * MIB,
    64 * MIB + 123_456,
    100 * MIB,
    // The eMMC job's volumes: program, data, backup, others.
    256 * MIB,
    811_456 * 4 * KIB,
    811_455 * 4 * KIB + 3 * KIB,
    196_608 * 4 * KIB + 2560,
    // Block size 4096 from here on.
    512 * MIB - 4096,
    512 * MIB,
    777 * MIB + 12_345,
    GIB,
    4000 * MIB + 777,
    16 * GIB,
  ])('ext4 of %i bytes', (sizeBytes) => {
    compare(sizeBytes, { type: 'ext4' }, ['-t', 'ext4'])
  })

  const VARIANTS: readonly (readonly [name: string, sizeBytes: number, options: ExtFormatOptions, args: string])[] = [
    ['ext2', 40 * MIB, { type: 'ext2' }, '-t ext2'],
    ['ext2 with 4 KiB blocks', 700 * MIB, { type: 'ext2' }, '-t ext2'],
    ['ext3', 300 * MIB, { type: 'ext3' }, '-t ext3'],
    ['blocks of 2 KiB', 300 * MIB, { type: 'ext4', block_size: 2048 }, '-t ext4 -b 2048'],
    ['small with blocks of 4 KiB', 5 * MIB, { type: 'ext4', block_size: 4096 }, '-t ext4 -b 4096'],
    ['inodes of 128 bytes', 40 * MIB, { type: 'ext4', inode_size: 128 }, '-t ext4 -I 128'],
    ['inodes of 1 KiB', 40 * MIB, { type: 'ext4', inode_size: 1024 }, '-t ext4 -I 1024'],
    ['many inodes', 300 * MIB, { type: 'ext4', bytes_per_inode: 1024 }, '-t ext4 -i 1024'],
    ['few inodes', 41 * MIB, { type: 'ext4', bytes_per_inode: MIB, reserved_percent: 0 }, '-t ext4 -i 1048576 -m 0'],
    ['counted inodes', 40 * MIB, { type: 'ext4', inodes: 5000, reserved_percent: 1.5 }, '-t ext4 -N 5000 -m 1.5'],
    ['u-boot', 700 * MIB, { type: 'ext4', profile: 'u-boot' }, '-t ext4 -O ^metadata_csum,^64bit,^dir_index'],
    ['kernel-3.10', 90 * MIB, { type: 'ext4', profile: 'kernel-3.10' }, '-t ext4 -O ^metadata_csum,uninit_bg'],
    ['modern', 700 * MIB, { type: 'ext4', profile: 'modern' }, '-t ext4 -O metadata_csum_seed,orphan_file'],
    ['no flex_bg', 300 * MIB, { type: 'ext4', features: ['^flex_bg'] }, '-t ext4 -O ^flex_bg'],
    [
      'sparse_super2',
      300 * MIB,
      { type: 'ext4', features: ['^resize_inode', 'sparse_super2'] },
      '-t ext4 -O ^resize_inode,sparse_super2',
    ],
    ['meta_bg', 300 * MIB, { type: 'ext4', features: ['^resize_inode,meta_bg'] }, '-t ext4 -O ^resize_inode,meta_bg'],
    [
      'a superblock in every group',
      300 * MIB,
      { type: 'ext2', features: ['^resize_inode,^sparse_super'] },
      '-t ext2 -O ^resize_inode,^sparse_super',
    ],
    ['a RAID', 700 * MIB, { type: 'ext2', stride: 16, stripe_width: 64 }, '-t ext2 -E stride=16,stripe_width=64'],
    ['no journal', 90 * MIB, { type: 'ext4', journal_size: 0 }, '-t ext4 -O ^has_journal'],
    ['a journal of 16 MiB', 90 * MIB, { type: 'ext4', journal_size: 16 * MIB }, '-t ext4 -J size=16'],
  ]
  it.each(VARIANTS)('%s', (_, sizeBytes, options, args) => {
    compare(sizeBytes, options, args.split(' '))
  })

  it('a populated one has the inodes and free blocks that mke2fs -d leaves', () => {
    const source = join(folder, 'source')
    const tree = directoryNode({})
    mkdirSync(source)
    for (let directory = 0; directory < 12; directory++) {
      const entries = Object.fromEntries(
        Array.from({ length: 12 }, (_, file) => [`file-${file}`, fileNode('x'.repeat(file * 997))]),
      )
      tree.children.set(byteString(`d${directory}`), directoryNode(entries))
      mkdirSync(join(source, `d${directory}`))
      for (const [name, { content }] of Object.entries(entries)) {
        writeFileSync(join(source, `d${directory}`, name), readBytes(content))
      }
    }
    const theirs = join(folder, 'theirs.img')
    const ours = join(folder, 'ours.img')
    for (const args of [
      ['-t', 'ext4'],
      ['-t', 'ext3'],
      ['-t', 'ext2'],
      ['-t', 'ext4', '-b', '4096'],
    ] as const) {
      writeFileSync(theirs, '')
      truncateSync(theirs, 24 * MIB)
      tool('env', `MKE2FS_CONFIG=${configuration}`, 'mke2fs', '-q', '-F', ...args, '-d', source, theirs)
      const options: ExtFormatOptions = { type: args[1], ...(args.length > 2 ? { block_size: 4096 } : {}) }
      writeSparseVolume(tree, 24 * MIB, options, ours)
      expectClean(ours)
      expect(factsOf(ours).totals, args.join(' ')).toEqual(factsOf(theirs).totals)
      expect(factsOf(ours).header).toEqual(factsOf(theirs).header)
    }
  })

  it('agrees with mke2fs on what is too small', () => {
    const path = join(folder, 'small.img')
    for (const sizeBytes of [4 * KIB, 20 * KIB, 60_000]) {
      writeFileSync(path, '')
      truncateSync(path, sizeBytes)
      expect(runTool('mke2fs', ['-q', '-F', '-t', 'ext4', path]).status, `${sizeBytes}`).not.toBe(0)
      expect(() => writeSparseVolume(emptyTree(TIME), sizeBytes, { type: 'ext4' }, path)).toThrow(/^Cannot /)
    }
  })
})
