/** FAT by mkfs.fat and mtools, beside the native writer: the same geometry, files, names and times. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { FormatError, LayoutError } from '../../src/errors.js'
import { fatFormat } from '../../src/filesystems/fat/format.js'
import { type FatVolumeOrder, makeFatVolume } from '../../src/host/fat-volume.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { emptyTree, type FileTree } from '../../src/tree/file-tree.js'
import { TreeBuilder } from '../../src/tree/tree-builder.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const runner = makeCommandRunner(process.env)

describeWithTools(
  'engine: host for FAT',
  ['mkfs.fat', 'fsck.fat', 'mcopy', 'mmd', 'mdir', 'setpriv', 'tar', 'sha256sum'],
  () => {
    const scratch = scratchFolder()

    const order = (tree: FileTree, more: Partial<FatVolumeOrder> = {}): FatVolumeOrder => ({
      name: 'boot',
      type: 'fat',
      sizeBytes: 64 * MIB,
      environment: {
        time: TIME,
        uuid: '01234567-89ab-4cde-8f01-23456789abcd',
        offsetBytes: 33_792 * 512,
        sectorSize: 512,
      },
      options: {},
      tree,
      workFolder: mkdtempSync(join(scratch, 'work-')),
      runner,
      ...more,
    })

    /** What mdir tells of everything, and the digests of all files. */
    const portraitOf = (path: string) => {
      const listing = tool('sh', '-c', 'MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8 TZ=UTC mdir -s -i "$1" ::', 'sh', path)
      const unpacked = mkdtempSync(join(scratch, 'unpacked-'))
      tool('sh', '-c', 'MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8 mcopy -s -n -i "$1" "::/*" "$2"', 'sh', path, unpacked)
      const digests = tool('sh', '-c', 'cd "$1" && find . -type f -exec sha256sum {} +', 'sh', unpacked)
      // Short names are each writer's own where the long one is no 8.3.
      const entries = listing.split('\n').map((line) => line.replace(/^.{13}(.{29}).*?(\S.*)?$/, '$1 $2'))
      return { entries: entries.filter((line) => !/bytes free/.test(line)).sort(), digests: digests.split('\n').sort() }
    }

    /** More than 500 files of a folder go in by two calls of mcopy. */
    const sample = (files = 3): FileTree => {
      const builder = new TreeBuilder('sample', { seconds: 1_234_567_890, nanoseconds: 0 })
      const file = (path: string, bytes: Uint8Array, seconds: number): void =>
        builder.add(byteString(path), {
          type: 'file',
          mode: 0o644,
          uid: 0,
          gid: 0,
          mtime: { seconds, nanoseconds: 5 },
          content: imageOfBytes(bytes),
        })
      file('KERNEL.IMG', Buffer.alloc(300_000, 7), 1_600_000_001)
      file('EFI/BOOT/BOOTX64.EFI', Buffer.alloc(5000, 1), 1_500_000_000)
      file('EFI/debian/grub config.cfg', Buffer.from('set default=0\n'), 1_400_000_000)
      file('größe-漢字.txt', Buffer.from('unicode\n'), 1_300_000_000)
      file('old', Buffer.from('before FAT\n'), 1)
      file('empty', new Uint8Array(), 1_200_000_000)
      for (let index = 0; index < files; index++) file(`many/N${index}.TXT`, new Uint8Array(), 1_100_000_000)
      for (let index = 0; index < 20; index++) file(`long/file number ${index}`, new Uint8Array(index), 1_100_000_000)
      return builder.finish()
    }

    it.each([
      ['fat', 64 * MIB, {}],
      ['fat12', 4 * MIB + 512, { cluster_size: 2048, fats: 1 }],
      ['fat16', 32 * MIB, { reserved_sectors: 8, root_entries: 1024, media: 0xf9, volume_id: 0xcafe }],
      ['fat32', 128 * MIB, { time_zone: '+05:30' }],
    ] as const)('%s of %i bytes with %o', async (type, sizeBytes, options) => {
      const asked = order(sample(type === 'fat32' ? 510 : 3), { type, sizeBytes, options, label: 'BOOT' })
      const host = await makeFatVolume(asked)
      const native = fatFormat.plan(asked.tree, sizeBytes, { type, label: 'BOOT', ...options }, asked.environment)
      expect(host.image.sizeBytes).toBe(sizeBytes)
      const [theirs, ours] = [join(scratch, 'theirs'), join(scratch, 'ours')]
      materialize(host.image, theirs)
      materialize(native.encode(), ours)
      expect(tool('fsck.fat', '-n', theirs)).toBeTruthy()
      expect(host.facts).toEqual({ ...native.facts, engine: 'host (mtools)' })
      expect(portraitOf(theirs)).toEqual(portraitOf(ours))
      // The boot sector but for the code in it, which says that this is no bootable disk.
      expect(readFileSync(theirs).subarray(11, 62)).toEqual(readFileSync(ours).subarray(11, 62))
      host.release()
      expect(readdirSync(asked.workFolder)).toEqual([])
    })

    it('gives the same bytes twice', async () => {
      const digests = await Promise.all(
        ['first', 'second'].map(async (name) => {
          const path = join(scratch, name)
          materialize((await makeFatVolume(order(sample()))).image, path)
          return tool('sha256sum', path).split(' ')[0]
        }),
      )
      expect(digests[0]).toBe(digests[1])
    })

    it('refuses names that mtools takes for patterns, and says when it is full', async () => {
      const tree = emptyTree(TIME)
      const content = imageOfBytes(Buffer.alloc(2 * MIB, 5))
      tree.children.set(byteString('a[1]'), { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, content })
      const brackets = makeFatVolume(order(tree))
      await expect(brackets).rejects.toThrow(FormatError)
      await expect(brackets).rejects.toThrow(
        'its tool keeps no names with brackets, which are among its content: "a[1]"',
      )
      tree.children.set(byteString('a'), tree.children.get(byteString('a[1]'))!)
      tree.children.delete(byteString('a[1]'))
      const asked = order(tree, { sizeBytes: MIB })
      const full = makeFatVolume(asked)
      await expect(full).rejects.toThrow(LayoutError)
      await expect(full).rejects.toThrow('Cannot fill fat volume "boot": its 1048576 bytes are full')
      expect(readdirSync(asked.workFolder)).toEqual([])
    })
  },
)
