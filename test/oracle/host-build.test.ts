/** Whole builds with volumes of the host's tools: sizes that come out, the same bytes twice, refusals, and ends of every kind. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { FormatError, InterruptedError, IoError, LayoutError } from '../../src/errors.js'
import { makeErofsVolume } from '../../src/host/erofs-volume.js'
import { makePlacedVolume } from '../../src/host/placed-volume.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { emptyTree, type FileTree } from '../../src/tree/file-tree.js'
import { runCommand, startCommand } from '../support/diskloom.js'
import { withMounted } from '../support/loop-mount.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const SECTOR = 512

describeWithTools(
  "a build with the host's tools",
  ['mksquashfs', 'mkfs.erofs', 'mkfs.btrfs', 'mkfs.f2fs', 'sload.f2fs', 'tar', 'losetup', 'mount', 'sha256sum', 'ps'],
  () => {
    const scratch = scratchFolder()
    let count = 0

    const project = (partitions: string): { config: string; out: string; temporary: string } => {
      const folder = join(scratch, `project-${count++}`)
      const temporary = join(folder, 'tmp')
      mkdirSync(join(folder, 'root/etc'), { recursive: true })
      mkdirSync(temporary)
      writeFileSync(join(folder, 'root/etc/fstab'), '# none\n')
      writeFileSync(join(folder, 'root/big'), Buffer.alloc(300_000, 'abc'))
      const config = join(folder, 'board.yaml')
      writeFileSync(
        config,
        `image: disk\nsource_date_epoch: ${TIME.seconds}\noutputs: [raw]\npartitions:\n${partitions}`,
      )
      return { config, out: join(folder, 'out'), temporary }
    }
    /** Folders of a PATH in which one tool is a script. */
    const pathWith = (name: string, script: string): string => {
      const bin = mkdtempSync(join(scratch, 'bin-'))
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
      chmodSync(join(bin, name), 0o755)
      return `${bin}:${process.env.PATH}`
    }
    const loops = (): string[] =>
      tool('losetup', '--noheadings', '--output', 'BACK-FILE')
        .split('\n')
        .filter((line) => line.includes(scratch))

    const SOUND = [
      '  - { name: sq, fs: squashfs/root, options: { compression: zstd, level: 19 } }',
      '  - { name: er, fs: erofs, content: [root, { path: /etc/version, text: "1" }] }',
      '  - { name: sw, fs: swap, size: 1MiB }',
      '  - { name: f2, fs: f2fs/root, size: 128MiB }',
      '  - { name: fa, fs: fat/root, size: 16MiB, engine: host }',
      '  - { name: wide, fs: squashfs/root, size: 2MiB }\n',
    ].join('\n')

    it('lays out what comes out as large as it does, and gives the same bytes twice', async () => {
      const digests: string[] = []
      for (let round = 0; round < 2; round++) {
        const { config, out, temporary } = project(SOUND)
        const { plan } = await build({ config, out, environment: { ...process.env, TMPDIR: temporary } })
        const image = join(out, 'disk/disk')
        digests.push(tool('sha256sum', image).split(' ')[0]!)
        expect(readdirSync(temporary)).toEqual([])
        const [sq, er, , , , wide] = plan.partitions
        expect(sq!.endByte - sq!.startByte).toBe(sq!.volume!.sizeBytes)
        expect(wide!.endByte - wide!.startByte).toBe(2 << 20)
        for (const { startByte, endByte } of [sq!, er!, wide!]) {
          withMounted(image, startByte, endByte - startByte, (mounted) => {
            expect(readFileSync(join(mounted, 'etc/fstab'), 'utf8')).toBe('# none\n')
          })
        }
        const { partitions } = JSON.parse(readFileSync(join(out, 'disk/manifest.json'), 'utf8'))
        expect(partitions[0]).toMatchObject({ options: { engine: 'host' }, volume: { compression: 'zstd' } })
        expect(partitions[0].volume.tool).toMatch(/^mksquashfs \d+\.\d+/)
        expect(partitions[0].payload).toHaveLength(2)
      }
      expect(digests[0]).toBe(digests[1])
    })

    it.each([
      [
        'fs: squashfs/root, size: 8s, options: { compression: none }',
        /the squashfs volume .* takes \d+ bytes .*there are 4096/,
      ],
      ['fs: btrfs/root, size: 50MiB', /its tools take 114294784 bytes \(109 MiB\) and more/],
      ['fs: btrfs/root, size: 15MiB, options: { mixed: true }', /its tools take 16777216 bytes/],
      ['fs: f2fs, size: 8MiB', /its tools take 54525952 bytes \(52 MiB\) and more/],
      ['fs: xfs, size: 299MiB', /its tools take 314572800 bytes \(300 MiB\) and more/],
      ['fs: f2fs/root, size: auto', /Cannot measure f2fs: only its tools know/],
    ])('refuses { %s } before anything is written', async (keys, says) => {
      const { config, out, temporary } = project(`  - { name: a, ${keys} }\n`)
      const failure = build({ config, out, environment: { ...process.env, TMPDIR: temporary } })
      await expect(failure).rejects.toThrow(LayoutError)
      await expect(failure).rejects.toThrow(says)
      expect(readdirSync(temporary)).toEqual([])
      expect(() => readdirSync(out)).toThrow('ENOENT')
    })

    it('tells a tool that fails in its own words, and leaves nothing', async () => {
      const PATH = pathWith('mksquashfs', 'echo "FATAL ERROR: out of luck" >&2; exit 1')
      const { config, out, temporary } = project('  - { name: a, fs: squashfs/root }\n')
      const failure = build({ config, out, environment: { ...process.env, PATH, TMPDIR: temporary } })
      await expect(failure).rejects.toThrow('Cannot make squashfs volume "a": FATAL ERROR: out of luck')
      await expect(failure).rejects.toThrow(IoError)
      expect(readdirSync(temporary)).toEqual([])
    })

    it('lets go when it is interrupted', async () => {
      const { config, out, temporary } = project('  - { name: a, fs: squashfs/root }\n')
      const started = join(temporary, '..', 'started')
      const PATH = pathWith('mksquashfs', `touch ${started}; sleep 60`)
      const abort = new AbortController()
      const environment = { ...process.env, PATH, TMPDIR: temporary }
      const failure = expect(build({ config, out, environment, signal: abort.signal })).rejects.toThrow(
        InterruptedError,
      )
      await until(() => readdirSync(join(temporary, '..')).includes('started'))
      abort.abort()
      await failure
      expect(readdirSync(temporary)).toEqual([])
    })

    it('killed by SIGKILL while a tool packs, the next build removes what it left', async () => {
      const { config, out, temporary } = project('  - { name: a, fs: squashfs/root }\n')
      const PATH = pathWith('mksquashfs', 'sleep 60')
      await killedWhen(
        ['build', config, '--out', out],
        { PATH, TMPDIR: temporary },
        () => readdirSync(temporary).length > 0,
      )
      expect(readdirSync(temporary)).toHaveLength(1)
      expect(runCommand(['build', config, '--out', out], { env: { TMPDIR: temporary } })).toMatchObject({ status: 0 })
      expect(readdirSync(temporary)).toEqual([])
    })

    it.each(['btrfs, size: 128MiB', 'ext4, size: 16MiB, engine: host'])(
      'killed by SIGKILL while %s is mounted, no loop device stays, and the next build leaves no spool',
      async (keys) => {
        const { config, out, temporary } = project(
          `  - { name: a, fs: ${keys}, content: [root, { path: /x, text: y }] }\n`,
        )
        const PATH = pathWith('tar', 'sleep 60')
        await killedWhen(['build', config, '--out', out], { PATH, TMPDIR: temporary }, () => loops().length > 0)
        await until(() => loops().length === 0)
        expect(tool('ps', '-A', '-o', 'args=')).not.toContain(out)
        expect(runCommand(['build', config, '--out', out], { env: { TMPDIR: temporary } })).toMatchObject({ status: 0 })
        expect(readdirSync(temporary)).toEqual([])
        expect(readdirSync(join(out, 'disk')).sort()).toEqual([
          'PartList.cfg',
          'SHA256SUMS',
          'disk',
          'layout.svg',
          'manifest.json',
        ])
        expect(loops()).toEqual([])
      },
    )

    const killedWhen = async (args: string[], env: Record<string, string>, isTime: () => boolean): Promise<void> => {
      const child = startCommand(args, env)
      const ended = new Promise((resolve) => child.on('close', (_code, by) => resolve(by)))
      await until(isTime)
      child.kill('SIGKILL')
      expect(await ended).toBe('SIGKILL')
    }

    const order = (tree: FileTree, missing: readonly string[] = []) => {
      const runner = makeCommandRunner(process.env)
      const locate = (command: string) => (missing.includes(command) ? undefined : runner.locate(command))
      return {
        name: 'a',
        environment: { time: TIME, uuid: '01234567-89ab-4cde-8f01-23456789abcd', offsetBytes: 0, sectorSize: SECTOR },
        tree,
        workFolder: mkdtempSync(join(scratch, 'work-')),
        runner: { ...runner, locate },
        options: {},
      }
    }

    it('names the packages of tools that are missing', async () => {
      const asked = order(emptyTree(TIME), ['mkfs.erofs', 'tar'])
      await expect(makeErofsVolume(asked)).rejects.toMatchObject({
        code: 'IO',
        problems: [
          { message: expect.stringContaining('Cannot run mkfs.erofs'), hint: 'on Debian: apt-get install erofs-utils' },
          { message: expect.stringContaining('Cannot run tar') },
        ],
      })
    })

    it('refuses what a tool would leave out, with all paths', async () => {
      const tree = emptyTree(TIME)
      const common = { mode: 0o644, uid: 0, gid: 0, mtime: TIME }
      const put = (name: string, node: object): void =>
        void tree.children.set(name as never, { ...common, ...node } as never)
      put('null', { type: 'char', major: 1, minor: 3 })
      put('pipe', { type: 'fifo' })
      const sizeBytes = 400 << 20
      const populate = (type: 'btrfs' | 'f2fs' | 'xfs', of = tree) =>
        makePlacedVolume({ ...order(of), type, sizeBytes, method: 'populate' })
      await expect(populate('btrfs')).rejects.toThrow(
        'its tool keeps no device numbers, which are among its content: "null"',
      )
      const large = emptyTree(TIME)
      large.children.set('app' as never, { type: 'symlink', ...common, gid: 65_536, target: 'x' as never })
      await expect(populate('f2fs', large)).rejects.toThrow(
        'keeps no owners above 65535, which are among its content: "app"',
      )
      await expect(populate('f2fs')).rejects.toThrow(
        'keeps no devices and fifos, which are among its content: "null", "pipe"',
      )
      await expect(populate('xfs')).rejects.toThrow(
        'without root and a kernel that mounts xfs, only an empty one is made',
      )
      put('talk', { type: 'socket' })
      await expect(makeErofsVolume(order(tree))).rejects.toThrow(FormatError)
      await expect(makeErofsVolume(order(tree))).rejects.toThrow(
        'its tool keeps no sockets, which are among its content: "talk"',
      )
    })
  },
  { root: true },
)

async function until(isTrue: () => boolean): Promise<void> {
  for (let attempt = 0; !isTrue(); attempt++) {
    if (attempt > 1000) throw new Error('it did not come to that in 20 s')
    await delay(20)
  }
}
