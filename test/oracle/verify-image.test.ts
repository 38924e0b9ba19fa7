/** `verify` of images: silent on what others made, names what is damaged, compares with a config, asks other readers. */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { READABLE_TITLES } from '../../src/filesystems/registry.js'
import { CONFIGS, PROJECT, runCommand } from '../support/diskloom.js'
import { makeEveryKind } from '../support/every-kind.js'
import { BOOT, DISK_BYTES, makeForeignImage, ROOT } from '../support/foreign-image.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { cliJson, runCli } from '../support/run-cli.js'

const MIB = 1 << 20
/** Without the readers that run in a thread of the compiled command. */
const ALONE = '--no-second-opinion'

describeWithTools(
  'verify of an image',
  [
    'sfdisk',
    'mkfs.fat',
    'mmd',
    'mcopy',
    'mke2fs',
    'cp',
    'sgdisk',
    'parted',
    'genimage',
    'debugfs',
    'dumpe2fs',
    'mksquashfs',
  ],
  () => {
    const scratch = scratchFolder()
    const image = join(scratch, 'sd.img')
    const payload = join(scratch, 'payload')
    beforeAll(() => {
      makeEveryKind(payload)
      makeForeignImage(image, payload, scratch, 'mke2fs')
    })

    describe('is silent on a sound one', () => {
      it('of sfdisk, mkfs.fat and mke2fs, and others agree', () => {
        const { status, stdout, stderr } = runCommand(['verify', image])
        expect(stderr).toBe('')
        expect(stdout).toBe(
          'sound: the partition table (gpt), partition 1 "boot" (fat16), partition 2 "root:a" (ext4)\n' +
            'others find the same: gpt on the table, fatfs on partition 1 "boot", ext2fs on partition 2 "root:a"\n',
        )
        expect(status).toBe(0)
      })

      it('of sgdisk, with a hybrid MBR', async () => {
        const path = sized('sgdisk.img', 16 * MIB)
        tool('sgdisk', '-n', '1:2048:+4M', '-c', '1:first', '-n', '2:0:+2M', path)
        tool('sgdisk', '-h', '1', path)
        expect((await runCli('verify', path, ALONE)).stdout).toBe('sound: the partition table (hybrid)\n')
      })

      it('of parted, with logical partitions', async () => {
        const path = sized('parted.img', 32 * MIB)
        const parts = ['primary', '1MiB', '5MiB', 'mkpart', 'extended', '5MiB', '30MiB']
        tool(
          'parted',
          '-s',
          path,
          'mklabel',
          'msdos',
          'mkpart',
          ...parts,
          'mkpart',
          'logical',
          '6MiB',
          '10MiB',
          'mkpart',
          'logical',
          '12MiB',
          '20MiB',
        )
        const { stdout, stderr } = await runCli('verify', path, ALONE)
        expect([stderr, stdout]).toEqual(['', 'sound: the partition table (mbr)\n'])
        const [inspection] = await cliJson('inspect', path)
        expect((inspection!.partitions as { number: number }[]).map(({ number }) => number)).toEqual([1, 5, 6])
      })

      it('of genimage', async () => {
        const config = join(scratch, 'genimage.cfg')
        writeFileSync(
          config,
          'image boot.vfat { vfat { label = "BOOT" files = { "config.txt" } } size = 8M }\n' +
            'image root.ext4 { ext4 { label = "root" use-mke2fs = true } size = 16M }\n' +
            'image g.img { hdimage { partition-table-type = "gpt" }\n' +
            'partition boot { partition-type-uuid = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" image = "boot.vfat" }\n' +
            'partition root { image = "root.ext4" } }\n',
        )
        const root = join(scratch, 'genimage-root')
        mkdirSync(join(root, 'etc'), { recursive: true })
        writeFileSync(join(root, 'etc/fstab'), 'x\n')
        tool(
          'genimage',
          '--config',
          config,
          '--rootpath',
          root,
          '--inputpath',
          scratch,
          '--outputpath',
          scratch,
          '--tmppath',
          join(scratch, 'tmp'),
        )
        const { stdout, stderr } = await runCli('verify', join(scratch, 'g.img'), ALONE)
        expect(stderr).toBe('')
        expect(stdout).toContain('partition 1 "boot" (fat')
        expect(stdout).toContain('partition 2 "root" (ext4)')
      })

      it.each(['ab-slots', 'emmc-8g', 'mbr-logical', 'sdcard-mbr'])(
        'that %s builds, which is also what its config says',
        async (name) => {
          const config = join(CONFIGS, name, `${name}.yaml`)
          const { plan, folder } = await build({ config, out: join(scratch, 'out'), only: 'image' })
          const path = join(folder, plan.spec.name)
          const { stdout, stderr, status } = await runCli('verify', path, '--config', config, ALONE)
          expect([stderr, status]).toEqual(['', 0])
          expect(stdout).toContain(`, and what ${config} says\n`)
          const { stdout: same } = await runCli('diff', path, config)
          expect(same).toBe(`the same: ${path} and ${config}\n`)
        },
      )
    })

    describe('names the place on the disk that is damaged', () => {
      const group = () =>
        Number(/Group descriptors at (\d+)/.exec(tool('dumpe2fs', `${image}?offset=${ROOT.offset}`))?.[1] ?? 2)
      // [what, byte of the disk, xor, structure, field]
      it.each([
        ['the header of the GPT', 512 + 24, 1, 'GPT header', 'HeaderCRC32'],
        ['an entry of the GPT', 1024 + 56, 0x20, '', 'PartitionEntryArrayCRC32'],
        ['the backup header', DISK_BYTES - 512 + 40, 1, 'GPT header', 'HeaderCRC32'],
        ['an entry of the backup', DISK_BYTES - 33 * 512 + 130, 1, '', 'PartitionEntryArrayCRC32'],
        ['the second FAT', BOOT.offset + 2048 + 20 * 512 * 2, 0xff, 'FAT', ''],
        ['the first FAT', BOOT.offset + 2048 + 4, 0x55, 'FAT', ''],
        ['the superblock', ROOT.offset + 1024 + 0x0c, 1, 'superblock', 's_checksum'],
        ['a group descriptor', ROOT.offset + group.length + 2048 + 0x0e, 1, 'group', ''],
      ])('%s', async (_, offset, xor, structure, field) => {
        const path = join(scratch, 'damaged.img')
        copyFileSync(image, path)
        flip(path, offset, xor)
        const { status, stderr, stdout } = await runCli('verify', path, ALONE, '--json')
        expect(stderr).toBe('')
        const [first, second] = stdout.split('\n')
        const failure = JSON.parse(second!) as { code: string; problems: { message: string }[] }
        expect(failure.code).toBe('DIFFERENCE')
        expect(failure.problems[0]!.message).toMatch(/ at byte \d+ of ".*damaged.img": .* is .*, .* is expected/)
        const result = JSON.parse(first!) as {
          findings: { structure: string; field: string; offset: number }[]
        }
        expect(result.findings.length).toBeGreaterThan(0)
        const { findings } = result
        if (structure !== '')
          expect(
            findings.some((found) => found.structure.includes(structure)),
            JSON.stringify(findings),
          ).toBe(true)
        if (field !== '') expect(findings.map((found) => found.field)).toContain(field)
        const base =
          offset >= ROOT.offset && offset < ROOT.offset + ROOT.length
            ? ROOT
            : offset < BOOT.offset || offset > BOOT.offset + BOOT.length
              ? undefined
              : BOOT
        if (base !== undefined) {
          expect(findings[0]!.offset).toBeGreaterThanOrEqual(base.offset)
          expect(findings[0]!.offset).toBeLessThan(base.offset + base.length)
        }
        expect(status).toBe(1)
      })

      it('and says so of a volume that cannot be opened at all', async () => {
        const path = join(scratch, 'damaged.img')
        copyFileSync(image, path)
        flip(path, ROOT.offset + 1024 + 0x18, 0xff)
        const { status, stderr } = await runCli('verify', path, ALONE)
        expect(stderr).toMatch(/error: partition 2 "root:a": .*superblock at byte \d+ of/)
        expect(status).toBe(1)
        const inspection = await runCli('inspect', path)
        expect(inspection.status).toBe(0)
        expect(inspection.stderr).toContain('warning: Cannot read')
      })
    })

    describe('with a config', () => {
      const folder = join(scratch, 'job')
      const config = join(folder, 'job.yaml')
      let built = ''
      beforeAll(async () => {
        makeEveryKind(join(folder, 'root'))
        tool('sh', '-c', 'rm -f "$1/root/odd"* "$1/root/socket"', 'sh', folder)
        mkdirSync(join(folder, 'boot'))
        writeFileSync(join(folder, 'boot/config.txt'), 'a=1\n')
        writeFileSync(join(folder, 'blob'), 'loader'.repeat(1000))
        writeFileSync(
          config,
          'image: job.img\nsize: 64MiB\ntable: gpt\nsource_date_epoch: 1700000000\npartitions:\n' +
            '  - { name: loader, start: 256KiB, fs: blob, in_table: false }\n' +
            '  - { name: boot, start: 1MiB, size: 16MiB, fs: vfat/boot, type: esp }\n' +
            '  - { name: root, size: rest, fs: ext4/root, type: linux }\n',
        )
        built = join((await build({ config, out: join(scratch, 'out'), only: 'image' })).folder, 'job.img')
      })

      it('is silent where all is as it says', async () => {
        const { status, stderr } = await runCli('verify', built, '--config', config, ALONE)
        expect([stderr, status]).toEqual(['', 0])
      })

      it.each([
        [
          'a file of ext',
          (path: string) => debugfs(path, 'set_inode_field /bin/tool mode 0100644'),
          /partition 2 "root": "\/bin\/tool": mode is 0644, the config says 0755/,
        ],
        [
          'a file that is gone',
          (path: string) => debugfs(path, 'rm /nothing'),
          /partition 2 "root": "\/nothing" is missing, the config has a file there/,
        ],
        [
          'a file of FAT',
          (path: string) => fat(path, 'a=2\n', '::config.txt'),
          /partition 1 "boot": "\/config\.txt": .*sha256 is \w+, the config says \w+; its content differs from byte 2 on/,
        ],
        [
          'a file too many',
          (path: string) => fat(path, 'x', '::more.txt'),
          /partition 1 "boot": "\/more\.txt" is there, the config has nothing of that name/,
        ],
        [
          'a name in the table',
          (path: string) => tool('sgdisk', '-c', '2:other', path),
          /partition 2 "root": name is other, the config says root/,
        ],
        [
          'a raw file',
          (path: string) => flip(path, 256 * 1024 + 77, 1),
          /"loader": byte 77 is another than in the file/,
        ],
      ])('tells %s that is other', async (_, change, expected) => {
        const path = join(scratch, 'changed.img')
        copyFileSync(built, path)
        change(path)
        const { status, stderr } = await runCli('verify', path, '--config', config, ALONE)
        expect(stderr).toMatch(expected)
        expect(status).toBe(1)
      })

      function debugfs(path: string, request: string): void {
        runTool('debugfs', ['-w', '-R', request, `${path}?offset=${17 * MIB}`])
      }
      function fat(path: string, text: string, name: string): void {
        writeFileSync(join(scratch, 'to-fat'), text)
        tool('mcopy', '-o', '-i', `${path}@@${MIB}`, join(scratch, 'to-fat'), name)
      }
    })

    it('of a release checks the manifest, and with --structure the image too', async () => {
      const { folder } = await build({ config: join(CONFIGS, 'ab-slots/ab-slots.yaml'), out: join(scratch, 'release') })
      const { stdout } = await runCli('verify', folder)
      expect(stdout).toMatch(/^verified: /)
      const both = await runCli('verify', folder, '--structure', ALONE)
      expect(both.stdout).toMatch(/^verified: .*\nsound: the partition table \(gpt\), partition 1 "esp" \(fat32\)/s)
    })

    describe('of flash memory, whose table is not on it', () => {
      const config = join(CONFIGS, 'stm32f7-som/stm32f7-som.yaml')
      let flash: string
      beforeAll(async () => {
        const { folder } = await build({ config, out: join(scratch, 'flash'), only: 'image' })
        flash = join(folder, 'nor.bin')
      })

      it('says that nothing in it is known, and not that it is sound', async () => {
        const { status, stdout, stderr } = await runCli('verify', flash, ALONE)
        expect([status, stdout]).toEqual([5, ''])
        expect(stderr).toContain(
          `Cannot verify ${flash}: nothing in it is known, a partition table (GPT, MBR) or a volume of ${READABLE_TITLES} is looked for`,
        )
      })

      it('compares each partition at its place with the config', async () => {
        const { status, stdout, stderr } = await runCli('verify', flash, '--config', config, ALONE)
        expect([status, stdout, stderr]).toEqual([
          0,
          `sound: partition 2 "flash_jffs2" (jffs2), and what ${config} says\nknown by its signs, and not looked into: partition 1 "flash_linux_image" (u-boot-image)\n`,
          '',
        ])
        const changed = join(scratch, 'changed.bin')
        for (const [offset, said] of [
          [0x20000 + 77, '"flash_linux_image": byte 77 is another than in the file that the config names'],
          [0xa20000 + 200, 'Cannot read node of inode'],
        ] as const) {
          copyFileSync(flash, changed)
          flip(changed, offset, 1)
          const other = await runCli('verify', changed, '--config', config, ALONE)
          expect([other.status, other.stderr]).toEqual([1, expect.stringContaining(said)])
        }
      })

      it('names what is known by its signs only', async () => {
        const path = join(scratch, 'small.squashfs')
        tool('mksquashfs', payload, path, '-quiet', '-noappend')
        const { status, stderr } = await runCli('verify', path, ALONE)
        expect([status, stderr]).toEqual([
          5,
          expect.stringContaining('the volume (squashfs) is known by its signs only'),
        ])
      })
    })

    it('refuses what cannot be', async () => {
      const twice = await runCli('verify', '-', '--structure')
      expect([twice.status, twice.stderr]).toEqual([
        2,
        expect.stringContaining('it can be read once only, a file is accepted'),
      ])
      const missing = await runCli('verify', join(scratch, 'nowhere.img'))
      expect([missing.status, missing.stderr]).toEqual([6, expect.stringContaining('it does not exist')])
    })

    describe('asks others', () => {
      const verified = (path: string) => {
        const { status, stdout, stderr } = runCommand(['verify', path])
        return { status, stdout, errors: stderr.split('\n').filter((line) => line.startsWith('error: ')) }
      }

      it('and tells of a name that gpt reads on behind its end', () => {
        const path = sized('behind-nul.img', 8 * MIB)
        tool('sgdisk', '-n', '1:2048:+1M', '-c', '1:boot', path)
        expect(verified(path)).toMatchObject({ status: 0 })
        // What an editor leaves that writes a shorter name over a longer one, checksums and all.
        tool('python3', '-c', NAME_BEHIND_NUL, path)
        expect(tool('sgdisk', '-v', path)).toContain('No problems found')
        expect(verified(path)).toEqual({
          status: 1,
          stdout: '',
          errors: ['error: Two readers disagree about partition 1 of the table: name is boot here, gpt says bootold'],
        })
      })

      it('but passes over names of a DOS code page, which fatfs takes for UTF-8', async () => {
        const path = join(scratch, 'code-page.img')
        tool('mkfs.fat', '-C', path, '1440')
        writeFileSync(join(scratch, 'short'), 'x')
        tool('mcopy', '-i', path, join(scratch, 'short'), '::CAFE.TXT')
        expect(verified(path)).toMatchObject({ status: 0 })
        const bytes = readFileSync(path)
        // É of code page 437, and no long name beside it: as DOS wrote it.
        bytes[bytes.indexOf('CAFE    TXT', 0, 'latin1') + 3] = 0x90
        writeFileSync(path, bytes)
        expect(runTool('fsck.fat', ['-n', path]).status).toBe(0)
        expect(verified(path)).toMatchObject({ status: 0, errors: [] })
        expect((await consult(path)).notes).toEqual([
          {
            finding: 'second-opinion',
            message: 'no second opinion by fatfs on the volume: / has short names that it takes for UTF-8',
          },
        ])
      })

      it('who find the same where the entries stand far from the header', async () => {
        const config = join(scratch, 'far.yaml')
        const keys = 'image: far.img\nsize: 8MiB\ngpt: { entries_at: 1MiB }\n'
        writeFileSync(config, `${keys}partitions: [{ name: a, start: 2MiB, size: 2MiB, fs: fat }]\n`)
        await build({ config, out: join(scratch, 'far'), only: 'image' })
        const { status, stdout } = verified(join(scratch, 'far/far.img/far.img'))
        expect([status, stdout]).toEqual([0, expect.stringContaining('others find the same: gpt on the table, fatfs')])
      })

      const consult = async (path: string, limitMs?: number) => {
        const [{ consult: ask }, { openImage }] = await Promise.all([
          import(join(PROJECT, 'dist/inspect/second-opinion/consult.js')),
          import(join(PROJECT, 'dist/inspect.js')),
        ])
        const disk = await openImage(path)
        try {
          return await ask(disk, { limitMs })
        } finally {
          disk.close()
        }
      }

      it('but passes over what holds too many files, or takes too long', async () => {
        const many = join(scratch, 'many')
        for (let folder = 0; folder < 51; folder++) mkdirSync(join(many, `${folder}`), { recursive: true })
        // A hundred a folder: mke2fs is slow in large ones.
        for (let index = 0; index < 5001; index++) writeFileSync(join(many, `${Math.floor(index / 100)}/${index}`), '')
        const path = join(scratch, 'many.ext4')
        tool('mke2fs', '-q', '-t', 'ext4', '-N', '6000', '-d', many, path, '16M')
        expect((await consult(path)).notes).toEqual([
          {
            finding: 'second-opinion',
            message: 'no second opinion by ext2fs on the volume: it holds 5001 files, at most 5000 are read twice',
          },
        ])
        const { notes, disagreements } = await consult(image, 1)
        expect(notes.map(({ message }: { message: string }) => message)).toContain(
          'no second opinion by ext2fs on partition 2 "root:a": it took longer than 0.001 s',
        )
        expect(disagreements).toEqual([])
      })
    })

    function sized(name: string, bytes: number): string {
      const path = join(scratch, name)
      writeFileSync(path, '')
      truncateSync(path, bytes)
      return path
    }
  },
)

const NAME_BEHIND_NUL = `
import struct, sys, zlib
disk = bytearray(open(sys.argv[1], 'rb').read())
for header, entries in ((512, 1024), (len(disk) - 512, len(disk) - 512 - 16384)):
    name = 'boot\\0old'.encode('utf-16-le')
    disk[entries + 56:entries + 56 + len(name)] = name
    struct.pack_into('<I', disk, header + 88, zlib.crc32(disk[entries:entries + 16384]))
    struct.pack_into('<I', disk, header + 16, 0)
    struct.pack_into('<I', disk, header + 16, zlib.crc32(disk[header:header + 92]))
open(sys.argv[1], 'wb').write(disk)
`

function flip(path: string, offset: number, xor: number): void {
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, offset)
  writeSync(fd, Buffer.of(byte[0]! ^ xor), 0, 1, offset)
  closeSync(fd)
}
