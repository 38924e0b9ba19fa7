/**
 * UBI is ubinize's, byte for byte, on every kind of flash; UBIFS is mkfs.ubifs's, but for what that leaves to chance. What a
 * kernel makes of both: test/qemu/ubi.test.ts.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { makeUbifsVolume, type UbifsVolumeOrder } from '../../src/host/ubifs-volume.js'
import type { CommandRunner } from '../../src/tree/command-runner.js'
import { EPOCH_1980 } from '../../src/tree/file-tree.js'
import { importPackage, PROJECT } from '../support/diskloom.js'
import { KIB, MIB } from '../support/image-spec.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { file, folder, pattern } from '../support/qemu-trees.js'

const EPOCH = 1_767_225_600
const SEQUENCE = 0x1234abcd

interface Flash {
  readonly what: string
  readonly peb: number
  readonly mtd: string
  readonly options?: string
  readonly ubinize: readonly string[]
}

const FLASHES: readonly Flash[] = [
  { what: 'NAND', peb: 128 * KIB, mtd: 'min_io_size: 2KiB', ubinize: ['-m', '2048'] },
  {
    what: 'NAND with sub-pages',
    peb: 128 * KIB,
    mtd: 'min_io_size: 2KiB, sub_page_size: 512',
    ubinize: ['-m', '2048', '-s', '512'],
  },
  { what: 'NAND of large pages', peb: 512 * KIB, mtd: 'min_io_size: 8KiB', ubinize: ['-m', '8192'] },
  { what: 'NOR', peb: 64 * KIB, mtd: 'min_io_size: 1', ubinize: ['-m', '1'] },
  {
    what: 'NAND, the header where it is told',
    peb: 128 * KIB,
    mtd: 'min_io_size: 2KiB, sub_page_size: 512',
    options: 'vid_header_offset: 2048, erase_counter: 7, leb_size: 124KiB,',
    ubinize: ['-m', '2048', '-s', '512', '-O', '2048', '-e', '7'],
  },
  { what: 'small blocks, with fewer volumes', peb: 16 * KIB, mtd: 'min_io_size: 512', ubinize: ['-m', '512'] },
]

describeWithTools(
  'UBI',
  ['ubinize', 'mkfs.ubifs', 'fakeroot', 'tar', 'blkid', 'setpriv', 'unshare', 'mknod', 'chown', 'mount'],
  () => {
    const scratch = scratchFolder()
    const at = (name: string): string => join(scratch, name)
    writeFileSync(at('kernel'), pattern(300_001))
    writeFileSync(at('data'), pattern(131_072, 5))
    let count = 0

    interface Built {
      readonly bytes: Buffer
      readonly path: string
      readonly facts: Record<string, number | string | readonly string[]>
    }

    async function built(config: string, folder = scratch): Promise<Built> {
      const name = `flash-${++count}`
      writeFileSync(
        join(folder, `${name}.yaml`),
        `image: ${name}\nseed: flash\nsource_date_epoch: ${EPOCH}\noutputs: [raw]\n${config}`,
      )
      const { build } = await importPackage()
      await build({ config: join(folder, `${name}.yaml`), out: at('out'), environment: {} })
      const path = at(`out/${name}/${name}`)
      const manifest = JSON.parse(readFileSync(at(`out/${name}/manifest.json`), 'utf8'))
      return { bytes: readFileSync(path), path, facts: manifest.partitions[0].volume }
    }

    it.each(FLASHES)("is ubinize's on $what", async ({ peb, mtd, options = '', ubinize }) => {
      const { bytes } = await built(`table: mtd
size: 8MiB
erase_block: ${peb}
mtd: { ${mtd} }
partitions:
  - name: ubi
    size: rest
    fs: ubi
    options: { ${options} image_sequence: ${SEQUENCE} }
    volumes:
      - { name: kernel, type: static, fs: kernel, size: 1MiB }
      - { name: größe, id: 5, fs: data }
      - { name: empty, id: 3, size: 100KiB }
      - { name: last, id: 4, fs: kernel, autoresize: true }
`)
      writeFileSync(
        at('ubi.ini'),
        `[a]
mode=ubi
image=${at('kernel')}
vol_id=0
vol_type=static
vol_size=1MiB
vol_name=kernel
[b]
mode=ubi
image=${at('data')}
vol_id=5
vol_type=dynamic
vol_name=größe
[c]
mode=ubi
vol_id=3
vol_type=dynamic
vol_size=100KiB
vol_name=empty
[d]
mode=ubi
image=${at('kernel')}
vol_id=4
vol_type=dynamic
vol_name=last
vol_flags=autoresize
`,
      )
      tool('ubinize', '-o', at('ubi.img'), '-p', String(peb), ...ubinize, '-Q', String(SEQUENCE), at('ubi.ini'))
      const expected = readFileSync(at('ubi.img'))
      expect(bytes).toHaveLength(8 * MIB)
      expect(bytes.subarray(0, expected.length).equals(expected)).toBe(true)
      expect(bytes.subarray(expected.length).every((byte) => byte === 0xff)).toBe(true)
    })

    it('is as large as its volumes and what UBI keeps, where its partition has no size', async () => {
      const { bytes, facts, path } = await built(`table: none
erase_block: 128KiB
partitions:
  - { fs: ubi, options: { min_io_size: 2KiB }, volumes: [{ name: a, fs: data }, { name: b, size: 1 }] }
`)
      // The table, two blocks for a, one for b, two of UBI's own, and one that may go bad.
      expect(bytes).toHaveLength((2 + 2 + 1 + 2 + 1) * 128 * KIB)
      expect(facts.used_erase_blocks).toBe(4)
      const { openImage, inspectImage } = await importPackage()
      const disk = await openImage(path)
      expect(inspectImage(disk)).toMatchObject({ partitions: [{ format: 'ubi' }] })
      disk.close()
    })

    it('holds what natively written volumes hold, and leaves out blocks of which they say nothing', async () => {
      writeFileSync(at('env.txt'), 'a=1\n')
      const { bytes, facts } = await built(`table: mtd
size: 32MiB
mtd: { min_io_size: 2KiB }
partitions:
  - name: ubi
    size: rest
    fs: ubi
    volumes:
      - { name: env, fs: u-boot-env/env.txt, options: { size: 16KiB } }
      - { name: root, fs: ext4, size: 20MiB, content: [{ path: /etc/hostname, text: board }] }
`)
      const leb = 124 * KIB
      expect(facts.leb_size).toBe(leb)
      expect(Number(facts.used_erase_blocks)).toBeLessThan((20 * MIB) / leb)
      const env = bytes.subarray(2 * 128 * KIB + 4 * KIB)
      expect(env.subarray(4, 8).toString()).toBe('a=1\0')
      expect(env.subarray(16 * KIB, leb).every((byte) => byte === 0xff)).toBe(true)
    })

    const treeIn = (folder: string): void => {
      mkdirSync(join(folder, 'etc/deep'), { recursive: true })
      for (let index = 0; index < 60; index++) writeFileSync(join(folder, `etc/file ${index}`), `${index}\n`)
      writeFileSync(join(folder, 'etc/deep/large'), pattern(200_000))
      tool('mknod', join(folder, 'console'), 'c', '5', '1')
      tool('chown', '-R', '1000:1001', join(folder, 'etc/deep'))
      tool('touch', '-d', '@1600000000.5', join(folder, 'etc/file 7'))
    }
    const ubifs = (folder: string, options = ''): string => `table: mtd
size: 8MiB
mtd: { min_io_size: 2KiB }
partitions:
  - name: ubi
    size: rest
    fs: ubi
    volumes: [{ name: root, fs: ubifs/${folder}, owner: keep, options: { ${options} } }]
`

    it('holds the same UBIFS twice, whatever order the folder has, and whoever builds it', async () => {
      treeIn(at('tree'))
      const first = await built(ubifs('tree', 'compression: zlib'))
      // Another clock, another folder, made from the last file to the first.
      mkdirSync(at('other/etc'), { recursive: true })
      for (const name of readdirSync(at('tree/etc')).reverse())
        tool('cp', '-a', at(`tree/etc/${name}`), at('other/etc/'))
      tool('cp', '-a', at('tree/console'), at('other/'))
      tool('touch', '-r', at('tree/etc'), at('other/etc'))
      tool('touch', '-r', at('tree'), at('other'))
      const second = await built(ubifs('other', 'compression: zlib'))
      expect(second.bytes.equals(first.bytes)).toBe(true)

      tool('tar', '-C', at('tree'), '-cf', at('tree.tar'), '--sort=name', '.')
      const rooted = await built(ubifs('tree.tar', 'compression: zlib'))
      const shared = mkdtempSync(at('shared-'))
      cpSync(at('tree.tar'), join(shared, 'tree.tar'))
      writeFileSync(
        join(shared, 'board.yaml'),
        `image: board\nseed: flash\nsource_date_epoch: ${EPOCH}\noutputs: [raw]\n${ubifs('tree.tar', 'compression: zlib')}`,
      )
      for (const path of [scratch, shared]) chmodSync(path, 0o777)
      const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all']
      const command = [join(PROJECT, 'dist/cli/main.js'), 'build', join(shared, 'board.yaml'), '--quiet']
      tool('setpriv', ...drop, process.execPath, ...command, '--out', join(shared, 'out'))
      expect(readFileSync(join(shared, 'out/board/board')).equals(rooted.bytes)).toBe(true)
    })

    it('has the UUID that the config derives or gives, and the facts of the tool', async () => {
      mkdirSync(at('small'))
      const uuid = '01234567-89ab-4cde-8f01-23456789abcd'
      const { bytes, facts } = await built(ubifs('small').replace('owner: keep', `fs_uuid: ${uuid}`))
      writeFileSync(at('ubifs.img'), bytes.subarray(2 * 128 * KIB + 4 * KIB))
      expect(tool('blkid', '-p', '-o', 'export', at('ubifs.img'))).toMatch(
        new RegExp(`UUID=${uuid}\\n.*TYPE=ubifs`, 's'),
      )
      expect(facts.volumes).toEqual([
        expect.stringMatching(/^0 root: 1\d blocks, dynamic, ubifs \(engine host, tool mkfs.ubifs \d/),
      ])
    })

    const without = (missing: string): CommandRunner => {
      const runner = makeCommandRunner(process.env)
      return { ...runner, locate: (command) => (command === missing ? undefined : runner.locate(command)) }
    }
    const order = (runner: CommandRunner): UbifsVolumeOrder => ({
      name: 'root',
      environment: { time: EPOCH_1980, uuid: '01234567-89ab-4cde-8f01-23456789abcd', offsetBytes: 0, sectorSize: 512 },
      tree: folder({ a: file('a', 1_000_000_000), b: folder({ c: file(pattern(10_000)) }) }),
      workFolder: mkdtempSync(at('work-')),
      runner,
      options: {},
      lebBytes: 124 * KIB,
      minIoBytes: 2 * KIB,
      maxLebs: 100,
    })

    it("is made where there are no namespaces, and then says that the order of its files is the host's", async () => {
      const fixed = await makeUbifsVolume(order(makeCommandRunner(process.env)))
      const hosts = await makeUbifsVolume(order(without('unshare')))
      expect([fixed.facts.file_order, hosts.facts.file_order]).toEqual(['fixed', "the host's"])
      expect(hosts.image.sizeBytes).toBe(fixed.image.sizeBytes)
      for (const { release } of [fixed, hosts]) release()
    })

    it('names the package of a tool that is missing', async () => {
      const failure = makeUbifsVolume(order(without('mkfs.ubifs')))
      await expect(failure).rejects.toMatchObject({
        message: 'Cannot run mkfs.ubifs: it is not installed, it must stand on the PATH or in /usr/sbin',
        problems: [{ hint: 'on Debian: apt-get install mtd-utils' }],
      })
    })

    it('says how many blocks UBIFS takes, where it may not have so many', async () => {
      mkdirSync(at('noise'))
      writeFileSync(at('noise/large'), randomBytes(4 * MIB))
      const says =
        /^Cannot make ubifs volume "root" of at most 30 logical erase blocks of 126976 bytes: it takes (?:3[4-9]|[45]\d)$/
      await expect(built(ubifs('noise', 'max_leb_count: 30'))).rejects.toThrow(says)
      const small = ubifs('noise').replace('size: rest', 'size: 2MiB')
      await expect(built(small)).rejects.toThrow(
        'of at most 16 logical erase blocks of 126976 bytes: UBIFS has 22 and more',
      )
    })

    it('refuses what mkfs.ubifs would leave out', async () => {
      mkdirSync(at('marked'))
      writeFileSync(at('marked/ping'), 'x')
      if (runTool('setfattr', ['-n', 'user.note', '-v', 'x', at('marked/ping')]).status !== 0) return
      await expect(built(ubifs('marked'))).rejects.toThrow(
        'Cannot write ubifs volume "root": its tool keeps no extended attributes, which are among its content: "ping"',
      )
    })
  },
  { root: true },
)
