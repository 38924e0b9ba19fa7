/**
 * Debian's kernel, in one boot, reads an f2fs, which the machine's own may not know, and judges JFFS2 on a flash of memory (mtdram, mtdblock): it lists what went in, fills and changes the
 * volume until it is full, mounts it anew, and jffs2dump and diskloom's reader find in what it left the same files.
 */
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { fatFormat } from '../../src/filesystems/fat/format.js'
import { makePlacedVolume } from '../../src/host/placed-volume.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { type DirectoryNode, type FileNode, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { readSourceFile } from '../../src/tree/raw-file.js'
import { KIB, MIB } from '../support/image-spec.js'
import { dumpJffs2, ENVIRONMENT, openFile } from '../support/jffs2-volume.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'
import { withDebianKernel } from '../support/qemu-debian-kernel.js'
import { differencesOf } from '../support/qemu-differences.js'
import { copyVolume, type JudgedDisk, type JudgedVolume, jffs2Volume, weaveDisk } from '../support/qemu-disk.js'
import { type Entries, expectedEntries, keptEntries } from '../support/qemu-entries.js'
import { judgeByLinux, type LinuxFindings, type LinuxReport } from '../support/qemu-linux.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { fatTree, file, folder, jffs2Tree } from '../support/qemu-trees.js'
import { afterUse, essenceOf } from '../support/qemu-workout.js'
import { randomJffs2Case } from '../support/random-jffs2-tree.js'
import { fileSystemSpec } from '../support/volume-specs.js'

const RANDOM_VOLUMES = process.env.DISKLOOM_DEEP === undefined ? 12 : 100

/** Of the application note: its flash, its backing file, and 5 MiB of FAT in it. */
function noteTree(): FileTree {
  const tree = folder({ 'README.TXT': file('harvest') })
  const image = fatFormat.plan(tree, 5 * MIB, { type: 'fat' }, ENVIRONMENT).encode()
  return folder({ 'fat32.part': { ...file(''), content: image } })
}

/** The kernel here is little-endian, and of mkfs.jffs2's own trees it knows devices and owners. */
function randomVolume(seed: number): JudgedVolume {
  const { tree, options } = randomJffs2Case(seed)
  for (const [, node] of walkTree(tree)) if (node.type === 'directory') nameForReport(node)
  const volume = jffs2Volume({ ...options, byte_order: 'little', pad: true, erase_block: options.erase_block! })
  return { name: `random-${seed}`, tree, volume }
}

/** The guest reports a path a line, and sha256sum puts a backslash before such a line. */
function nameForReport({ children }: DirectoryNode): void {
  for (const [name, node] of [...children]) {
    const plain = name.replace(/[\n\\]/g, '_') as ByteString
    children.delete(name)
    if (!children.has(plain)) children.set(plain, node)
  }
}

/** What f2fs's tools keep: names, sizes, times, symlinks; modes and owners but for the root's. */
function f2fsTree(): FileTree {
  const tree = fatTree(4096)
  const [, ...nodes] = [...walkTree(tree)].map(([, node]) => node)
  for (const [index, node] of nodes.entries()) {
    node.mode = node.type === 'directory' ? 0o750 : [0o644, 0o4755, 0o600][index % 3]!
    node.uid = index % 5
    node.gid = 60_000 + index
    node.mtime = { ...node.mtime, seconds: Math.min(node.mtime.seconds, 0xffff_ffff) }
  }
  const { mtime } = tree
  const link: FileNode = { type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime, target: byteString('MLO') }
  tree.children.set(byteString('link'), link)
  tree.children.set(byteString('MLO again'), tree.children.get(byteString('MLO'))!)
  return tree
}

const F2FS: JudgedVolume = {
  name: 'f2fs',
  tree: f2fsTree(),
  volume: fileSystemSpec('f2fs'),
}

