/** What only the host's tools write: made from trees of every kind, mounted by the running kernel, compared node by node. */
import { chmodSync, mkdtempSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import type { ErofsOptions } from '../../src/filesystems/host-made/erofs.js'
import { makeErofsVolume } from '../../src/host/erofs-volume.js'
import type { HostVolume, HostVolumeOrder } from '../../src/host/host-volume.js'
import { makePlacedVolume, type PlacedFamily, type PlacedVolumeOrder } from '../../src/host/placed-volume.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { makeSquashfsVolume } from '../../src/host/squashfs-volume.js'
import { timesWithin } from '../../src/tree/clamp-times.js'
import { cloneTree } from '../../src/tree/clone-tree.js'
import { type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { planTar } from '../../src/tree/tar-image.js'
import { PROJECT } from '../support/diskloom.js'
import { makeEveryKind } from '../support/every-kind.js'
import { withMounted } from '../support/loop-mount.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { type PortraitOptions, portrait } from '../support/tree-portrait.js'

const MIB = 1 << 20
const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const runner = makeCommandRunner(process.env)
const READ = { owner: { kind: 'keep' }, holes: 'none', xattrs: 'keep', runner } as const
describeWithTools(
  "volumes of the host's tools",
  [
    'mksquashfs',
    'unsquashfs',
    'mkfs.erofs',
    'fsck.erofs',
    'mkfs.btrfs',
    'btrfs',
    'mkfs.xfs',
    'xfs_repair',
    'mkfs.f2fs',
    'sload.f2fs',
    'fsck.f2fs',
    'fakeroot',
    'blkid',
    'tar',
    'setfattr',
    'getfattr',
    'dd',
    'losetup',
    'mount',
    'unshare',
    'setpriv',
  ],
  () => {
    const scratch = scratchFolder()
    const folder = join(scratch, 'payload')
    let tree: FileTree
    beforeAll(async () => {
      makeEveryKind(folder, { privileged: true, xattrs: true })
      unlinkSync(join(folder, 'socket'))
      tree = (await readFolder(folder, { ...READ, clampTo: TIME })).tree
    })

    const order = (more: Partial<HostVolumeOrder> = {}): HostVolumeOrder => ({
      name: 'root',
      environment: { time: TIME, uuid: UUID, offsetBytes: 0, sectorSize: 512 },
      tree,
      workFolder: mkdtempSync(join(scratch, 'work-')),
      runner,
      ...more,
    })
    /** As a file, over a used medium. */
    const fileOf = ({ image, release }: HostVolume, name: string): string => {
      const path = join(scratch, name)
      materialize(image, path, { unspecified: 0xd1 })
      release()
      return path
    }
    const treeInside = async (path: string): Promise<FileTree> => {
      const copy = mkdtempSync(join(scratch, 'copy-'))
      withMounted(path, 0, statSync(path).size, (mounted) => tool('cp', '-a', `${mounted}/.`, copy))
      return (await readFolder(copy, { ...READ, rootMode: 'keep' } as typeof READ)).tree
    }

    /** Everything of the tree, with times as far as the format has them. */
    const expected = ({ earliest = Number.MIN_SAFE_INTEGER, ...options }: Expectation = {}) =>
      portrait(timesWithin(tree, { earliest, latest: 2 ** 40 }), { xattrs: true, ...options })

    it.each(['gzip', 'lzo', 'lz4', 'lz4hc', 'xz', 'zstd', 'none'] as const)('squashfs with %s', async (compression) => {
      const path = fileOf(await makeSquashfsVolume({ ...order(), options: { compression } }), `squashfs.${compression}`)
      expect(tool('unsquashfs', '-stat', path)).toContain(
        `Compression ${compression === 'none' ? 'gzip' : compression.replace('hc', '')}`,
      )
      if (compression !== 'gzip') return
      expect(portrait(await treeInside(path), { xattrs: true, wholeSeconds: true })).toEqual(
        expected({ wholeSeconds: true, earliest: 0 }),
      )
    })

    const LONGEST = `${'n'.repeat(251)}.txt`

    it.each<ErofsOptions>([{ compression: 'none' }, { compression: 'lz4' }, { compression: 'lz4hc', level: 12 }])(
      'erofs with %o',
      async (options) => {
        const asked = order({ tree: without(tree, LONGEST) })
        const path = fileOf(await makeErofsVolume({ ...asked, options }), `erofs.${options.compression}`)
        tool('fsck.erofs', path)
        expect(tool('blkid', '-o', 'value', '-s', 'UUID', path).trim()).toBe(UUID)
        if (options.compression === 'lz4') return
        expect(portrait(await treeInside(path), { xattrs: true })).toEqual(expected({ skip: [LONGEST], earliest: 0 }))
      },
    )

    it('squashfs and erofs of somebody who is not root keep owners, devices and attributes', async () => {
      const project = mkdtempSync(join(scratch, 'project-'))
      const archive = join(project, 'root.tar')
      materialize(planTar(without(tree, LONGEST)).image, archive)
      const config = join(project, 'board.yaml')
      const partitions =
        '[{ fs: squashfs/root.tar }, { fs: erofs/root.tar }, { fs: ext4/root.tar, size: 64MiB, engine: host }]'
      writeFileSync(
        config,
        `image: disk\nsource_date_epoch: ${TIME.seconds}\noutputs: [raw]\npartitions: ${partitions}\n`,
      )
      for (const path of [scratch, project]) chmodSync(path, 0o777)
      const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all']
      const out = join(project, 'out')
      tool(
        'setpriv',
        ...drop,
        process.execPath,
        join(PROJECT, 'dist/cli/main.js'),
        'build',
        config,
        '--out',
        out,
        '--quiet',
      )
      const manifest = JSON.parse(readFileSync(join(out, 'disk/manifest.json'), 'utf8'))
      const found = manifest.partitions.map(async (partition: { start_byte: number; size_bytes: number }) => {
        const volume = join(project, `volume-${partition.start_byte}`)
        const at = [
          `skip=${partition.start_byte}`,
          `count=${partition.size_bytes}`,
          'iflag=skip_bytes,count_bytes',
          'bs=1M',
        ]
        tool('dd', `if=${join(out, 'disk/disk')}`, `of=${volume}`, ...at, 'status=none')
        return treeInside(volume)
      })
      const [squashfs, erofs, ext] = await Promise.all(found)
      const options = { xattrs: true, skip: [LONGEST] }
      expect(portrait(squashfs, { ...options, wholeSeconds: true })).toEqual(
        expected({ ...options, wholeSeconds: true, earliest: 0 }),
      )
      expect(portrait(erofs, options)).toEqual(expected({ ...options, earliest: 0 }))
      expect(portrait(ext, { ...options, skip: [LONGEST, 'lost+found'] })).toEqual(expected(options))
    })

    it('erofs says which names are too long for its tool', async () => {
      const failure = makeErofsVolume({ ...order(), options: {} })
      const says = /^Cannot write erofs volume "root": its tool keeps no names of 255 bytes, .*: "n+\.txt"$/
      await expect(failure).rejects.toThrow(says)
    })

    /** As a file, with label and UUID. */
    const placed = async (
      type: PlacedFamily,
      content: FileTree,
      more: Pick<PlacedVolumeOrder, 'sizeBytes' | 'method'>,
    ): Promise<string> => {
      const volume = await makePlacedVolume({ ...order({ label: 'LABEL', tree: content }), type, options: {}, ...more })
      expect(volume.image.sizeBytes).toBe(more.sizeBytes)
      const path = fileOf(volume, type)
      expect(tool('blkid', '-o', 'export', path)).toContain(`LABEL=LABEL\nUUID=${UUID}\n`)
      return path
    }

    it('btrfs, filled by a mount', async () => {
      const path = await placed('btrfs', tree, { sizeBytes: 110 * MIB })
      tool('btrfs', 'check', path)
      expect(portrait(await treeInside(path), { xattrs: true })).toEqual(expected())
    })

    it('f2fs, filled by its own tool', async () => {
      const special = ['console', 'big numbers', 'fifo']
      const path = await placed('f2fs', without(withSmallNumbers(withoutXattrs(tree)), ...special), {
        sizeBytes: 128 * MIB,
      })
      expect(tool('fsck.f2fs', '--dry-run', path)).not.toMatch(/\[Fail\]/)
    })

    it('xfs, filled by a mount', async () => {
      const path = await placed('xfs', without(tree, 'big numbers'), { sizeBytes: 300 * MIB })
      tool('xfs_repair', '-n', path)
      expect(portrait(await treeInside(path), { xattrs: true })).toEqual(expected({ skip: ['big numbers'] }))
    })

    it('btrfs, filled by its own tool', async () => {
      const plain = without({ ...tree, xattrs: new Map() }, 'console', 'big numbers')
      const path = await placed('btrfs', plain, { sizeBytes: 110 * MIB, method: 'populate' })
      tool('btrfs', 'check', path)
      const skip = ['', 'console', 'big numbers']
      const options = { xattrs: true, skip, wholeSeconds: true }
      expect(portrait(await treeInside(path), options)).toEqual(expected(options))
    })
  },
  { root: true },
)

interface Expectation extends PortraitOptions {
  earliest?: number
}

function withoutXattrs(tree: FileTree): FileTree {
  const copy = cloneTree(tree)
  for (const [, node] of walkTree(copy)) delete node.xattrs
  return copy
}

/** sload.f2fs has 16 bits for owners and 32 for times. */
function withSmallNumbers(tree: FileTree): FileTree {
  const copy = cloneTree(timesWithin(tree, { earliest: 0, latest: 0xffff_ffff }))
  for (const [, node] of walkTree(copy)) Object.assign(node, { uid: node.uid & 0xffff, gid: node.gid & 0xffff })
  return copy
}

function without(tree: FileTree, ...names: string[]): FileTree {
  const children = new Map([...tree.children].filter(([name]) => !names.includes(name)))
  return { ...tree, children }
}
