/** Damaged exFAT volumes: what our check finds, beside the verdict of fsck.exfat 1.2. */
import { copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { findingOf } from '../../src/bytes/findings.js'
import { openExfatVolume } from '../../src/filesystems/exfat/reader/open-exfat-volume.js'
import { EditedVolume, fsckExfat, makeExfat } from '../support/exfat-volume.js'
import { MIB } from '../support/image-spec.js'
import { withView } from '../support/open-view.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { file, folder, pattern } from '../support/qemu-trees.js'

const CLUSTER = 4096
/** Clusters of the sample: bitmap, up-case table (two), root, folder, then the files. */
const [BITMAP, TABLE, ROOT, FOLDER, FIRST_FILE] = [2, 3, 5, 6, 7]
const HEAP = 16 * 1024
const FAT = 12 * 1024
const ENTRY = 32

const TREE = folder({
  folder: folder({ inner: file(pattern(100)) }),
  large: file(pattern(3 * CLUSTER)),
  small: file(pattern(10)),
})
/** The entry sets of the root come after label, bitmap and up-case table. */
const SETS = { folder: 3, large: 6, small: 9 } as const

const cluster = (number: number): number => HEAP + (number - 2) * CLUSTER
const entry = (index: number): number => cluster(ROOT) + index * ENTRY
const set = (name: keyof typeof SETS): number => entry(SETS[name])

type Damage = (volume: EditedVolume) => void
/** A field of a stream extension or a file entry, with the checksum of the set made right again. */
const inSet =
  (name: keyof typeof SETS, at: number, bytes: readonly number[]): Damage =>
  (volume) => {
    volume.write(set(name) + at, Buffer.from(bytes))
    volume.sealSet(set(name))
  }
const flip =
  (offset: number, mask = 1): Damage =>
  (volume) =>
    volume.flip(offset, mask)
const u32 =
  (offset: number, value: number): Damage =>
  (volume) => {
    volume.u32(offset, value)
  }
/** A field of the boot sector, in both regions, with their checksums made right again. */
const inBoot =
  (at: number, bytes: readonly number[]): Damage =>
  (volume) => {
    for (const start of [0, 12 * 512]) {
      volume.write(start + at, Buffer.from(bytes))
      volume.sealBoot(start)
    }
  }

/**
 * The damage, our first finding, what fsck.exfat says. `clean`: it does not look there. It reports
 * nothing that we do not.
 */
const DAMAGES: readonly [string, Damage, string, string][] = [
  ['the checksum of the main boot region', flip(11 * 512), 'boot region: its checksum', 'boot region is corrupted'],
  ['the boot code', flip(0x80), 'boot region: its checksum', 'boot region is corrupted'],
  ['the checksum of the backup region', flip(23 * 512), 'backup boot region: its checksum', 'clean'],
  [
    'a field of the backup alone',
    (volume) => {
      volume.flip(12 * 512 + 0x64, 1)
      volume.sealBoot(12 * 512)
    },
    'backup boot sector: VolumeSerialNumber',
    'clean',
  ],
  [
    'an extended boot signature',
    (volume) => {
      volume.flip(2 * 512 - 1, 1)
      volume.sealBoot()
    },
    'boot region: ExtendedBootSignature of sector 1',
    'clean',
  ],
  ['the name of the main boot sector', flip(3), 'boot sector: FileSystemName', 'Bad fs_name in boot sector'],
  [
    'the sector shift of the main boot sector',
    flip(0x6c, 0x80),
    'boot sector: BytesPerSectorShift',
    'boot region is corrupted',
  ],
  [
    'both names',
    (volume) => {
      volume.flip(3, 1)
      volume.flip(12 * 512 + 3, 1)
    },
    'refused: boot sector: FileSystemName',
    'Bad fs_name in boot sector',
  ],
  [
    'more clusters than there are',
    inBoot(0x5c, [0xff, 0xff, 0, 0]),
    'refused: boot sector: ClusterCount',
    'boot region is corrupted',
  ],
  [
    'a root outside the volume',
    inBoot(0x60, [0xff, 0xff, 0, 0]),
    'refused: boot sector: FirstClusterOfRootDirectory',
    'the start cluster of root is wrong',
  ],
  ['a FAT that is too short', inBoot(0x54, [1, 0, 0, 0]), 'refused: boot sector: FatLength', 'clean'],
  ['a percentage of 101', inBoot(0x70, [101]), 'boot sector: PercentInUse', 'clean'],
  ['the media entry of the FAT', flip(FAT), 'FAT: FatEntry[0]', 'clean'],
  [
    'a used cluster marked as free',
    flip(cluster(BITMAP), 1 << (FIRST_FILE - 2)),
    'allocation bitmap: cluster 7',
    '/large: cluster 0x7 is marked as free',
  ],
  ['a lost cluster', flip(cluster(BITMAP) + 10, 1), 'allocation bitmap: cluster 82', 'clean'],
  [
    'a bitmap outside the volume',
    u32(entry(1) + 20, 0xffff),
    'allocation bitmap: FirstCluster',
    'invalid start cluster of allocate bitmap',
  ],
  [
    'a bitmap that is too short',
    u32(entry(1) + 24, 1),
    'allocation bitmap: DataLength',
    'invalid size of allocation bitmap',
  ],
  ['no bitmap', flip(entry(1), 0x80), 'root directory: its allocation bitmap', 'failed to read bitmap'],
  [
    'the chain of the up-case table that ends early',
    u32(FAT + 4 * TABLE, 0xffffffff),
    'up-case table: its chain of clusters',
    'clean',
  ],
  [
    'the chain of the up-case table that goes on',
    u32(FAT + 4 * (TABLE + 1), 20),
    'up-case table: its chain of clusters',
    'clean',
  ],
  [
    'the chain of the up-case table that comes back',
    u32(FAT + 4 * (TABLE + 1), TABLE),
    'up-case table: its chain of clusters',
    'clean',
  ],
  [
    'the chain of the root that is free',
    u32(FAT + 4 * ROOT, 0),
    'root directory: FAT entry 5',
    'the cluster chain of root is broken',
  ],
  [
    'the checksum of the up-case table',
    flip(entry(2) + 4),
    'up-case table: TableChecksum',
    'corrupted upcase table 0xe619d30d (expected: 0xe619d30c)',
  ],
  [
    'a unit of the up-case table',
    flip(cluster(TABLE) + 2),
    'up-case table: TableChecksum',
    'corrupted upcase table 0xe599d30d (expected: 0xe619d30d)',
  ],
  [
    'an up-case table of 1 GiB',
    u32(entry(2) + 24, 0x40000000),
    'up-case table: DataLength',
    'invalid size of upcase table',
  ],
  ['no up-case table', flip(entry(2), 0x80), 'root directory: its up-case table', 'failed to read upcase table'],
  [
    'a label of 12 units',
    (volume) => volume.write(entry(0) + 1, Buffer.of(12)),
    'volume label: CharacterCount',
    'too long label',
  ],
  ['two labels', (volume) => volume.write(entry(12), volume.read(entry(0), ENTRY)), 'volume label: EntryType', 'clean'],
  [
    'an unknown critical entry',
    (volume) => volume.write(entry(12), Buffer.of(0x9f)),
    'entry in root directory: EntryType',
    '/: unknown entry type 0x9f',
  ],
  [
    'a secondary entry without its primary',
    (volume) => volume.write(entry(12), Buffer.of(0xc1)),
    'entry in root directory: EntryType',
    '/: unknown entry type 0xc1',
  ],
  [
    'the checksum of a set',
    flip(set('small') + 2),
    'entry set at entry 9 of root directory: SetChecksum',
    '/: the checksum of a file is wrong',
  ],
  [
    'a time in a set',
    flip(set('small') + 13),
    'entry set at entry 9 of root directory: SetChecksum',
    '/: the checksum of a file is wrong',
  ],
  ['month 0', inSet('small', 12, [0, 0, 0x1f, 0x5c]), 'file "small": LastModifiedTimestamp', 'clean'],
  [
    'the hash of a name',
    inSet('small', ENTRY + 4, [0, 0]),
    'file "small": NameHash',
    '/: the name hash of a file is wrong',
  ],
  [
    'a name with a colon',
    inSet('small', 2 * ENTRY + 2, [0x3a, 0]),
    'entry set at entry 9 of root directory: FileName',
    '/: the name hash of a file is wrong',
  ],
  [
    'a name longer than its entries',
    inSet('small', ENTRY + 3, [200]),
    'entry set at entry 9 of root directory: NameLength',
    '/: the name length of a file is wrong',
  ],
  [
    'no name',
    inSet('small', ENTRY + 3, [0]),
    'entry set at entry 9 of root directory: NameLength',
    '/: the name length of a file is wrong',
  ],
  [
    'too few secondary entries',
    flip(set('small') + 1, 3),
    'entry set at entry 9 of root directory: SecondaryCount',
    '/: the checksum of a file is wrong',
  ],
  [
    'a set without its stream extension',
    inSet('small', ENTRY, [0xc1]),
    'entry set at entry 9 of root directory: EntryType',
    '/: failed to get stream dentry',
  ],
  [
    'a first cluster outside the volume',
    inSet('small', ENTRY + 20, [0, 0, 1, 0]),
    'file "small": FirstCluster',
    '/small: size 0xa',
  ],
  ['a first cluster of 0', inSet('small', ENTRY + 20, [0, 0, 0, 0]), 'file "small": FirstCluster', '/small: size 0xa'],
  [
    'a cross link',
    inSet('small', ENTRY + 20, [FIRST_FILE, 0, 0, 0]),
    'file "small": its clusters',
    '/small: cluster is already allocated for the other file',
  ],
  [
    'a file longer than the volume',
    inSet('small', ENTRY + 24, [0, 0, 0, 0, 1]),
    'file "small": DataLength',
    '/small: cluster 0xc is marked as free',
  ],
  [
    'a valid length beyond the length',
    inSet('small', ENTRY + 8, [11]),
    'file "small": ValidDataLength',
    '/small: valid size 11 greater than size 10',
  ],
  [
    'a length over 2^53',
    inSet('small', ENTRY + 31, [0x40]),
    'entry set at entry 9 of root directory: DataLength',
    '/small: cluster 0xc is marked as free',
  ],
  [
    'no bytes, and a cluster',
    (volume) => {
      volume.write(set('small') + ENTRY + 8, Buffer.alloc(8))
      inSet('small', ENTRY + 24, [0, 0])(volume)
    },
    'file "small": FirstCluster',
    '/small: size 0',
  ],
  [
    'a file with a chain that is not there',
    inSet('large', ENTRY + 1, [1]),
    'file "large": FAT entry 7',
    '/large: broken cluster chain',
  ],
  [
    'a directory of half a cluster',
    inSet('folder', ENTRY + 24, [0, 8]),
    'directory "folder": ValidDataLength',
    '/folder: valid size 4096 greater than size 2048',
  ],
  [
    'a directory that is the root',
    inSet('folder', ENTRY + 20, [ROOT, 0, 0, 0]),
    'directory "folder": its clusters',
    '/folder: cluster is already allocated for the other file',
  ],
  [
    'a directory that contains itself',
    (volume) => {
      const inner = cluster(FOLDER)
      volume.write(inner + 4, Buffer.of(0x10))
      volume.write(inner + ENTRY + 8, Buffer.of(0, 16, 0, 0))
      volume.write(inner + ENTRY + 20, Buffer.of(FOLDER, 0, 0, 0, 0, 16))
      volume.sealSet(inner)
    },
    'directory "folder/inner": its clusters',
    '/folder/inner: cluster is already allocated for the other file',
  ],
  [
    'a bad cluster, which is no damage',
    (volume) => {
      volume.flip(cluster(BITMAP) + 10, 1)
      volume.u32(FAT + 4 * 82, 0xfffffff7)
    },
    'none',
    'clean',
  ],
  [
    'two names that differ in case',
    (volume) => {
      const bytes = volume.read(set('small'), 3 * ENTRY)
      volume.write(entry(12), bytes)
      volume.write(entry(12) + 2 * ENTRY + 2, Buffer.from('S\0'))
      volume.write(entry(12) + ENTRY + 8, Buffer.alloc(8))
      volume.write(entry(12) + ENTRY + 20, Buffer.alloc(12))
      volume.write(entry(12) + ENTRY + 1, Buffer.of(1))
      volume.sealSet(entry(12))
    },
    'file "Small": FileName',
    'clean',
  ],
]

describeWithTools('damaged exFAT volumes', ['fsck.exfat', 'mkfs.exfat'], () => {
  const scratch = scratchFolder()
  const sound = join(scratch, 'sound')
  const damaged = join(scratch, 'damaged')
  beforeAll(() => {
    makeExfat(sound, TREE, { sizeBytes: 2 * MIB, options: { label: 'DATA' } })
  })

  function findings(path: string): string[] {
    return withView(path, (view) => {
      try {
        return openExfatVolume(view)
          .check()
          .map(({ structure, field }) => `${structure}: ${field}`)
      } catch (error) {
        const { structure, field } = findingOf(error)!
        return [`refused: ${structure}: ${field}`]
      }
    })
  }
  it.each(DAMAGES)('%s', (_, damage, finding, verdict) => {
    copyFileSync(sound, damaged)
    const volume = new EditedVolume(damaged)
    damage(volume)
    volume.close()
    expect(findings(damaged)[0] ?? 'none').toBe(finding)
    expect(fsckExfat(damaged)).toContain(verdict)
  })

  it('finds nothing in what it was made from', () => {
    expect([findings(sound), fsckExfat(sound)]).toEqual([[], 'clean'])
  })

  it.each([[], ['-c', '512'], ['-c', '1M'], ['-b', '16M'], ['-L', 'Käse'], ['--pack-bitmap']].map((flags) => [flags]))(
    'finds nothing in a volume of mkfs.exfat %j',
    (flags) => {
      const foreign = join(scratch, 'foreign')
      rmSync(foreign, { force: true })
      writeFileSync(foreign, '')
      truncateSync(foreign, 128 * MIB)
      tool('mkfs.exfat', ...flags, foreign)
      expect(findings(foreign)).toEqual([])
      withView(foreign, (view) => {
        const { label, state } = openExfatVolume(view).summary
        expect([label, state]).toEqual([flags[0] === '-L' ? flags[1] : undefined, 'clean'])
      })
    },
  )
})
