/**
 * Debian's kernel, in one boot, judges UBI and UBIFS on a simulated NAND flash (nandsim) and on one of memory that is like NOR
 * (mtdram): it attaches what was woven, lists its volumes and what went into UBIFS, sums static volumes, fills and changes
 * the file system until it is full, and mounts it anew.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import type { UbiSpec } from '../../src/config/spec.js'
import type { UbifsOptions } from '../../src/filesystems/host-made/ubifs.js'
import { ubiGeometry } from '../../src/filesystems/ubi/geometry.js'
import type { UbiOptions } from '../../src/filesystems/ubi/option-table.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { makeUbifsVolume } from '../../src/host/ubifs-volume.js'
import { imageOfBytes } from '../../src/image/extent.js'
import type { Payload } from '../../src/layout/disk-plan.js'
import { EPOCH_1980, type FileTree } from '../../src/tree/file-tree.js'
import { KIB, MIB } from '../support/image-spec.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'
import { withDebianKernel } from '../support/qemu-debian-kernel.js'
import { differencesOf } from '../support/qemu-differences.js'
import { type JudgedVolume, weaveDisk } from '../support/qemu-disk.js'
import { type Entries, expectedEntries, sha256 } from '../support/qemu-entries.js'
import { judgeByLinux, type LinuxFindings, type LinuxReport } from '../support/qemu-linux.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { extTree, folder, pattern } from '../support/qemu-trees.js'
import { afterUse, essenceOf } from '../support/qemu-workout.js'
import { fileSystemSpec } from '../support/volume-specs.js'

interface Case {
  readonly name: string
  readonly options: UbiOptions
  readonly sizeBytes: number
  readonly tree: FileTree
  readonly compression?: NonNullable<UbifsOptions['compression']>
  /** Of the volume with the file system; else it takes the rest. */
  readonly rootBytes?: number
  readonly use?: boolean
}

const NAND = { erase_block: 128 * KIB, min_io_size: 2 * KIB }
const NOR = { erase_block: 64 * KIB, min_io_size: 1 }
/** The flash is used to its end only where its own size is the partition's. */
const NAND_BYTES = 128 * MIB
const KERNEL = pattern(300_001)

/** UBIFS has every kind of node but that no tar has sockets. */
function ubifsTree(): FileTree {
  const tree = extTree(4 * KIB)
  for (const [name, { type }] of [...tree.children]) if (type === 'socket') tree.children.delete(name)
  return tree
}

const CASES: readonly Case[] = [
  {
    name: 'nand',
    options: { ...NAND, sub_page_size: 512 },
    sizeBytes: 24 * MIB,
    tree: ubifsTree(),
    rootBytes: 12 * MIB,
    use: true,
  },
  {
    name: 'nand-no-sub-page',
    options: { ...NAND, vid_header_offset: 2048 },
    sizeBytes: 24 * MIB,
    tree: ubifsTree(),
    compression: 'zlib',
  },
  { name: 'nor', options: NOR, sizeBytes: 16 * MIB, tree: ubifsTree(), compression: 'zstd', use: true },
  { name: 'empty', options: NOR, sizeBytes: 16 * MIB, tree: folder(), compression: 'none' },
]

