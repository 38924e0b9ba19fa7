/**
 * Debian's kernel, in one boot, judges every width of FAT and exFAT (which the machine that runs the tests may not know)
 * and the profiles of ext: it finds the partitions, lists what went in, and uses the volumes until they are full. Then
 * fsck.fat, fsck.exfat and e2fsck find nothing in what it left.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { FatOptions } from '../../src/filesystems/fat/option-table.js'
import { fsckExfat } from '../support/exfat-volume.js'
import { MIB } from '../support/image-spec.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'
import { type DebianKernel, withDebianKernel } from '../support/qemu-debian-kernel.js'
import { differencesOf } from '../support/qemu-differences.js'
import {
  copyVolume,
  exfatVolume,
  extVolume,
  fatVolume,
  type JudgedDisk,
  type JudgedVolume,
  weaveDisk,
} from '../support/qemu-disk.js'
import { type Entries, expectedEntries, keptEntries } from '../support/qemu-entries.js'
import { deviceName, judgeByLinux, type LinuxFindings, type LinuxReport } from '../support/qemu-linux.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { extTree, fatTree, randomFatTree } from '../support/qemu-trees.js'
import { afterUse, essenceOf } from '../support/qemu-workout.js'
import { Random } from '../support/random-ext-tree.js'
import { familyOf } from '../support/volume-specs.js'

const DEEP = Boolean(process.env.DISKLOOM_DEEP)
/** Most that a GPT of the usual length has room for: 128. */
const RANDOM_VOLUMES = DEEP ? 120 : 30
const BOOTS_WITH_RANDOM_VOLUMES = DEEP ? 10 : 1
/** What the kernel could not write is at least the rest of a page, which it takes as a whole. */
const PAGE_BYTES = 4096
/** Free blocks that ext4 keeps for the metadata of delayed writes (its `reserved_clusters`): one of fifty. */
const EXT4_RESERVE = 50

const GPT: readonly JudgedVolume[] = [
  { name: 'fat12', sizeBytes: 3 * MIB, volume: fatVolume('fat'), tree: fatTree(2048) },
  { name: 'fat16', sizeBytes: 16 * MIB, volume: fatVolume('fat16', {}, 'BOOT'), tree: fatTree(2048) },
  {
    name: 'fat16-in-order',
    sizeBytes: 20 * MIB,
    volume: fatVolume('fat16', { order: ['MLO', 'EFI/BOOT'], time_zone: '+09:00', cluster_size: 1024, fats: 1 }),
    tree: fatTree(1024),
  },
  { name: 'fat32', sizeBytes: 34 * MIB, volume: fatVolume('fat32', {}, 'BOOT DISK'), tree: fatTree(512) },
  { name: 'exfat', sizeBytes: 24 * MIB, volume: exfatVolume({}, 'Karte'), tree: fatTree(4096) },
  { name: 'exfat-512', volume: exfatVolume({ cluster_size: 512, alignment: 4096 }), tree: fatTree(512) },
  { name: 'exfat-32k', sizeBytes: 70 * MIB, volume: exfatVolume({ cluster_size: 32 * 1024 }), tree: fatTree(32_768) },
  { name: 'ext4', sizeBytes: 32 * MIB, volume: extVolume('ext4'), tree: extTree(1024) },
  {
    name: 'ext4-modern',
    sizeBytes: 48 * MIB,
    volume: extVolume('ext4', { profile: 'modern', block_size: 4096 }, 'root'),
    tree: extTree(4096),
  },
  { name: 'ext4-u-boot', sizeBytes: 24 * MIB, volume: extVolume('ext4', { profile: 'u-boot' }), tree: extTree(1024) },
  {
    name: 'ext4-kernel-3.10',
    sizeBytes: 24 * MIB,
    volume: extVolume('ext4', { profile: 'kernel-3.10', block_size: 2048 }),
    tree: extTree(2048),
  },
  { name: 'ext3', sizeBytes: 24 * MIB, volume: extVolume('ext3'), tree: extTree(1024) },
  { name: 'ext2', sizeBytes: 16 * MIB, volume: extVolume('ext2'), tree: extTree(1024) },
]
/** On a disk of 4096-byte sectors. */
const LARGE_SECTORS: readonly JudgedVolume[] = [
  { name: '4k-fat12', sizeBytes: 8 * MIB, volume: fatVolume('fat'), tree: fatTree(4096) },
  { name: '4k-fat16', sizeBytes: 24 * MIB, volume: fatVolume('fat16', { cluster_size: 4096 }), tree: fatTree(4096) },
  { name: '4k-exfat', sizeBytes: 16 * MIB, volume: exfatVolume(), tree: fatTree(4096) },
  { name: '4k-ext4', sizeBytes: 24 * MIB, volume: extVolume('ext4', { block_size: 4096 }), tree: extTree(4096) },
]
/** Numbers 1 and, inside the extended partition, 5 and 6. */
const MBR: readonly JudgedVolume[] = [
  { name: 'mbr-fat', sizeBytes: 8 * MIB, volume: fatVolume('fat12'), tree: fatTree(2048) },
  { name: 'mbr-fat-5', sizeBytes: 9 * MIB, volume: fatVolume('fat16'), tree: fatTree(2048), more: { logical: true } },
  { name: 'mbr-ext4-6', sizeBytes: 16 * MIB, volume: extVolume('ext4'), tree: extTree(1024), more: { logical: true } },
]