/** Its volume is made before the disk is planned, and is a file to that. */
async function weaveF2fs(scratch: string): Promise<JudgedDisk> {
  const made = await makePlacedVolume({
    name: F2FS.name,
    type: 'f2fs',
    environment: { ...ENVIRONMENT, offsetBytes: MIB },
    tree: F2FS.tree,
    sizeBytes: 64 * MIB,
    options: {},
    workFolder: scratch,
    runner: makeCommandRunner(process.env),
  })
  const path = join(scratch, 'f2fs')
  materialize(made.image, path, { unspecified: 0xd1 })
  made.release()
  const payload = { kind: 'file', file: readSourceFile(path) } as const
  return weaveDisk(scratch, 'f2fs-disk', [{ ...F2FS, more: { volume: { kind: 'raw', path }, payload } }])
}

const VOLUMES: readonly JudgedVolume[] = [
  { name: 'zlib', sizeBytes: 6 * MIB, volume: jffs2Volume({ erase_block: 128 * KIB }), tree: jffs2Tree(), use: true },
  {
    name: 'plain-64k',
    sizeBytes: 8 * MIB,
    volume: jffs2Volume({ erase_block: 64 * KIB, compression: 'none' }),
    tree: jffs2Tree(),
  },
  { name: '8k', sizeBytes: 4 * MIB, volume: jffs2Volume({ erase_block: 8 * KIB }), tree: jffs2Tree(), use: true },
  {
    name: 'no-cleanmarkers',
    sizeBytes: 4 * MIB,
    volume: jffs2Volume({ erase_block: 64 * KIB, cleanmarkers: false }),
    tree: jffs2Tree(),
  },
  { name: 'note', sizeBytes: 6016 * KIB, volume: jffs2Volume({ erase_block: 128 * KIB }), tree: noteTree() },
  { name: 'empty', volume: jffs2Volume({ erase_block: 256 * KIB }), tree: folder() },
  ...Array.from({ length: RANDOM_VOLUMES }, (_, index) => randomVolume(1000 + index)),
]

/** What the driver says of itself and of a healthy volume. */
const GREETING =
  /jffs2: (?:version \d|notice: \(\d+\) jffs2_build_xattr_subsystem: complete .*0 orphan\) and .*0 orphan\))/

describeWithTools(
  "JFFS2 in Debian's kernel",
  ['qemu-system-x86_64', 'setpriv', 'busybox', 'cpio', 'modprobe', 'jffs2dump', 'mkfs.f2fs', 'sload.f2fs'],
  () =>
    withDebianKernel((kernel) => {
      const scratch = scratchFolder()
      let disk: JudgedDisk
      let report: LinuxReport
      const findingsOf = ({ name }: JudgedVolume): LinuxFindings => report.findings.get(name)!

      beforeAll(async () => {
        disk = weaveDisk(scratch, 'flash', VOLUMES)
        report = await judgeByLinux(kernel, scratch, [disk, await weaveF2fs(scratch)])
      }, TEST_TIMEOUT_MS)

      it('says nothing but its name', () => {
        const said = report.messages.filter((line) => /jffs2|mtd|WARNING|BUG|Oops/i.test(line))
        expect(said.filter((line) => GREETING.test(line)).length).toBeGreaterThan(VOLUMES.length)
        expect(said.filter((line) => /jffs2|WARNING|BUG|Oops/.test(line) && !GREETING.test(line))).toEqual([])
      })

      it.each([...VOLUMES, F2FS])('lists $name as it went in', (volume) => {
        const { before, problems } = findingsOf(volume)
        expect(problems).toEqual([])
        expect(differencesOf(keptEntries(volume, before), expectedEntries(volume))).toEqual([])
      })

      it.each(VOLUMES.filter(({ use }) => use === true))(
        'uses $name until it is full, and mounts it anew',
        (volume) => {
          const found: Entries = new Map(
            [...keptEntries(volume, findingsOf(volume).after)].map(([path, entry]) => [path, essenceOf(entry)]),
          )
          const expected = afterUse(volume.tree, expectedEntries(volume))
          expect(differencesOf(found, expected)).toEqual([])

          const path = copyVolume(disk, volume.name)
          expect(dumpJffs2(path).complaints).toEqual([])
          const reader = openFile(path)
          expect(reader.check()).toEqual([])
          const read = expectedEntries({ ...volume, tree: reader.tree() })
          const essence: Entries = new Map([...read].map(([name, entry]) => [name, essenceOf(entry)]))
          expect(differencesOf(essence, expected)).toEqual([])
        },
      )
    }, 'full'),
)
