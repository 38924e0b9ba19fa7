/** FAT volumes that mkfs.fat and mtools made, whole and with one field damaged each: mtools and fsck.fat say what is in them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { FormatError } from '../../src/errors.js'
import { isFatVolume, openFatVolume } from '../../src/filesystems/fat/reader/open-fat-volume.js'
import type { VolumeReader } from '../../src/filesystems/volume-reader.js'
import { walkTree } from '../../src/tree/file-tree.js'
import { withView } from '../support/open-view.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { patch, peek } from '../support/patch-file.js'
import { readBytes } from '../support/read-content.js'

const KIB = 1024
const MIB = 1024 * KIB
const SECONDS = 1_700_000_000
const folder = scratchFolder()

function withVolume<T>(path: string, use: (volume: VolumeReader) => T): T {
  return withView(path, (view) => use(openFatVolume(view)))
}

function volume(name: string, sizeBytes: number, ...options: string[]): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  truncateSync(path, sizeBytes)
  tool('mkfs.fat', ...options, path)
  return path
}

/** A folder of the host with names and sizes of every kind; path → length. */
function makePayload(root: string): void {
  const sizes: Record<string, number> = {
    'README.TXT': 1,
    'lower.txt': 511,
    'Mixed.Case': 512,
    empty: 0,
    'größe und Länge.txt': 70_000,
    'a/b/c/deep.bin': 4097,
    'a/UPPER/x': 3,
    [`a/${'n'.repeat(200)}.text`]: 12_345,
  }
  for (let number = 0; number < 40; number++) sizes[`many/file number ${number}.dat`] = number * 97
  for (const [path, length] of Object.entries(sizes)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), Buffer.alloc(length, path))
    utimesSync(join(root, path), SECONDS, SECONDS)
  }
}

function expectFsckClean(path: string): void {
  const { status, stdout } = runTool('fsck.fat', ['-n', path])
  expect([status, stdout.trim().split('\n').length], stdout).toEqual([0, 2])
}

