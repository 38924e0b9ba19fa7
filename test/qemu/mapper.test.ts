/**
 * Debian's kernel, in one boot, judges what device-mapper meets: dm-verity by the table that stands beside the image, LUKS2 by the
 * key, both mounted and read to the last file; and one flipped bit under a hash, which must be an error of reading.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { plan as planConfig } from '../../src/build.js'
import type { DiskPlan } from '../../src/layout/disk-plan.js'
import { bytesDigest } from '../../src/outputs/file-digest.js'
import { diskloom, PROJECT } from '../support/diskloom.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'
import { modulePaths, withDebianKernel, writeInitramfs } from '../support/qemu-debian-kernel.js'
import { TEST_TIMEOUT_MS, withMachine } from '../support/qemu-machine.js'

const MODULES = [
  ...['virtio_pci', 'virtio_blk', 'vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859-1', 'ext4', 'squashfs'],
  ...['dm-mod', 'dm-verity', 'dm-crypt', 'xts', 'sha512_generic'],
]
const FILES: Readonly<Record<string, Buffer>> = {
  'etc/fstab': Buffer.from('# none\n'),
  big: Buffer.alloc(300_000, 'what stands in the file'),
  empty: Buffer.alloc(0),
}
/** Little memory and time: the guest's processor is interpreted. */
const QUICK = 'key_file: key, memory: 32KiB'

const PARTITIONS = `
  - { name: ext, fs: ext4/root, size: auto }
  - { name: ext-v, fs: verity, covers: ext }
  - { name: fat, fs: fat/root, size: 8MiB }
  - { name: fat-v, fs: verity, covers: fat, options: { hash: sha512, hash_type: 0 } }
  - { name: squash, fs: squashfs/root, size: 1MiB }
  - { name: squash-v, fs: verity, covers: squash, options: { hash: sha1, salt: none, uuids_from_root_hash: true } }
  - { name: flipped, fs: fat/root, size: 8MiB }
  - { name: flipped-v, fs: verity, covers: flipped }
  - { name: sealed, fs: ext4/root, size: 24MiB, luks: { ${QUICK} } }
  - { name: wide, fs: fat/root, size: 24MiB, luks: { ${QUICK}, sector_size: 4096, key_size: 256 } }
  - { name: slow, fs: squashfs/root, luks: { key_file: key, pbkdf: pbkdf2, iterations: 1000 } }
`
/** Type of mount by the name of the partition. */
const TYPES: Readonly<Record<string, string>> = { ext: 'ext4', fat: 'vfat', squash: 'squashfs', flipped: 'vfat' }
const SEALED: Readonly<Record<string, string>> = { sealed: 'ext4', wide: 'vfat', slow: 'squashfs' }

describeWithTools(
  "device-mapper in Debian's kernel",
  ['qemu-system-x86_64', 'setpriv', 'busybox', 'cpio', 'modprobe', 'ldd', 'dmsetup', 'cryptsetup', 'mksquashfs'],
  () => {
    withDebianKernel((kernel) => {
      const scratch = scratchFolder()
      let lines: readonly string[]

      const linesOf = (name: string): string[] =>
        lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))

      beforeAll(async () => {
        for (const [path, bytes] of Object.entries(FILES)) {
          mkdirSync(join(scratch, 'root/etc'), { recursive: true })
          writeFileSync(join(scratch, 'root', path), bytes)
        }
        const key = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37) & 0xff))
        writeFileSync(join(scratch, 'key'), key)
        const config = join(scratch, 'board.yaml')
        writeFileSync(config, `image: disk\nsource_date_epoch: 1700000000\noutputs: [raw]\npartitions:${PARTITIONS}`)
        diskloom(['build', config, '--out', join(scratch, 'out'), '--quiet'])
        const folder = join(scratch, 'out/disk')
        const { plan } = await planConfig({ config })
        const disk = join(folder, 'disk')
        flipBitOf(disk, plan, 'flipped', FILES.big!)
        const initramfs = join(scratch, 'mapper.cpio')
        writeInitramfs(
          {
            initPath: join(PROJECT, 'test/qemu/guest/mapper.sh'),
            modules: modulePaths(kernel, MODULES),
            files: { cases: [...verityCases(folder, plan), ...luksCases(plan)].join(''), key },
            programs: ['dmsetup', 'cryptsetup'],
          },
          initramfs,
        )
        const text = await withMachine(
          {
            board: 'q35',
            memoryMib: 512,
            disks: [{ path: disk }],
            args: ['-kernel', kernel.imagePath, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1'],
          },
          async (machine) => {
            await machine.waitFor(/# begin\s/)
            return (await machine.waitFor(/# end/)).replace('# end', '')
          },
        )
        lines = Buffer.from(text.replace(/\s/g, ''), 'base64').toString('utf8').trimEnd().split('\n')
      }, TEST_TIMEOUT_MS)

      const EXPECTED = Object.entries(FILES)
        .map(([path, bytes]) => `${bytesDigest(bytes)}  ./${path}`)
        .sort()

      it.each(['ext', 'fat', 'squash', ...Object.keys(SEALED)])('mounts "%s" and finds its files', (name) => {
        expect(linesOf(name).sort()).toEqual(EXPECTED)
      })

      it('refuses to read what has a flipped bit, and nothing else', () => {
        const found = linesOf('flipped')
        expect(found.filter((line) => /problem.*big.*(?:I\/O|Input\/output) error/i.test(line))).toHaveLength(1)
        expect(found.filter((line) => !line.startsWith('problem')).sort()).toEqual(
          EXPECTED.filter((line) => !line.endsWith('./big')),
        )
      })
    })
  },
)

function device({ partitions }: DiskPlan, uuidOrName: string): string {
  return `/dev/vda${partitions.find(({ uuid, name }) => uuid === uuidOrName || name === uuidOrName)!.number}`
}

/** The table beside the image, with devices for PARTUUIDs: nobody looks those up before a root is mounted. */
function verityCases(folder: string, plan: DiskPlan): string[] {
  return Object.entries(TYPES).map(([name, type]) => {
    const words = readFileSync(join(folder, `${name}.dm-verity`), 'utf8')
    const [, table] = /^dm-mod\.create="\w+,,,ro,([^"]*)" root=\/dev\/dm-0 ro\n$/.exec(words)!
    return `${name} verity ${type} ${table!.replace(/PARTUUID=(\S+)/g, (_, uuid: string) => device(plan, uuid))}\n`
  })
}

function luksCases(plan: DiskPlan): string[] {
  return Object.entries(SEALED).map(([name, type]) => `${name} luks ${type} ${device(plan, name)}\n`)
}

/** Somewhere inside what a file of the partition holds. */
function flipBitOf(disk: string, plan: DiskPlan, name: string, content: Buffer): void {
  const { startByte, endByte } = plan.partitions.find((partition) => partition.name === name)!
  const fd = openSync(disk, 'r+')
  const bytes = Buffer.alloc(endByte - startByte)
  readSync(fd, bytes, 0, bytes.length, startByte)
  const at = bytes.indexOf(content.subarray(0, 4096)) + content.length / 2
  writeSync(fd, Buffer.of(bytes[at]! ^ 1), 0, 1, startByte + at)
  closeSync(fd)
}