/** A random tree in the smallest volume of a random geometry; the seed, which is in the name, makes it again. */
function randomVolume(seed: number): JudgedVolume {
  const random = new Random(seed)
  const tree = randomFatTree(random)
  const type = random.pick(['fat', 'fat', 'fat12', 'fat16', 'fat32'] as const)
  const options: FatOptions = {
    // 4,084 clusters of FAT12 must hold any of these trees.
    cluster_size: type === 'fat12' ? 4096 : random.pick([512, 1024, 2048, 8192]),
    fats: random.pick([1, 2]),
    time_zone: random.pick(['UTC', '+09:00', '-03:30']),
    root_entries: random.pick([512, 1040, 2000]),
  }
  return { name: `random-${seed}`, volume: fatVolume(type, options), tree }
}

function randomVolumes(boot: number): JudgedVolume[] {
  return Array.from({ length: RANDOM_VOLUMES }, (_, index) => randomVolume(1 + boot * RANDOM_VOLUMES + index))
}

/**
 * The log without what a kernel says of every healthy volume; what is left of these drivers is a
 * complaint. exFAT's driver looks for free clusters from the one after the last it gave out, and
 * says that this "hint" is invalid where it gave out the volume's last: a full volume, no fault.
 */
function complaintsOf({ messages }: LinuxReport): string[] {
  return messages.filter(
    (line) =>
      /FAT-fs|exFAT-fs|EXT[234]-fs|JBD2|I\/O error|WARNING|BUG|Oops|GPT|vd[a-z]:.*(invalid|unable|corrupt)/.test(
        line,
      ) && !/: (un)?mount(ed|ing) |exFAT-fs \(vd\w+\): hint_cluster is invalid/.test(line),
  )
}

function expectClean(disk: JudgedDisk, { name, volume }: JudgedVolume): void {
  const path = copyVolume(disk, name)
  if (familyOf(volume) === 'ext') {
    const result = runTool('e2fsck', ['-fn', path])
    expect(result, result.stdout).toMatchObject({ status: 0 })
    return
  }
  if (familyOf(volume) === 'exfat') {
    expect(fsckExfat(path)).toBe('clean')
    return
  }
  const result = runTool('fsck.fat', ['-n', path])
  // On stderr it warns of FAT32 with few clusters, as the plan did.
  expect(result, result.stdout).toMatchObject({ status: 0 })
  // Two lines: its version, and the count.
  expect(result.stdout.trim().split('\n'), result.stdout).toHaveLength(2)
}

