/** Whole disks: volumes, raw files and blobs in their places, written over a used medium, read by others. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import type { VolumeSpec } from '../../src/config/spec.js'
import { DiskloomError } from '../../src/errors.js'
import { type DiskImage, extentEnd, ImageBuilder } from '../../src/image/extent.js'
import type { DiskPlan, Payload } from '../../src/layout/disk-plan.js'
import { partListText } from '../../src/layout/part-list.js'
import { placeDisk, planDisk } from '../../src/layout/plan-disk.js'
import { emptyTree, type FileTree, type RegularFileNode } from '../../src/tree/file-tree.js'
import {
  EMMC_PARTITIONS,
  EMMC_SECTORS,
  type ImageDraft,
  imageSpec,
  KIB,
  MIB,
  type PartitionDraft,
  rawFile,
  sectors,
} from '../support/image-spec.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { copyRange } from '../support/sparse.js'
import { fileSystemSpec } from '../support/volume-specs.js'

const scratch = scratchFolder()
const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }

const EXT4 = fileSystemSpec('ext4', { owner: { kind: 'root' } })
const FAT = fileSystemSpec('fat')

function treeOf(files: Record<string, Uint8Array>): FileTree {
  const tree = emptyTree(TIME)
  for (const [name, bytes] of Object.entries(files)) {
    const content: DiskImage = new ImageBuilder(bytes.length).bytes(0, bytes).finish()
    const node: RegularFileNode = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, content }
    tree.children.set(byteString(name), node)
  }
  return tree
}

function withTree(volume: VolumeSpec, files: Record<string, Uint8Array>): Pick<PartitionDraft, 'volume' | 'payload'> {
  return { volume, payload: { kind: 'tree', tree: treeOf(files) } }
}

function plan(draft: ImageDraft): DiskPlan {
  const { spec, payloads } = imageSpec(draft)
  return planDisk(spec, payloads)
}

let written = 0
function write(disk: DiskPlan): string {
  const path = join(scratch, `layout-${written++}.img`)
  materialize(disk.image(), path, { unspecified: 0xd1 })
  return path
}

function copyPartition(disk: DiskPlan, path: string, index: number): string {
  const { startByte, endByte } = disk.partitions[index]!
  const target = `${path}.${index}`
  copyRange(path, target, startByte, endByte - startByte)
  return target
}

describeWithTools('a disk with volumes', ['sgdisk', 'sfdisk', 'e2fsck', 'fsck.fat', 'mtype', 'debugfs'], () => {
  const hello = Buffer.from('hello\n'.repeat(5000))
  const disk = plan({
    sizeBytes: 96 * MIB,
    partitions: [
      { name: 'boot', size: 32 * MIB, type: 'esp', ...withTree(FAT, { 'hello.txt': hello }) },
      { name: 'root', size: 40 * MIB, ...withTree(EXT4, { 'hello.txt': hello }) },
      { name: 'data', volume: EXT4 },
    ],
  })
  const path = write(disk)

  it('has every one clean, also where the medium was full of something else', () => {
    expect(runTool('fsck.fat', ['-n', copyPartition(disk, path, 0)])).toMatchObject({ status: 0 })
    for (const index of [1, 2]) {
      expect(runTool('e2fsck', ['-fn', copyPartition(disk, path, index)])).toMatchObject({ status: 0 })
    }
  })

  it('has the files in them', () => {
    expect(tool('mtype', '-i', `${path}@@${disk.partitions[0]!.startByte}`, '::hello.txt')).toBe(hello.toString())
    expect(tool('debugfs', '-R', 'cat hello.txt', copyPartition(disk, path, 1))).toBe(hello.toString())
  })

  it('tells a FAT volume how many sectors stand before it', () => {
    const { startByte } = disk.partitions[0]!
    expect(readFileSync(path).readUInt32LE(startByte + 28)).toBe(startByte / 512)
  })

  it('gives every volume its derived identifiers', () => {
    const uuid = tool('blkid', '-p', '-o', 'value', '-s', 'UUID', copyPartition(disk, path, 1)).trim()
    expect(uuid).toBe(disk.partitions[1]!.environment.uuid)
    const id = tool('blkid', '-p', '-o', 'value', '-s', 'UUID', copyPartition(disk, path, 0)).trim()
    expect(id.replace('-', '').toLowerCase()).toBe(disk.partitions[0]!.environment.uuid.slice(0, 8))
  })
})

describeWithTools('the disk of the original job', ['sgdisk', 'e2fsck'], () => {
  const boot = join(scratch, 'boot.img')
  writeFileSync(boot, Buffer.alloc(1_000_001, 0x5a))
  const disk = plan({
    name: 'linux_burn_image',
    sizeBytes: EMMC_SECTORS * 512,
    partitions: EMMC_PARTITIONS.map(([name, first, last], index) => ({
      name,
      ...sectors(first, last),
      ...(index === 0 ? rawFile(1_000_001, boot) : { volume: EXT4 }),
    })),
  })

  it('has its PartList.cfg, to the byte', () => {
    const text = partListText(disk)
    expect(text).toBe(
      'kernel 33792 164863 boot.img\n' +
        'program 164864 689151 ext4\n' +
        'data 689152 7180799 ext4\n' +
        'backup 7180800 13672446 ext4\n' +
        'others 13672447 15245311 ext4\n',
    )
    expect(Buffer.byteLength(text)).toBe(140) // as its log says: "PartList.cfg (in=140)"
  })

  it('warns of the one start that is not aligned, and keeps it', () => {
    expect(disk.warnings.map(({ message }) => message)).toEqual([
      'Partition "others" starts at sector 13672447, which is no multiple of 4 KiB: it is not properly aligned for best performance',
    ])
    expect(disk.partitions[4]).toMatchObject({ startByte: 13672447 * 512, endByte: 15245312 * 512 })
  })

  it('has the volumes of its log', () => {
    const facts = disk.partitions.slice(1).map(({ volume }) => volume!.facts)
    expect(
      facts.map(({ blocks, block_size, inodes, journal_blocks }) => [blocks, block_size, inodes, journal_blocks]),
    ).toEqual([
      [262_144, 1024, 65_536, 8192],
      [811_456, 4096, 203_200, 16_384],
      [811_455, 4096, 203_200, 16_384],
      [196_608, 4096, 49_152, 4096],
    ])
  })

  it('holds little more than its payload', () => {
    const bytes = disk
      .image()
      .extents.reduce((sum, { length, source }) => sum + (source.kind === 'fill' ? 0 : length), 0)
    expect(bytes).toBeLessThan(16 * MIB)
  })
})

describe('the image value of a disk', () => {
  /** The extents inside a partition, moved to its start. */
  function inside(disk: DiskPlan, index: number): [offset: number, end: number, kind: string][] {
    const { startByte, endByte } = disk.partitions[index]!
    return disk
      .image()
      .extents.filter((extent) => extent.offset >= startByte && extentEnd(extent) <= endByte)
      .map((extent) => [extent.offset - startByte, extentEnd(extent) - startByte, extent.source.kind])
  }

  it('has a raw file as its length, and its tail only where it was chosen', () => {
    const raw = rawFile(1000)
    const filled: VolumeSpec = { kind: 'raw', path: '/payload/boot.img', fill: 0xff }
    const disk = plan({ partitions: [{ size: MIB, ...raw }, { size: MIB, ...raw, volume: filled }, { ...raw }] })
    expect(inside(disk, 0)).toEqual([[0, 1000, 'file']])
    expect(inside(disk, 1)).toEqual([
      [0, 1000, 'file'],
      [1000, MIB, 'fill'],
    ])
    expect(disk.partitions[2]!.endByte - disk.partitions[2]!.startByte).toBe(1024)
  })

  it('has zeros at both ends of a partition without a file system', () => {
    const empty = plan({
      partitions: [{ size: MIB }, { size: 128 * KIB }, { size: MIB, volume: { kind: 'none', fill: 7 } }],
    })
    expect(inside(empty, 0)).toEqual([
      [0, 64 * KIB, 'fill'],
      [MIB - 64 * KIB, MIB, 'fill'],
    ])
    expect(inside(empty, 1)).toEqual([[0, 128 * KIB, 'fill']])
    expect(inside(empty, 2)).toEqual([[0, MIB, 'fill']])
  })

  it('is made once', () => {
    const disk = plan({ partitions: [{ size: 16 * MIB, ...withTree(EXT4, {}) }] })
    expect(disk.image()).toBe(disk.image())
  })

  it('is the same from the same config and payload', () => {
    const draft: ImageDraft = {
      partitions: [{ name: 'root', size: { kind: 'auto' }, ...withTree(EXT4, { a: Buffer.from('a') }) }],
    }
    // What is not specified is 0xD1 there.
    const [first, second] = [write(plan(draft)), write(plan(draft))]
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true)
  })
})

