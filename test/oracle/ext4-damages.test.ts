/**
 * One field of a sound volume is wrong, checksums around it are right: check() names the structure and the field, and e2fsck
 * agrees that the volume is damaged. debugfs writes what it can (and mends checksums), the rest are single words.
 */
import { copyFileSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { decodeGroupDescriptor, type GroupDescriptor } from '../../src/filesystems/ext4/disklayout/group-descriptor.js'
import { descriptorChecksum, ExtDisk } from '../../src/filesystems/ext4/reader/ext-disk.js'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import type { VolumeReader } from '../../src/filesystems/volume-reader.js'
import { viewFile } from '../support/ext4-reader.js'
import { expectClean } from '../support/ext4-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

/** With metadata_csum, with no checksums, with indirect blocks instead of extents. */
const BASES = {
  sums: '-t ext4',
  plain: '-t ext4 -O ^metadata_csum',
  old: '-t ext2',
} as const
type Base = keyof typeof BASES

const BLOCK = 1024
const SUPERBLOCK = 1024
const I_BLOCK = 0x28
const EXTENT = 12
const FIRST_EXTENT = I_BLOCK + EXTENT

/** A volume's bytes and where things stand in them. */
class Volume {
  readonly bytes: Buffer
  readonly disk: ExtDisk
  private readonly reader: VolumeReader

  constructor(path: string) {
    this.bytes = readFileSync(path)
    const view = viewFile(path)
    this.disk = new ExtDisk(view)
    this.reader = openExtVolume(view)
  }

  /** The same with bytes of its own. */
  copy(): Volume {
    return Object.assign(Object.create(Volume.prototype) as Volume, this, { bytes: Buffer.from(this.bytes) })
  }

  private detail(path: string, name: string): number {
    return Number(
      this.reader.details(
        path
          .split('/')
          .filter((part) => part !== '')
          .map(byteString),
      )![name],
    )
  }

  number(path: string): number {
    return this.detail(path, 'inode')
  }

  inode(path: string): number {
    return this.disk.inodeOffset(this.number(path), fail)
  }

  /** Byte of the first block of what stands at `path`. */
  content(path: string): number {
    return this.detail(path, 'first_block') * BLOCK
  }

  xattrs(path: string): number {
    return this.detail(path, 'xattr_block') * BLOCK
  }

  group(group: number): GroupDescriptor & { readonly offset: number } {
    const { bytes, offset } = this.disk.descriptorPlace(group)
    return { ...decodeGroupDescriptor(bytes, 0, this.disk.shape.descriptorSize), offset }
  }

  /** The extent block below the root of a tree of one level. */
  extentBlock(path: string): number {
    return this.bytes.readUInt32LE(this.inode(path) + FIRST_EXTENT + 4) * BLOCK
  }

  /** Byte of the entry of `name` in the first block of the directory at `path`. */
  entry(path: string, name: string): number {
    const from = this.content(path)
    const found = this.bytes.indexOf(name, from)
    if (found < 0 || found > from + BLOCK) throw new Error(name)
    return found - 8
  }

  set8(at: number, value: number): void {
    this.bytes.writeUInt8(value, at)
  }

  set16(at: number, value: number): void {
    this.bytes.writeUInt16LE(value, at)
  }

  set32(at: number, value: number): void {
    this.bytes.writeUInt32LE(value, at)
  }

  flip(at: number, bits = 0x40): void {
    this.bytes[at]! ^= bits
  }

  /** Changes a field of a descriptor of 64 bytes and mends bg_checksum. */
  setGroup16(group: number, at: number, value: number): void {
    const { offset } = this.group(group)
    this.set16(offset + at, value)
    const descriptor = this.bytes.subarray(offset, offset + this.disk.shape.descriptorSize)
    this.set16(offset + 0x1e, descriptorChecksum(this.disk.shape, group, descriptor))
  }
}

function fail(): never {
  throw new Error('the base is not sound')
}

/** Bits of bitmaps, from a byte on. */
function bitAt(bytes: Buffer, from: number, isSet: boolean, start = 0): [byte: number, mask: number] {
  for (let bit = start; ; bit++) {
    const at = from + (bit >> 3)
    const mask = 1 << (bit & 7)
    if (((bytes[at]! & mask) !== 0) === isSet) return [at, mask]
  }
}

type Damage = readonly [
  what: string,
  base: Base,
  /** debugfs commands, in which `<path>` is an inode; or words of the volume. */
  how: string | ((volume: Volume) => void),
  structure: RegExp,
  field: string | RegExp,
]

const ofInode = (kind: string): RegExp => new RegExp(`^${kind} of inode \\d+`)
const INODE = /^inode \d+$/
const EXTENTS = ofInode('extent tree')
const DIRECTORY = /^directory block 0 of inode \d+$/
const HASH_TREE = /^hash tree node in directory block 0 of inode \d+$/
const DX_ENTRIES = 32

const DAMAGES: readonly Damage[] = [
  ['free blocks of the volume', 'sums', 'ssv free_blocks_count 77', /^superblock$/, 's_free_blocks_count'],
  ['free inodes of the volume', 'sums', 'ssv free_inodes_count 77', /^superblock$/, 's_free_inodes_count'],
  ['reserved blocks', 'sums', 'ssv r_blocks_count 20000', /^superblock$/, 's_r_blocks_count'],
  ['the list of orphans', 'sums', 'ssv last_orphan 999999', /^superblock$/, 's_last_orphan'],
  ["the superblock's checksum", 'sums', (v) => v.flip(SUPERBLOCK + 0x3fc), /^superblock$/, 's_checksum'],
  [
    'inodes in a copy',
    'plain',
    (v) => v.set32(v.disk.shape.blocksPerGroup * BLOCK + BLOCK, 5),
    /^superblock copy in group 1$/,
    's_inodes_count',
  ],
  ["a descriptor's checksum", 'sums', (v) => v.flip(v.group(0).offset + 0x1e), /^group descriptor 0$/, 'bg_checksum'],
  [
    'free blocks of a group',
    'sums',
    'set_bg 1 free_blocks_count 5\nset_bg 1 checksum calc',
    /^group descriptor 1$/,
    'bg_free_blocks_count',
  ],
  [
    'free inodes of a group',
    'sums',
    'set_bg 1 free_inodes_count 5\nset_bg 1 checksum calc',
    /^group descriptor 1$/,
    'bg_free_inodes_count',
  ],
  [
    'directories of a group',
    'sums',
    'set_bg 0 used_dirs_count 99\nset_bg 0 checksum calc',
    /^group descriptor 0$/,
    'bg_used_dirs_count',
  ],
  ['inodes never used', 'sums', (v) => v.setGroup16(0, 0x1c, v.group(0).unusedInodes + 60), /^entry /, 'inode'],
  [
    'a block bitmap beyond the volume',
    'plain',
    (v) => v.set32(v.group(1).offset, 9_999_999),
    /^group descriptor 1$/,
    'bg_block_bitmap',
  ],
  ["a bitmap's checksum", 'sums', (v) => v.setGroup16(0, 0x18, 0x1234), /^group descriptor 0$/, 'bg_block_bitmap_csum'],
  [
    'a used block that is marked free',
    'plain',
    (v) => v.flip(...bitAt(v.bytes, v.group(0).blockBitmap * BLOCK, true)),
    /^block bitmap of group 0$/,
    /^block \d+$/,
  ],
  [
    'a free block that is marked used',
    'plain',
    (v) => v.flip(...bitAt(v.bytes, v.group(0).blockBitmap * BLOCK, false)),
    /^block bitmap of group 0$/,
    /^block \d+$/,
  ],
  [
    'a used inode that is marked free',
    'plain',
    (v) => v.flip(...bitAt(v.bytes, v.group(0).inodeBitmap * BLOCK, true, 20)),
    /^inode bitmap of group 0$/,
    /^inode \d+$/,
  ],
  [
    'a free inode that is marked used',
    'plain',
    (v) => v.flip(...bitAt(v.bytes, v.group(0).inodeBitmap * BLOCK, false)),
    /^inode bitmap of group 0$/,
    /^inode \d+$/,
  ],
  [
    "a bitmap's padding",
    'plain',
    (v) => v.set8((v.group(0).inodeBitmap + 1) * BLOCK - 1, 0x7f),
    /^inode bitmap of group 0$/,
    /behind its end/,
  ],

  ['the type of an inode', 'sums', 'sif <file> mode 0170644', INODE, 'i_mode'],
  ['the root', 'sums', 'sif <> mode 0100755', /^inode 2 \(the root\)$/, 'i_mode'],
  ['links', 'sums', 'sif <linked> links_count 7', INODE, 'i_links_count'],
  ['links of a directory', 'sums', 'sif <sub> links_count 9', INODE, 'i_links_count'],
  ['a time of deletion', 'sums', 'sif <file> dtime 5', INODE, 'i_dtime'],
  ['a count of blocks', 'sums', 'sif <file> blocks 998', INODE, 'i_blocks'],
  ['the size of a directory', 'sums', 'sif <sub> size 5000', INODE, 'i_size'],
  ['a size before what is written', 'sums', 'sif <pieces> size 10', INODE, 'i_size'],
  ['the length of a symlink', 'sums', 'sif <short> size 30', INODE, 'its target'],
  ['the length of the fields', 'sums', 'sif <file> extra_isize 33', INODE, 'i_extra_isize'],
  ['a block of attributes', 'sums', 'sif <file> file_acl 9999999', INODE, 'i_file_acl'],
  ["an inode's checksum", 'sums', (v) => v.flip(v.inode('file') + 0x7c), INODE, 'i_checksum'],

  ['extents: magic', 'plain', (v) => v.set16(v.inode('file') + I_BLOCK, 0x1234), EXTENTS, 'eh_magic'],
  ['extents: count', 'plain', (v) => v.set16(v.inode('file') + I_BLOCK + 2, 9), EXTENTS, 'eh_entries'],
  ['extents: room', 'plain', (v) => v.set16(v.inode('file') + I_BLOCK + 4, 9), EXTENTS, 'eh_max'],
  [
    'extents: depth',
    'plain',
    (v) => v.set16(v.inode('pieces') + I_BLOCK + 6, 2),
    ofInode('extent block \\d+'),
    'eh_depth',
  ],
  [
    'extents: a place beyond the volume',
    'plain',
    (v) => v.set32(v.inode('file') + FIRST_EXTENT + 8, 9_999_999),
    EXTENTS,
    'ee_start',
  ],
  ['extents: a length of 0', 'plain', (v) => v.set16(v.inode('file') + FIRST_EXTENT + 4, 0), EXTENTS, 'ee_len'],
  [
    'extents: order',
    'plain',
    (v) => v.set32(v.extentBlock('pieces') + 3 * EXTENT, 0),
    ofInode('extent block \\d+'),
    'ee_block',
  ],
  [
    'extents: an index beyond the volume',
    'plain',
    (v) => v.set32(v.inode('pieces') + FIRST_EXTENT + 4, 9_999_999),
    EXTENTS,
    'ei_leaf',
  ],
  [
    'extents: checksum',
    'sums',
    (v) => v.flip(v.extentBlock('pieces') + BLOCK - 4),
    ofInode('extent block \\d+'),
    'et_checksum',
  ],
  [
    'a block that two files claim',
    'plain',
    (v) => v.set32(v.inode('file') + FIRST_EXTENT + 8, v.content('linked') / BLOCK),
    INODE,
    'its blocks',
  ],
  [
    'blocks: one beyond the volume',
    'old',
    (v) => v.set32(v.inode('file') + I_BLOCK, 9_999_999),
    ofInode('i_block'),
    'a block',
  ],
  [
    'blocks: an indirect one beyond the volume',
    'old',
    (v) => v.set32(v.inode('large') + I_BLOCK + 4 * 12, 9_999_999),
    ofInode('i_block'),
    'an indirect block',
  ],

  ['an entry: rec_len', 'plain', (v) => v.set16(v.entry('sub', 'deeper') + 4, 7), DIRECTORY, 'rec_len'],
  ['an entry: name_len', 'plain', (v) => v.set8(v.entry('', 'linked') + 6, 200), DIRECTORY, 'rec_len'],
  ['an entry: a name of none', 'plain', (v) => v.set8(v.entry('sub', 'deeper') + 6, 0), DIRECTORY, 'name_len'],
  [
    'an entry: an inode beyond the last',
    'plain',
    (v) => v.set32(v.entry('sub', 'deeper'), 999_999),
    DIRECTORY,
    'inode of "deeper"',
  ],
  ['an entry: an inode not in use', 'plain', (v) => v.set32(v.entry('', 'file'), 2000), /^entry "file" /, 'inode'],
  ['an entry: type', 'plain', (v) => v.set8(v.entry('', 'file') + 7, 2), /^entry "file" /, 'file_type'],
  ['an entry: a slash', 'plain', (v) => v.bytes.write('fi/e', v.entry('', 'file') + 8), DIRECTORY, 'name'],
  [
    'an entry: a name twice',
    'plain',
    (v) => v.bytes.write('linker', v.entry('', 'linked') + 8),
    /^directory inode 2$/,
    'name',
  ],
  ['"."', 'plain', (v) => v.set32(v.content('sub'), 2), DIRECTORY, 'inode of "."'],
  ['".."', 'plain', (v) => v.set32(v.content('sub') + 12, 11), /^directory inode \d+$/, 'inode of ".."'],
  ["a directory's checksum", 'sums', (v) => v.flip(v.content('sub') + BLOCK - 4), DIRECTORY, 'det_checksum'],
  ["a directory's tail", 'sums', (v) => v.set8(v.content('sub') + BLOCK - 5, 0), DIRECTORY, 'its checksum'],
  ['an inode without a name', 'plain', (v) => v.set32(v.entry('', 'lonely'), 0), INODE, 'its names'],

  ['a hash tree: version', 'plain', (v) => v.set8(v.content('many') + 28, 9), HASH_TREE, 'hash_version'],
  ['a hash tree: levels', 'plain', (v) => v.set8(v.content('many') + 30, 3), HASH_TREE, 'indirect_levels'],
  ['a hash tree: limit', 'plain', (v) => v.set16(v.content('many') + DX_ENTRIES, 50), HASH_TREE, 'limit'],
  ['a hash tree: count', 'plain', (v) => v.set16(v.content('many') + DX_ENTRIES + 2, 1000), HASH_TREE, 'count'],
  [
    'a hash tree: order',
    'plain',
    (v) => v.set32(v.content('many') + DX_ENTRIES + 8, 0xffff_fff0),
    HASH_TREE,
    /^hash of entry/,
  ],
  [
    'a hash tree: block',
    'plain',
    (v) => v.set32(v.content('many') + DX_ENTRIES + 12, 999),
    HASH_TREE,
    /^block of entry/,
  ],
  [
    'a hash tree: a hash that excludes a name',
    'plain',
    (v) => v.set32(v.content('many') + DX_ENTRIES + 8, 0x1000),
    ofInode('hash tree node in directory block \\d+'),
    /^hash of "/,
  ],
  ['a hash tree: checksum', 'sums', (v) => v.flip(v.content('many') + BLOCK - 4), DIRECTORY, 'dt_checksum'],

  ['attributes: magic', 'plain', (v) => v.set32(v.xattrs('shared')!, 5), /^extended attribute block \d+$/, 'h_magic'],
  [
    'attributes: users',
    'plain',
    (v) => v.set32(v.xattrs('shared') + 4, 9),
    /^extended attribute block \d+$/,
    'h_refcount',
  ],
  [
    'attributes: a value',
    'plain',
    (v) => v.flip(v.xattrs('shared') + BLOCK - 1),
    /^extended attribute block \d+$/,
    /^e_hash of/,
  ],
  [
    'attributes: a value beyond the block',
    'plain',
    (v) => v.set16(v.xattrs('shared') + 32 + 2, 1020),
    /^extended attribute block \d+$/,
    /^e_value_offs/,
  ],
  [
    'attributes: checksum',
    'sums',
    (v) => v.flip(v.xattrs('shared') + 16),
    /^extended attribute block \d+$/,
    'h_checksum',
  ],
  [
    'attributes in an inode: a value beyond it',
    'plain',
    (v) => v.set16(v.inode('noted') + 160 + 4 + 2, 0x7000),
    ofInode('extended attributes'),
    /^e_value_offs/,
  ],

  [
    "the journal's superblock",
    'plain',
    (v) => v.set32(v.bytes.indexOf(Buffer.from('c03b3998', 'hex')), 5),
    /^journal superblock$/,
    'h_magic',
  ],
  [
    'the blocks kept for growth',
    'plain',
    (v) => v.set32(v.bytes.readUInt32LE(v.disk.inodeOffset(7, fail) + I_BLOCK + 4 * 13) * BLOCK + 4, 77),
    /descriptor blocks kept for growth/,
    'word 1',
  ],
]

/** What e2fsck -n does not look at: it follows the list only when it may write, and copies only when it needs one. */
const UNSEEN = ['the list of orphans', 'inodes in a copy']

describeWithTools('damages of an ext volume', ['mke2fs', 'e2fsck', 'debugfs', 'setfattr'], () => {
  const folder = scratchFolder()
  const base = (name: Base): string => join(folder, `${name}.img`)
  const image = join(folder, 'damaged.img')
  const volumes = new Map<Base, Volume>()

  beforeAll(() => {
    const source = join(folder, 'source')
    const at = (name: string): string => join(source, name)
    for (const path of ['', 'sub', 'sub/deeper', 'many']) mkdirSync(at(path))
    writeFileSync(at('file'), Buffer.alloc(900, 'file'))
    writeFileSync(at('linked'), Buffer.alloc(900, 'linked'))
    linkSync(at('linked'), at('linker'))
    writeFileSync(at('large'), Buffer.alloc(40_000, 'large'))
    writeFileSync(at('lonely'), '')
    const pieces = Buffer.alloc(60 * 8192)
    for (let piece = 0; piece < 60; piece++) pieces.fill('piece', piece * 8192 + 2048, piece * 8192 + 4096)
    writeFileSync(at('pieces'), pieces)
    for (const name of ['shared', 'noted']) writeFileSync(at(name), '')
    tool('setfattr', '-n', 'user.note', '-v', 'v'.repeat(300), at('shared'))
    tool('setfattr', '-n', 'user.note', '-v', 'v', at('noted'))
    symlinkSync('a/target', at('short'))
    for (let i = 0; i < 120; i++) writeFileSync(at(`many/an-entry-of-some-length-${i}`), '')
    for (const [name, options] of Object.entries(BASES)) {
      const path = base(name as Base)
      tool('mke2fs', '-q', '-F', '-b', `${BLOCK}`, ...options.split(' '), '-d', source, path, '9M')
      // mke2fs makes no hash trees.
      runTool('e2fsck', ['-fyD', path])
      expectClean(path)
      expect(openExtVolume(viewFile(path)).check()).toEqual([])
      volumes.set(name as Base, new Volume(path))
    }
  })

  it.each(DAMAGES.map(([what, on, how, structure, field]) => ({ what, on, how, structure, field })))(
    '$what ($on)',
    ({ what, on, how, structure, field }) => {
      const volume = volumes.get(on)!.copy()
      if (typeof how === 'string') {
        copyFileSync(base(on), image)
        const commands = how.replace(/<([^>]*)>/g, (_, path: string) => `<${volume.number(path)}>`)
        const script = join(folder, 'commands')
        writeFileSync(script, `${commands}\n`)
        tool('debugfs', '-w', '-f', script, image)
      } else {
        how(volume)
        writeFileSync(image, volume.bytes)
      }
      const findings = openExtVolume(viewFile(image)).check()
      expect(findings.length).toBeGreaterThan(0)
      const named = findings.filter((finding) => structure.test(finding.structure) && isField(finding.field, field))
      expect(named.length, JSON.stringify(findings.slice(0, 5), null, 1)).toBeGreaterThan(0)
      expect(named[0]!.offset).toBeLessThan(volume.bytes.length)
      if (UNSEEN.includes(what)) return
      const said = runTool('e2fsck', ['-fn', image])
      const complaints = said.stdout
        .split('\n')
        .filter((line) => line !== '' && !/^Pass \d|^\S+: \d+\/\d+ files/.test(line))
      expect({ status: said.status, complaints }, 'e2fsck').not.toEqual({ status: 0, complaints: [] })
    },
  )
})

function isField(found: string, expected: string | RegExp): boolean {
  return typeof expected === 'string' ? found === expected : expected.test(found)
}