/** Tests for every volume of a boot. `volumes` and what `judged` gives belong together. */
function describeVolumes(
  volumes: readonly JudgedVolume[],
  judged: () => { readonly report: LinuxReport; readonly disks: readonly JudgedDisk[] },
): void {
  const findingsOf = ({ name }: JudgedVolume): LinuxFindings => judged().report.findings.get(name)!
  const diskOf = (volume: JudgedVolume): JudgedDisk => judged().disks.find((disk) => disk.volumes.includes(volume))!

  it.each(volumes)('lists $name as it went in', (volume) => {
    const { before, problems } = findingsOf(volume)
    expect(problems).toEqual([])
    expect(before.size).toBeGreaterThan(0)
    expect(differencesOf(keptEntries(volume, before), expectedEntries(volume))).toEqual([])
  })

  it.each(volumes.filter(({ use }) => use === true))('uses $name until it is full', (volume) => {
    const { after, freeBytesWhenFull } = findingsOf(volume)
    const found: Entries = new Map([...keptEntries(volume, after)].map(([path, entry]) => [path, essenceOf(entry)]))
    expect(differencesOf(found, afterUse(volume.tree, expectedEntries(volume)))).toEqual([])
    const reserve = familyOf(volume.volume) === 'ext' ? volume.sizeBytes! / EXT4_RESERVE : 0
    expect(freeBytesWhenFull).toBeLessThan(reserve + PAGE_BYTES)
  })

  it.each(volumes)('leaves $name clean', (volume) => expectClean(diskOf(volume), volume))
}

function judgeDisks(kernel: DebianKernel, weave: (scratch: string) => JudgedDisk[]) {
  const scratch = scratchFolder()
  let judged: { report: LinuxReport; disks: JudgedDisk[] }
  beforeAll(async () => {
    const disks = weave(scratch)
    judged = { disks, report: await judgeByLinux(kernel, scratch, disks) }
  }, TEST_TIMEOUT_MS)
  return () => judged
}

/** Used in the quick suite; the running kernel does the same with every kind of ext. */
const USED = ['fat12', 'fat16', 'fat32', 'exfat', '4k-exfat', 'ext4-modern', 'ext2', '4k-fat12', 'mbr-fat-5']

function used(volumes: readonly JudgedVolume[]): JudgedVolume[] {
  return volumes.map((volume) => ({ ...volume, use: DEEP || USED.includes(volume.name) }))
}

describeWithTools(
  "Debian's kernel",
  ['qemu-system-x86_64', 'setpriv', 'busybox', 'cpio', 'modprobe', 'fsck.fat', 'fsck.exfat', 'e2fsck'],
  () =>
    withDebianKernel((kernel) => {
      const [gpt, largeSectors, mbr, random] = [used(GPT), used(LARGE_SECTORS), used(MBR), randomVolumes(0)]
      const judged = judgeDisks(kernel, (scratch) => [
        weaveDisk(scratch, 'gpt', gpt),
        weaveDisk(scratch, 'large-sectors', largeSectors, { sectorSize: 4096 }),
        weaveDisk(scratch, 'mbr', mbr, { table: 'mbr' }),
        weaveDisk(scratch, 'random', random),
      ])

      it('finds every partition where it was planned, with its name under GPT', () => {
        const { report, disks } = judged()
        const planned = disks.flatMap(({ plan }, disk) =>
          plan.partitions.map(({ number, startByte, endByte, name }) => ({
            device: deviceName(disk, number),
            startByte,
            sizeBytes: endByte - startByte,
            name: plan.table === 'gpt' ? name : '',
          })),
        )
        // The extended partition of the MBR is one more device.
        const devices = new Set(planned.map(({ device }) => device))
        expect(report.partitions.filter(({ device }) => devices.has(device))).toEqual(expect.arrayContaining(planned))
        expect(report.partitions.length).toBe(planned.length + 1)
      })

      it('has nothing to complain about', () => {
        const { messages } = judged().report
        expect(
          messages.filter((line) => line.includes('EXT4-fs') && line.includes(': mounted ')).length,
        ).toBeGreaterThan(0)
        expect(complaintsOf(judged().report)).toEqual([])
      })

      describeVolumes([...gpt, ...largeSectors, ...mbr, ...random], judged)

      for (let boot = 1; boot < BOOTS_WITH_RANDOM_VOLUMES; boot++) {
        describe(`random trees on FAT, boot ${boot}`, () => {
          const volumes = randomVolumes(boot)
          const judgedHere = judgeDisks(kernel, (scratch) => [weaveDisk(scratch, `random-${boot}`, volumes)])
          it('has nothing to complain about', () => expect(complaintsOf(judgedHere().report)).toEqual([]))
          describeVolumes(volumes, judgedHere)
        })
      }
    }),
)