describe('auto', () => {
  it('gives a volume the smallest partition that holds it, for which one sector less is refused', () => {
    for (const volume of [EXT4, FAT]) {
      const payload = withTree(volume, { data: Buffer.alloc(3 * MIB, 1) })
      const disk = plan({ partitions: [{ name: 'v', size: { kind: 'auto' }, ...payload }] })
      const { startByte, endByte } = disk.partitions[0]!
      expect(() => plan({ partitions: [{ name: 'v', size: endByte - startByte - 512, ...payload }] })).toThrow(
        DiskloomError,
      )
    }
  })

  it('puts the name and path of the partition to what its format refuses', () => {
    const draft = { partitions: [{ name: 'v', size: 4 * MIB, ...withTree(EXT4, { data: Buffer.alloc(5 * MIB, 1) }) }] }
    try {
      plan(draft)
      expect.unreachable()
    } catch (error) {
      const [problem] = (error as DiskloomError).problems
      expect(problem?.message).toMatch(/^Partition "v": Cannot /)
      expect(problem?.path).toEqual(['partitions', 0])
    }
  })
})

describe('the type of a partition that asks for none', () => {
  const partitions: PartitionDraft[] = [
    { name: 'fat12', size: 2 * MIB, volume: FAT },
    { name: 'fat16', size: 32 * MIB, volume: FAT },
    { name: 'fat32', size: 40 * MIB, volume: { ...FAT, type: 'fat32' } },
    { name: 'ext', size: 8 * MIB, volume: EXT4 },
  ]
  const swap: PartitionDraft = { name: 'swap', size: 8 * MIB, volume: fileSystemSpec('swap') }

  it('says under MBR which FAT it is, and what is swap', () => {
    const disks = [plan({ table: 'mbr', partitions }), plan({ table: 'mbr', partitions: [swap] })]
    const placed = disks.flatMap((disk) => disk.partitions)
    const types = placed.map(({ type }) => type?.table === 'mbr' && type.byte)
    expect(types).toEqual([0x01, 0x06, 0x0c, 0x83, 0x82])
  })

  it('is basic data, Linux or swap under GPT', () => {
    const types = plan({ partitions: [...partitions, swap] }).partitions.map(
      ({ type }) => type?.table === 'gpt' && type.guid.slice(0, 8),
    )
    expect(types).toEqual(['ebd0a0a2', 'ebd0a0a2', 'ebd0a0a2', '0fc63daf', '0657fd6d'])
  })
})

describe('a volume that the host engine made', () => {
  it('stands where placeDisk said, at the size that it had measured', () => {
    const draft: ImageDraft = {
      partitions: [{ name: 'root', size: { kind: 'auto' }, ...withTree(EXT4, { a: Buffer.alloc(9999) }) }],
    }
    const { spec, payloads } = imageSpec(draft)
    const placement = placeDisk(spec, payloads)
    const { startByte, endByte } = placement.partitions[0]!
    const image = new ImageBuilder(endByte - startByte).fill(0, 4096, 0x77).finish()
    const made: Payload = { kind: 'image', image, facts: { block_size: 1024 }, measure: { bytes: 9999, newest: TIME } }
    for (const disk of [planDisk(spec, [made]), planDisk(spec, [made], {}, placement)]) {
      expect(disk.regions).toEqual(placement.regions)
      expect(disk.partitions[0]).toMatchObject({
        startByte,
        endByte,
        volume: { format: 'ext4', facts: { block_size: 1024 } },
      })
      expect(disk.image().extents).toContainEqual({
        offset: startByte,
        length: 4096,
        source: { kind: 'fill', byte: 0x77 },
      })
    }
  })
})