describeWithTools(
  "UBIFS in Debian's kernel",
  ['qemu-system-x86_64', 'setpriv', 'unshare', 'busybox', 'cpio', 'modprobe', 'mkfs.ubifs', 'tar', 'mount'],
  () =>
    withDebianKernel((kernel) => {
      const scratch = scratchFolder()
      const judged = new Map<string, JudgedVolume>()
      let report: LinuxReport
      const findingsOf = ({ name }: Case): LinuxFindings => report.findings.get(name)!

      beforeAll(async () => {
        for (const each of CASES) judged.set(each.name, await judgedVolume(each, scratch))
        const disk = weaveDisk(scratch, 'flash', [...judged.values()])
        report = await judgeByLinux(kernel, scratch, [disk])
      }, TEST_TIMEOUT_MS)

      it('complains of nothing', () => {
        const said = report.messages.filter((line) => /ubi|UBI|nand|WARNING|BUG|Oops/.test(line))
        expect(said.filter((line) => /attached mtd0/.test(line))).toHaveLength(CASES.length)
        expect(
          said.filter((line) => /error|warn|bad|corrupt|BUG|Oops|fail/i.test(line) && !HARMLESS.test(line)),
        ).toEqual([])
      })

      it.each(CASES)('finds the volumes of $name', (each) => {
        const { lebBytes } = ubiGeometry(each.options)
        const lines = findingsOf(each).ubi.map((line) => line.split(' '))
        expect(lines.map(([id, name, type]) => [id, name, type])).toEqual([
          ['0', 'kernel', 'static'],
          ['1', 'root', 'dynamic'],
          ['7', 'spare', 'dynamic'],
        ])
        expect(lines[0]!.slice(3)).toEqual([
          String(Math.ceil(KERNEL.length / lebBytes)),
          String(lebBytes),
          sha256(KERNEL),
        ])
        expect(lines[2]!.slice(3)).toEqual(['3', String(lebBytes), '-'])
        const reserved = Number(lines[1]![3])
        if (each.rootBytes !== undefined) expect(reserved).toBe(Math.ceil(each.rootBytes / lebBytes))
        else expect(reserved).toBeGreaterThan(100)
      })

      it.each(CASES)('lists $name as it went in', (each) => {
        const { before, problems } = findingsOf(each)
        expect(problems).toEqual([])
        expect(differencesOf(before, expectedEntries(judged.get(each.name)!))).toEqual([])
      })

      it.each(CASES.filter(({ use }) => use === true))('uses $name until it is full, and mounts it anew', (each) => {
        const found: Entries = new Map([...findingsOf(each).after].map(([path, entry]) => [path, essenceOf(entry)]))
        expect(differencesOf(found, afterUse(each.tree, expectedEntries(judged.get(each.name)!)))).toEqual([])
      })
    }, 'full'),
  { root: true },
)

/** What UBI tells of a healthy flash, and nandsim of itself while it is looked for. */
const HARMLESS = /bad PEBs: 0, corrupted PEBs: 0|reserved for bad PEB handling|\[nandsim\] warning/

/** A partition with a kernel, the tree in UBIFS, and room that is kept. */
async function judgedVolume(each: Case, scratch: string): Promise<JudgedVolume> {
  const { name, options, sizeBytes, tree, compression, rootBytes, use } = each
  const { lebBytes, minIoBytes, pebBytes } = ubiGeometry(options)
  const { image, facts } = await makeUbifsVolume({
    name,
    environment: { time: EPOCH_1980, uuid: '01234567-89ab-4cde-8f01-23456789abcd', offsetBytes: 0, sectorSize: 512 },
    tree,
    workFolder: mkdtempSync(join(scratch, 'work-')),
    runner: makeCommandRunner(process.env),
    options: { ...(compression !== undefined && { compression }) },
    lebBytes,
    minIoBytes,
    maxLebs: (minIoBytes === 1 ? sizeBytes : NAND_BYTES) / pebBytes,
  })
  const measure = { bytes: 0, newest: EPOCH_1980 }
  const common = { autoresize: false, isStatic: false, configPath: [] }
  const volume: UbiSpec = {
    kind: 'ubi',
    type: 'ubi',
    options,
    volumes: [
      { ...common, name: 'kernel', id: 0, isStatic: true, volume: { kind: 'raw', path: 'kernel' } },
      {
        ...common,
        name: 'root',
        id: 1,
        autoresize: rootBytes === undefined,
        ...(rootBytes !== undefined && { sizeBytes: rootBytes }),
        volume: fileSystemSpec('ubifs'),
      },
      { ...common, name: 'spare', id: 7, sizeBytes: 3 * lebBytes, volume: { kind: 'none' } },
    ],
  }
  const payloads: Payload[] = [
    { kind: 'image', image: imageOfBytes(KERNEL), facts: {}, measure },
    { kind: 'image', image, facts, measure },
    { kind: 'none' },
  ]
  return {
    name,
    volume,
    tree,
    sizeBytes,
    more: { payload: { kind: 'volumes', payloads } },
    ...(use === true && { use }),
  }
}