describeWithTools(
  'FAT volumes that others made',
  ['mkfs.fat', 'fsck.fat', 'mcopy', 'mdel', 'mattrib', 'mshowfat', 'python3'],
  () => {
    const payload = join(folder, 'payload')
    beforeAll(() => makePayload(payload))

    it.each<[string, number, string[], string]>([
      ['FAT12, a floppy', 1440 * KIB, [], 'fat12'],
      ['FAT12, one sector a cluster', 2 * MIB, ['-F', '12', '-s', '1', '-r', '224', '-n', 'TWELVE'], 'fat12'],
      ['FAT12, sectors of 2048', 8 * MIB, ['-F', '12', '-S', '2048'], 'fat12'],
      ['FAT16', 16 * MIB, ['-F', '16', '-n', 'With Blank', '-i', '1234abcd'], 'fat16'],
      ['FAT16, one FAT, large clusters', 300 * MIB, ['-F', '16', '-f', '1', '-s', '64'], 'fat16'],
      ['FAT16, four FATs', 16 * MIB, ['-F', '16', '-f', '4'], 'fat16'],
      ['FAT16, sectors of 1024', 64 * MIB, ['-F', '16', '-S', '1024'], 'fat16'],
      ['FAT32', 40 * MIB, ['-F', '32', '-s', '1', '-n', 'THIRTYTWO'], 'fat32'],
      ['FAT32, sectors of 4096', 300 * MIB, ['-F', '32', '-S', '4096', '-s', '1'], 'fat32'],
      ['FAT32, 100 reserved sectors', 40 * MIB, ['-F', '32', '-s', '1', '-R', '100', '-b', '50'], 'fat32'],
    ])('%s', (name, sizeBytes, options, format) => {
      const path = volume(name, sizeBytes, ...options)
      withVolume(path, (empty) => {
        expect(empty.check()).toEqual([])
        expect(empty.summary).toMatchObject({ format, state: 'clean' })
        expect([...empty.tree().children]).toEqual([])
      })
      tool('mcopy', '-m', '-s', '-i', path, ...readdirSync(payload).map((entry) => join(payload, entry)), '::')
      // Gaps, into which a long file goes in pieces, and slots that are used a second time.
      for (const number of [3, 4, 9, 20, 31]) tool('mdel', '-i', path, `::/many/file number ${number}.dat`)
      const pieces = join(folder, 'pieces')
      writeFileSync(pieces, Buffer.alloc(30_000, 'in pieces'))
      tool('mcopy', '-i', path, pieces, '::/many/in pieces')
      tool('mattrib', '-i', path, '+r', '+h', '+s', '::/README.TXT')
      // fsck.fat reads no volume with more than two FATs.
      if (!options.includes('4')) expectFsckClean(path)

      withVolume(path, (read) => {
        expect(read.check()).toEqual([])
        const files = new Map([...walkTree(read.tree())].filter(([, node]) => node.type === 'file'))
        const expected = new Map(
          readdirSync(payload, { recursive: true, encoding: 'utf8' })
            .filter((entry) => statSync(join(payload, entry)).isFile() && !/number (3|4|9|20|31)\.dat/.test(entry))
            .map((entry) => [byteString(entry), readFileSync(join(payload, entry))]),
        )
        expected.set('many/in pieces' as ByteString, readFileSync(pieces))
        expect([...files.keys()].sort()).toEqual([...expected.keys()].sort())
        for (const [entry, bytes] of expected) {
          const node = files.get(entry)!
          if (node.type === 'file') expect(Buffer.from(readBytes(node.content)).equals(bytes), entry).toBe(true)
          expect([entry, node.mode]).toEqual([entry, entry === 'README.TXT' ? 0o444 : 0o644])
          if (entry !== 'many/in pieces') expect([entry, node.mtime.seconds]).toEqual([entry, SECONDS])
        }
        expect(read.details(['README.TXT' as ByteString])).toMatchObject({
          attributes: 'ARHS',
          short_name: 'README  TXT',
        })
        // mshowfat does not find names beyond ASCII.
        expectChainsAsMtools(
          path,
          read,
          [...expected.keys()].filter((entry) => /^[\x20-\x7e]+$/.test(entry)),
        )
        expectCountsAsFsck(path, read, options)
      })
    })

    /** mshowfat prints `::/file <5-8> <12>`, and of an empty one that it is that. */
    function expectChainsAsMtools(path: string, read: VolumeReader, names: readonly string[]): void {
      const printed = tool('mshowfat', '-i', path, ...names.map((name) => `::/${name}`))
      for (const name of names) {
        const line = printed.split('\n').find((text) => text.startsWith(`::/${name} `))!
        const runs = [...line.matchAll(/<(\d+)(?:-(\d+))?>/g)].map(([, first, last]) => [
          Number(first),
          Number(last ?? first),
        ])
        const said = {
          first_cluster: runs[0]?.[0] ?? 0,
          clusters: runs.reduce((sum, [first, last]) => sum + last! - first! + 1, 0),
          fragments: runs.length,
        }
        expect([name, read.details(name.split('/') as ByteString[])]).toMatchObject([name, said])
      }
    }

    function expectCountsAsFsck(path: string, read: VolumeReader, options: string[]): void {
      if (options.includes('4')) return
      const [, used, clusters] = /(\d+)\/(\d+) clusters/.exec(tool('fsck.fat', '-n', path))!
      const { facts, label, freeBytes, sizeBytes } = read.summary
      expect(facts).toMatchObject({ clusters: Number(clusters), free_clusters: Number(clusters) - Number(used) })
      const at = options.indexOf('-n')
      expect(label).toBe(at < 0 ? undefined : options[at + 1])
      const total = read.usedStretches().reduce((sum, { length }) => sum + length, 0)
      expect(sizeBytes - total - freeBytes).toBeLessThan(Number(facts.cluster_size))
      expect(total).toBeLessThanOrEqual(sizeBytes - freeBytes)
    }

    it('finds names in any case and by their short names', () => {
      const path = volume('names', 4 * MIB)
      tool('mcopy', '-s', '-i', path, join(payload, 'a'), join(payload, 'größe und Länge.txt'), '::')
      withVolume(path, (read) => {
        const find = (...names: string[]) => read.find(names.map(byteString))?.type
        expect(find('A', 'upper', 'X')).toBe('file')
        expect(find('GRößE UND LäNGE.TXT')).toBe('file')
        expect(find('A', 'NNNNNN~1.TEX')).toBe('file')
        expect(find('a', 'nothing')).toBeUndefined()
        expect(find('a', 'UPPER', 'x', 'below a file')).toBeUndefined()
        const directory = read.find([byteString('a')])
        if (directory?.type !== 'directory') throw new Error('no directory')
        expect([...directory.children.keys()].sort()).toEqual(['UPPER', 'b', `${'n'.repeat(200)}.text`])
        expect(directory.children.get('b' as ByteString)).toMatchObject({ type: 'directory', children: new Map() })
      })
    })

    it('names of code page 437 are those of Python', () => {
      const path = volume('code-page', 4 * MIB)
      const bytes = Array.from({ length: 128 }, (_, index) => index + 128)
      const page = execFileSync('python3', ['-c', 'print(bytes(range(128,256)).decode("cp437"),end="")']).toString(
        'utf8',
      )
      const slots = Buffer.alloc(128 * 32)
      for (const [index, byte] of bytes.entries()) {
        const at = index * 32
        slots.write('A          ', at, 'latin1')
        // 0xE5 as the first byte means "deleted": it is stored as 0x05.
        slots[at] = byte === 0xe5 ? 0x05 : byte
        slots[at + 1] = 0x30 + (index % 10)
        slots[at + 2] = 0x30 + Math.floor(index / 10)
      }
      const root = withVolume(path, (read) => read.usedStretches()[0]!.length) - 512 * 32
      patch(path, root, slots)
      const names = withVolume(path, (read) => [...read.tree().children.keys()])
      const expected = [...page].map(
        (character, index) => `${character}${index % 10}${String.fromCharCode(0x30 + Math.floor(index / 10))}`,
      )
      expect(names).toEqual(expected.map(byteString))
    })

    it('is none: what is not FAT', () => {
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(511), Buffer.alloc(4096), Buffer.alloc(1 << 20, 0xff)]) {
        const path = join(folder, 'none')
        writeFileSync(path, bytes)
        expect(withView(path, isFatVolume)).toBe(false)
        expect(() => withVolume(path, () => {})).toThrow(FormatError)
      }
    })
  },
)

function little(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, size)
  return bytes
}

/** A volume whose places are known, and which is put in order again after each damage. */
class Damaged {
  readonly path: string
  readonly #width: 16 | 32
  readonly #undo: (() => void)[] = []

  constructor(path: string, width: 16 | 32) {
    this.path = path
    this.#width = width
  }

  write(at: number, ...bytes: number[]): void {
    const before = peek(this.path, at, bytes.length)
    this.#undo.push(() => patch(this.path, at, before))
    patch(this.path, at, bytes)
  }

  number(at: number, value: number, size: number): void {
    this.write(at, ...little(value, size))
  }

  /** The entry of a cluster in the first FATs, of which there are two. */
  fat(cluster: number, value: number, fats = 2): void {
    const [at, bytes] =
      this.#width === 32
        ? [32 * 512, peek(this.path, 36, 4).readUInt32LE() * 512]
        : [peek(this.path, 14, 2).readUInt16LE() * 512, peek(this.path, 22, 2).readUInt16LE() * 512]
    for (let fat = 0; fat < fats; fat++)
      this.number(at + fat * bytes + (cluster * this.#width) / 8, value, this.#width / 8)
  }

  cluster(name: string): number {
    return this.#detail(name, 'first_cluster')
  }

  /** Byte of the short entry of a file or directory. */
  slot(name: string): number {
    const parent = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : ''
    const start = parent === '' && this.#width === 16 ? this.root16() : this.#detail(parent, 'first_byte')
    return start + this.#detail(name, 'directory_slot') * 32
  }

  root16(): number {
    return withVolume(this.path, (read) => read.usedStretches()[0]!.length - 512 * 32)
  }

  #detail(name: string, detail: string): number {
    const path = name === '' ? [] : name.split('/').map(byteString)
    return Number(withVolume(this.path, (read) => read.details(path))![detail])
  }

  repair(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }
}

function makeVolume(name: string, width: 16 | 32): Damaged {
  const size = width === 32 ? 34 * MIB : 4 * MIB
  const path = volume(name, size, '-F', String(width), '-s', '1', '-n', 'SOUND')
  const root = join(folder, `${name}-payload`)
  mkdirSync(join(root, 'DIR/SUB'), { recursive: true })
  const files = {
    'A.TXT': 1500,
    'B.TXT': 1500,
    'DIR/C.TXT': 600,
    'a long name of some file.txt': 100,
    'DIR/SUB/D.TXT': 1,
  }
  for (const [file, length] of Object.entries(files)) writeFileSync(join(root, file), Buffer.alloc(length, file))
  tool(
    'mcopy',
    '-s',
    '-i',
    path,
    ...['A.TXT', 'B.TXT', 'DIR', 'a long name of some file.txt'].map((entry) => join(root, entry)),
    '::',
  )
  expectFsckClean(path)
  return new Damaged(path, width)
}

interface Damage {
  what: string
  width?: 16
  damage: (volume: Damaged) => void
  /** What is found: `structure field found, expected`; the first pattern is of the damage, the others of what follows from it. */
  says: RegExp[]
  /** What fsck.fat -n says of it, if it minds. */
  fsck?: RegExp
  /** Reading the tree fails with it, too. */
  tree?: RegExp
}

const BACKUP = /^backup boot sector /

const DAMAGES: Damage[] = [
  { what: 'boot signature', damage: (v) => v.write(510, 0), says: [/^boot sector Signature_word 43520, 43605/] },
  { what: 'sector size', damage: (v) => v.number(11, 500, 2), says: [/^boot sector BPB_BytsPerSec 500, 512, 1024/] },
  { what: 'cluster size', damage: (v) => v.write(13, 3), says: [/^boot sector BPB_SecPerClus 3, a power of two/] },
  { what: 'no FATs', damage: (v) => v.write(16, 0), says: [/^boot sector BPB_NumFATs 0, 1 to 4/] },
  { what: 'no sectors', damage: (v) => v.number(32, 0, 4), says: [/^boot sector BPB_TotSec32 0, at least/] },
  {
    what: 'jump',
    damage: (v) => v.write(0, 0),
    says: [/^boot sector BS_jmpBoot 005890/, BACKUP],
    fsck: /differences between boot sector/,
  },
  {
    what: 'media',
    damage: (v) => v.write(21, 0xf0),
    says: [/^FAT 1 entry 0 0xffffff8, 0xffffff0/, BACKUP],
    fsck: /differences between boot sector/,
  },
  {
    what: 'more sectors than there are',
    damage: (v) => v.number(32, 70_000, 4),
    says: [
      /^boot sector BPB_TotSec32 70000, at most the 69632/,
      BACKUP,
      /^boot sector BPB_FATSz32/,
      /^FSInfo FSI_Free_Count/,
    ],
    fsck: /Failed to read sector 69999/,
  },
  { what: 'version', damage: (v) => v.number(42, 1, 2), says: [/^boot sector BPB_FSVer 1, 0/, BACKUP] },
  {
    what: 'FSInfo outside',
    damage: (v) => v.number(48, 40, 2),
    says: [/^boot sector BPB_FSInfo 40, one of the 32/, BACKUP],
  },
  {
    what: 'label',
    damage: (v) => v.write(71, 0x54),
    says: [/^boot sector BS_VolLab TOUND, SOUND, the label in the root/, BACKUP],
    fsck: /stored in root directory and label/,
  },
  {
    what: 'type text',
    damage: (v) => v.write(82 + 3, 0x31),
    says: [/^boot sector BS_FilSysType FAT12, FAT32/, BACKUP],
  },
  {
    what: 'dirty, by the boot sector',
    damage: (v) => v.write(65, 1),
    says: [/^boot sector BS_Reserved1 the mark of a volume in use/],
    fsck: /Dirty bit is set/,
  },
  {
    what: 'dirty, by the FAT',
    damage: (v) => v.fat(1, 0x07ffffff),
    says: [/^FAT 1 entry 1 the mark of a volume in use/],
  },
  { what: 'errors, by the FAT', damage: (v) => v.fat(1, 0x0bffffff), says: [/^FAT 1 entry 1 the mark of errors/] },
  {
    what: 'root cluster',
    damage: (v) => v.number(44, 90_000, 4),
    says: [/^root directory BPB_RootClus 90000, a cluster from 2/, BACKUP, /./, /./, /./, /./, /./],
    fsck: /\/\n {2}Start cluster beyond limit/,
    tree: /root directory at byte 0 .*BPB_RootClus is 90000/,
  },
  {
    what: 'backup boot sector',
    damage: (v) => v.write(6 * 512 + 67, 0xaa, 0xbb),
    says: [/^backup boot sector BS_VolID aabb/],
    fsck: /differences between boot sector/,
  },
  {
    what: 'FSInfo signature',
    damage: (v) => v.write(512, 0),
    says: [/^FSInfo FSI_LeadSig 0x41615200, 0x41615252/],
    fsck: /bad magic/,
  },
  {
    what: 'free count',
    damage: (v) => v.number(512 + 488, 77, 4),
    says: [/^FSInfo FSI_Free_Count 77, /],
    fsck: /Free cluster summary wrong/,
  },
  { what: 'next free', damage: (v) => v.number(512 + 492, 90_000, 4), says: [/^FSInfo FSI_Nxt_Free 90000, 2 to/] },
  {
    what: 'second FAT',
    damage: (v) => v.write(32 * 512 + peek(v.path, 36, 4).readUInt32LE() * 512 + v.cluster('B.TXT') * 4, 9),
    says: [/^FAT 2 entry \d+ 0x9, 0x\w+ as in FAT 1/],
    fsck: /FATs differ/,
  },
  {
    what: 'a chain in a circle',
    damage: (v) => v.fat(v.cluster('A.TXT') + 2, v.cluster('A.TXT')),
    says: [/^file "A.TXT" its chain of clusters one that comes back/],
    fsck: /File size is|Circular/,
  },
  {
    what: 'two files in one chain',
    damage: (v) => v.fat(v.cluster('A.TXT'), v.cluster('B.TXT')),
    says: [/^file "[AB].TXT" its chain of clusters cluster \d+, a cluster that is not of file "[AB].TXT"/, /./, /./],
    fsck: /share clusters/,
  },
  {
    what: 'a free cluster in a chain',
    damage: (v) => v.fat(v.cluster('A.TXT') + 1, 0),
    says: [/^file "A.TXT" FAT entry \d+ 0 \(free\)/, /^FSInfo/, /^FAT 1 entry \d+ in use/],
    fsck: /Contains a free cluster/,
    tree: /file "A.TXT" at byte \d+ .*FAT entry \d+ is 0 \(free\)/,
  },
  {
    what: 'a bad cluster in a chain',
    damage: (v) => v.fat(v.cluster('A.TXT') + 1, 0x0ffffff7),
    says: [/^file "A.TXT" FAT entry \d+ 268435447 \(a bad cluster\)/, /^FAT 1 entry/],
    fsck: /bad cluster/,
    tree: /a bad cluster/,
  },
  {
    what: 'a chain beyond the volume',
    damage: (v) => v.fat(v.cluster('A.TXT') + 1, 90_000),
    says: [/^file "A.TXT" FAT entry \d+ 90000, a cluster from 2/, /^FAT 1 entry/],
    fsck: /./,
    tree: /file "A.TXT"/,
  },
  {
    what: 'a chain that is too short',
    damage: (v) => v.fat(v.cluster('A.TXT'), 0x0fffffff),
    says: [
      /^file "A.TXT" its chain of clusters 1 clusters long, 3 for 1500 bytes/,
      /^FAT 1 entry \d+ the first of 2 clusters in use/,
    ],
    fsck: /File size is 1500 bytes, cluster chain length is 512/,
    tree: /file "A.TXT" .* is 1 long, 3 for 1500/,
  },
  {
    what: 'a chain that is too long',
    damage: (v) => v.number(v.slot('A.TXT') + 28, 5, 4),
    says: [/^file "A.TXT" its chain of clusters 3 clusters long, 1 for 5 bytes/],
    fsck: /File size is 5 bytes, cluster chain length is > 512/,
  },
  {
    what: 'a chain of an empty file',
    damage: (v) => v.number(v.slot('A.TXT') + 28, 0, 4),
    says: [/^file "A.TXT" DIR_FstClus \d+, 0, since DIR_FileSize is 0/],
    fsck: /File size is 0/,
  },
  {
    what: 'lost clusters',
    damage: (v) => {
      v.fat(1000, 1001)
      v.fat(1001, 0x0fffffff)
    },
    says: [/^FAT 1 entry 1000 the first of 2 clusters in use, a cluster of some file/, /^FSInfo FSI_Free_Count/],
    fsck: /Reclaimed 2 unused clusters/,
  },
  {
    what: 'a first cluster beyond',
    damage: (v) => v.number(v.slot('B.TXT') + 20, 9, 2),
    says: [/^file "B.TXT" DIR_FstClus 589\d+, a cluster from 2/, /^FAT 1 entry/],
    fsck: /Start cluster beyond limit/,
    tree: /DIR_FstClus is 589\d+/,
  },
  {
    what: 'no first cluster',
    damage: (v) => v.number(v.slot('B.TXT') + 26, 0, 2),
    says: [/^file "B.TXT" DIR_FstClus 0, a cluster/, /^FAT 1 entry/],
    fsck: /File size is 1500 bytes, cluster chain length is 0/,
    tree: /file "B.TXT"/,
  },
  {
    what: 'a directory below itself',
    damage: (v) => v.number(v.slot('DIR/SUB') + 26, v.cluster('DIR'), 2),
    says: [
      /^directory "DIR\/SUB" its chain of clusters cluster \d+, a cluster that is not of directory "DIR"/,
      /^FAT 1 entry/,
    ],
    fsck: /Start does point to containing directory/,
    tree: /first cluster of directory "DIR"/,
  },
  {
    what: '. elsewhere',
    damage: (v) => v.number(v.slot('DIR/SUB/D.TXT') - 64 + 26, 999, 2),
    says: [/^directory "DIR\/SUB" DIR_FstClus of slot 0 999, \d+$/],
    fsck: /Invalid '\.' entry/,
  },
  {
    what: '.. elsewhere',
    damage: (v) => v.number(v.slot('DIR/SUB/D.TXT') - 32 + 26, 999, 2),
    says: [/^directory "DIR\/SUB" DIR_FstClus of slot 1 999, \d+$/],
    fsck: /Invalid '\.\.' entry/,
  },
  {
    what: 'no ..',
    damage: (v) => v.write(v.slot('DIR/SUB/D.TXT') - 32, 0xe5),
    says: [/^directory "DIR\/SUB" DIR_Name of slot 1 no entry, ".."/],
    fsck: /Expected a valid '\.\.' entry/,
  },
  {
    what: 'a directory with a size',
    damage: (v) => v.number(v.slot('DIR') + 28, 512, 4),
    says: [/^root directory DIR_FileSize of slot \d+ 512, 0, since it is a directory/],
    fsck: /Directory has non-zero size/,
  },
  {
    what: 'checksum of a long name',
    damage: (v) => v.write(v.slot('a long name of some file.txt') - 32 + 13, 1),
    says: [/^root directory LDIR_Chksum of slot \d+ 1, \d+$/],
    fsck: /checksum|Checksum/i,
  },
  {
    what: 'checksum of a whole long name',
    damage: (v) => {
      const slot = v.slot('a long name of some file.txt')
      for (const back of [32, 64, 96]) v.write(slot - back + 13, 1)
    },
    says: [/^root directory LDIR_Chksum of slot \d+ 1, \d+, as the short name in slot/],
    fsck: /Wrong checksum for long file name/,
  },
  {
    what: 'order of a long name',
    damage: (v) => v.write(v.slot('a long name of some file.txt') - 64, 7),
    says: [/^root directory LDIR_Ord of slot \d+ 7, 2$/, /^root directory LDIR_Ord/],
    fsck: /Unexpected long filename sequence number/,
  },
  {
    what: 'a long name of nobody',
    damage: (v) => v.write(v.slot('a long name of some file.txt'), 0xe5),
    says: [
      /^root directory LDIR_Ord of slot \d+ a long name of no entry, an entry behind it/,
      /^FAT 1 entry \d+ in use/,
    ],
    fsck: /Orphaned long file name/,
  },
  {
    what: 'a slash in a long name',
    damage: (v) => v.write(v.slot('a long name of some file.txt') - 32 + 1, 0x2f),
    says: [/^root directory LDIR_Name of slot \d+ "\/ long name of some file.txt", a name without "\/"/],
  },
  {
    what: 'a name twice',
    damage: (v) => v.write(v.slot('B.TXT'), 0x41),
    says: [/^root directory DIR_Name of slot \d+ "A {7}TXT", another name than that in slot/],
    fsck: /Duplicate directory entry/,
  },
  {
    what: 'a short name with a forbidden character',
    damage: (v) => v.write(v.slot('B.TXT'), 0x3a),
    says: [/^root directory DIR_Name of slot \d+ ": {7}TXT", upper case/],
    fsck: /Bad short file name/,
  },
  {
    what: 'a short name with a slash',
    damage: (v) => v.write(v.slot('B.TXT') + 1, 0x2f),
    says: [/^root directory DIR_Name of slot \d+ "B\/\.TXT", a name/, /^FAT 1 entry/],
    tree: /DIR_Name of slot \d+ is "B\/\.TXT"/,
  },
  {
    what: 'reserved attribute bits',
    damage: (v) => v.write(v.slot('B.TXT') + 11, 0xa0),
    says: [/^root directory DIR_Attr of slot \d+ 0xa0, no reserved bits/],
  },
  {
    what: 'a second label',
    damage: (v) => v.write(v.slot('B.TXT') + 11, 0x08),
    says: [/^root directory DIR_Attr of slot \d+ that of a volume label, one label/, /./, /./],
  },
  {
    what: 'an entry behind the end',
    damage: (v) => v.write(v.slot('DIR/SUB/D.TXT') + 128, 0x41),
    says: [/^directory "DIR\/SUB" slot 6 the first of 1 in use, zeros behind/],
  },

  {
    width: 16,
    what: 'FAT16: root entries',
    damage: (v) => v.number(17, 500, 2),
    says: [/^boot sector BPB_RootEntCnt 500, a multiple of 16/, /./, /./, /./, /./, /./, /./, /./, /./],
  },
  {
    width: 16,
    what: 'FAT16: a FAT too small',
    damage: (v) => v.number(22, 5, 2),
    says: [/^boot sector BPB_FATSz16 5, sectors for \d+ entries, not 1280/, ...Array<RegExp>(20).fill(/./)],
    fsck: /only space for/,
  },
  {
    width: 16,
    what: 'FAT16: boot sector without a copy',
    damage: (v) => v.number(11, 0, 2),
    says: [],
    tree: /boot sector at byte 0 .*BPB_BytsPerSec is 0, 512, 1024/,
  },
  {
    width: 16,
    what: 'FAT16: dirty',
    damage: (v) => v.fat(1, 0x7fff),
    says: [/^FAT 1 entry 1 the mark of a volume in use/],
  },
  {
    width: 16,
    what: 'FAT16: a chain in a circle',
    damage: (v) => v.fat(v.cluster('A.TXT') + 1, v.cluster('A.TXT')),
    says: [/^file "A.TXT" its chain of clusters one that comes back/, /^FAT 1/],
    tree: /comes back to cluster/,
  },
  {
    width: 16,
    what: 'FAT16: one file in the root twice',
    damage: (v) => v.number(v.slot('B.TXT') + 26, v.cluster('A.TXT'), 2),
    says: [/^file "B.TXT" its chain of clusters cluster \d+, a cluster that is not of file "A.TXT"/, /^FAT 1/],
    fsck: /share clusters/,
  },
]

describeWithTools(
  'FAT volumes with one damaged field',
  ['mkfs.fat', 'fsck.fat', 'mcopy', 'mdel', 'mattrib', 'mshowfat', 'python3'],
  () => {
    const volumes = new Map<number, Damaged>()
    beforeAll(() => {
      for (const width of [16, 32] as const) volumes.set(width, makeVolume(`sound-${width}`, width))
    })
    afterEach(() => {
      for (const sound of volumes.values()) sound.repair()
    })

    it.each(DAMAGES)('$what', ({ width = 32, damage, says, fsck, tree }) => {
      const sound = volumes.get(width)!
      expect(withVolume(sound.path, (read) => read.check())).toEqual([])
      damage(sound)
      const texts =
        says.length === 0
          ? []
          : withVolume(sound.path, (read) =>
              read
                .check()
                .map(({ structure, field, found, expected }) => `${structure} ${field} ${found}, ${expected}`),
            )
      if (says.length > 0) {
        expect(
          texts.filter((text) => says[0]!.test(text)),
          texts.join('\n'),
        ).toHaveLength(1)
        // What follows from it is allowed for, and no more.
        expect(texts.filter((text) => !says.some((pattern) => pattern.test(text)))).toEqual([])
        expect(texts.length, texts.join('\n')).toBeLessThanOrEqual(says.length)
      }
      const readTree = (): unknown => withVolume(sound.path, (read) => read.tree())
      if (tree === undefined) readTree()
      else expect(readTree).toThrow(tree)
      if (fsck === undefined) return
      const { stdout, stderr } = runTool('fsck.fat', ['-n', sound.path])
      expect(stdout + stderr).toMatch(fsck)
    })

    it('follows the second FAT where the volume says that only it is kept', () => {
      const sound = volumes.get(32)!
      sound.number(40, 0x81, 2)
      sound.write(6 * 512 + 40, 0x81)
      for (let cluster = 2; cluster < 12; cluster++) sound.fat(cluster, 0, 1)
      withVolume(sound.path, (read) => {
        expect(read.check()).toEqual([])
        expect(read.summary.facts.active_fat).toBe(2)
        expect(read.find([byteString('A.TXT')])).toMatchObject({ type: 'file', content: { sizeBytes: 1500 } })
      })
    })

    it('reads by the backup boot sector what has lost its own', () => {
      const sound = volumes.get(32)!
      sound.write(0, ...new Uint8Array(512))
      withVolume(sound.path, (read) => {
        expect(read.summary).toMatchObject({ format: 'fat32', label: 'SOUND' })
        expect([...read.tree().children.keys()].sort()).toEqual([
          'A.TXT',
          'B.TXT',
          'DIR',
          'a long name of some file.txt',
        ])
      })
    })
  },
)
