/** Commands that look into an image which others made: sfdisk its table, the kernel and mtools its files. They say what is in it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { READABLE_TITLES } from '../../src/filesystems/registry.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { readFolder } from '../../src/tree/folder.js'
import { makeEveryKind } from '../support/every-kind.js'
import { findListing } from '../support/find-listing.js'
import { makeForeignImage, ROOT } from '../support/foreign-image.js'
import { withMounted } from '../support/loop-mount.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { cli, cliJson, runCli } from '../support/run-cli.js'
import { portrait } from '../support/tree-portrait.js'

const MIB = 1 << 20
const READ = { owner: { kind: 'keep' }, holes: 'host', xattrs: 'keep', runner: makeCommandRunner(process.env) } as const

describeWithTools(
  'looking into an image',
  ['sfdisk', 'mkfs.fat', 'mmd', 'mcopy', 'mke2fs', 'debugfs', 'cp', 'tar', 'setpriv', 'setfattr', 'xz', 'find'],
  () => {
    const scratch = scratchFolder()
    const image = join(scratch, 'sd: a.img')
    const payload = join(scratch, 'payload')
    const root = `${image}:root:a:`
    beforeAll(() => {
      mkdirSync(join(payload, 'boot/extlinux'), { recursive: true })
      writeFileSync(join(payload, 'boot/extlinux/extlinux.conf'), 'default linux\n')
      makeEveryKind(payload, { privileged: true, xattrs: true })
      makeForeignImage(image, payload, scratch)
    })

    it('inspect tells the table, the volumes and what boots', async () => {
      const [result] = await cliJson('inspect', image)
      expect(result).toMatchObject({
        event: 'result',
        container: 'raw',
        sizeBytes: 64 * MIB,
        table: { kind: 'gpt', id: '0fc63daf-8483-4772-8e79-3d69d8477de4', sectorSize: 512, copy: 'primary' },
        gaps: [
          { startByte: 0, endByte: MIB },
          { startByte: 61 * MIB, endByte: 124_993 * 512 },
          { startByte: 124_993 * 512 + MIB, endByte: 64 * MIB },
        ],
        boots: [
          { by: 'UEFI', what: '/EFI/BOOT/BOOTX64.EFI', partition: 1 },
          { by: 'Raspberry Pi boot ROM', what: '/bootcode.bin', partition: 1 },
          { by: 'U-Boot', what: '/boot/extlinux/extlinux.conf', partition: 2 },
        ],
        warnings: [
          {
            finding: 'alignment',
            message: expect.stringMatching(/partition 3 "odd" begins at byte 63996416, which is no multiple of 4096/),
          },
        ],
      })
      const [boot, rootfs, odd] = result!.partitions as Record<string, unknown>[]
      const said = dumpe2fs(image)
      expect(rootfs).toMatchObject({
        number: 2,
        name: 'root:a',
        startByte: ROOT.offset,
        sizeBytes: ROOT.length,
        alignmentBytes: MIB,
        type: { name: 'root-arm64' },
        bootable: true,
        attributes: '0x4',
        format: 'ext4',
        label: 'rootfs',
        volumeUuid: said['Filesystem UUID'],
        volume: {
          state: 'clean',
          freeInodes: Number(said['Free inodes']),
          freeBytes: Number(said['Free blocks']) * Number(said['Block size']),
          facts: { block_size: Number(said['Block size']), features: said['Filesystem features']!.split(' ') },
        },
      })
      expect(boot).toMatchObject({ name: 'boot', type: { name: 'esp' }, uuid: '11111111-2222-4333-8444-555555555555' })
      expect(odd).toMatchObject({ format: 'zeros' })
    })

    it('inspect reads as text, at 80 columns', async () => {
      const { stdout, stderr } = await runCli('inspect', image)
      expect(stdout).toContain('64 MiB, 131072 sectors of 512 bytes, GPT\ndisk uuid 0fc63daf')
      expect(stdout).toContain('2 root:a: ext4, "rootfs"')
      expect(
        stdout
          .split('\n')
          .slice(2)
          .filter((line) => line.length > 80),
      ).toEqual([])
      expect(stderr).toContain('no multiple of 4096')
    })

    it('ls -R tells what find tells of the mounted volume', async () => {
      const listed = (await cliJson('ls', '-R', `${root}/`)).map(({ event: _, ...entry }) => entry)
      const mounted = withMounted(image, ROOT.offset, ROOT.length, findListing)
      const entries = [...mounted].filter(([path]) => path !== '')
      expect(listed).toHaveLength(entries.length)
      const byPath = new Map(listed.map((entry) => [entry.path, entry]))
      for (const [path, { type, mode, uid, gid, size, target, time }] of entries) {
        const shown = `/${displayed(path)}`
        expect(byPath.get(shown), shown).toMatchObject({
          type,
          mode: `0${mode.padStart(3, '0')}`,
          uid,
          gid,
          ...(size !== undefined && { sizeBytes: size }),
          ...(target !== undefined && { target: displayed(target) }),
          mtime: rfc3339(time),
        })
      }
    })

    it('ls lists names, and with -l what ls(1) shows', async () => {
      expect(await cli('ls', `${root}/deep/er`)).toBe('est\nsame tool\n')
      expect(await cli('ls', '-l', `${root}/console`)).toMatch(/^crw-r--r-- +0 +0 +5,1 +20\S+Z +\/console\n$/)
      expect(await cli('ls', '-l', `${root}/short link`)).toContain('2001-09-09T01:46:40Z  /short link -> bin/tool')
    })

    it('tree draws everything below a folder', async () => {
      const text = await cli('tree', `${root}/deep`)
      expect(text).toBe(
        '/deep\n├── dangling -> ../nowhere\n└── er\n    ├── est\n    │   └── of all\n    └── same tool\n\n5 entries, 3 of them folders\n',
      )
    })

    it('cat gives the bytes that debugfs gives, from the volume of a name, a number or a label', async () => {
      const volume = join(scratch, 'root.ext4')
      tool('dd', `if=${image}`, `of=${volume}`, 'bs=1M', 'skip=21', 'count=40', 'status=none')
      for (const place of ['root:a', '2', 'rootfs']) {
        expect(await cli('cat', `${image}:${place}:/bin/tool`)).toBe(tool('debugfs', '-R', 'cat /bin/tool', volume))
      }
      expect(await cli('cat', `${image}:boot:/config.txt`)).toBe('arm_64bit=1\n')
      const odd = displayed('odd \xff\xfe\n\\"name')
      expect(await cli('cat', `${root}/${odd}`)).toBe('odd\n')
    })

    it('stat tells attributes and what the format adds', async () => {
      const [stat] = await cliJson('stat', `${root}/bin/tool`)
      expect(stat).toMatchObject({
        path: '/bin/tool',
        type: 'file',
        mode: '0755',
        mtime: '2009-02-13T23:31:30.123456789Z',
        xattrs: { 'user.note': Buffer.from('a value').toString('hex'), 'user.binary': '00ff80c30a' },
        volume: 'ext4',
        details: { links: 3 },
      })
      const [sparse] = await cliJson('stat', `${root}/sparse`)
      expect(sparse).toMatchObject({ sizeBytes: 3 * MIB, holeBytes: 3 * MIB - 1024 })
      expect(await cli('stat', `${root}/bin/suid`)).toContain('mode          06755 -rwsr-sr-x\n')
    })

    it('extract as root makes what the kernel shows', async () => {
      const target = join(scratch, 'extracted')
      mkdirSync(target)
      await cli('extract', `${root}/`, '--out', target)
      const mounted = withMounted(image, ROOT.offset, ROOT.length, findListing)
      mounted.delete('socket')
      expect(roundTimes(findListing(target))).toEqual(roundTimes(mounted))
      const back = portrait((await readFolder(target, READ)).tree, { xattrs: true, wholeSeconds: true })
      const given = portrait((await readFolder(payload, READ)).tree, {
        xattrs: true,
        wholeSeconds: true,
        skip: ['socket'],
      })
      back.delete('lost+found')
      expect(back).toEqual(given)
      expect(statSync(join(target, 'sparse')).blocks).toBeLessThan(20)
    })

    it('extract --tar keeps everything, also without root', async () => {
      const tar = join(scratch, 'root.tar')
      tool('chmod', '777', scratch)
      asNobody('extract', `${root}/`, '--tar', tar)
      const target = join(scratch, 'untarred')
      mkdirSync(target)
      tool('tar', '-xpf', tar, '-C', target, '--numeric-owner', '--xattrs', '--xattrs-include=*')
      const back = portrait((await readFolder(target, READ)).tree, { xattrs: true })
      const given = portrait((await readFolder(payload, READ)).tree, { xattrs: true, skip: ['socket'] })
      back.delete('lost+found')
      expect(back).toEqual(given)
    })

    it('extract --tar - writes the same to standard output', async () => {
      await cli('extract', `${root}/deep`, '--tar', join(scratch, 'deep.tar'))
      expect(await cli('extract', `${root}/deep`, '--tar', '-')).toBe(readFileSync(join(scratch, 'deep.tar'), 'utf8'))
    })

    it('extract without root keeps modes and times, and tells what it cannot keep', () => {
      const target = join(scratch, 'by nobody')
      const { stdout, stderr } = asNobody('extract', `${root}/`, '--out', target)
      expect(stdout).toMatch(/by nobody: \d+ entries/)
      for (const note of [
        /owners of \d+ entries/,
        /setuid and setgid bits of 1 entry/,
        /2 devices were not made/,
        /1 socket/,
        /extended attributes of \d+ entr/,
      ]) {
        expect(stderr).toMatch(note)
      }
      expect(lstatSync(join(target, 'bin/tool')).mode & 0o7777).toBe(0o755)
      expect(lstatSync(join(target, 'bin/suid')).mode & 0o7777).toBe(0o755)
      expect(lstatSync(join(target, 'bin/tool')).mtimeMs).toBeCloseTo(1_234_567_890_123.456, 2)
      expect(lstatSync(join(target, 'bin')).mtimeMs).toBe(1_500_000_000_000)
      expect(tool('getfattr', '--only-values', '-n', 'user.note', join(target, 'bin/tool'))).toBe('a value')
      expect(existsSync(join(target, 'console'))).toBe(false)
    })

    it('extract of one file keeps its name, and of a partition its bytes', async () => {
      const folder = join(scratch, 'into')
      mkdirSync(folder)
      await cli('extract', `${image}:boot:/config.txt`, '--out', folder)
      expect(readFileSync(join(folder, 'config.txt'), 'utf8')).toBe('arm_64bit=1\n')
      await cli('extract', `${image}:2`, '--out', join(folder, 'root.ext4'))
      tool('cmp', join(folder, 'root.ext4'), join(scratch, 'root.ext4'))
      expect(statSync(join(folder, 'root.ext4')).blocks).toBeLessThan(30 * 2048)
      expect(readdirSync(folder).sort()).toEqual(['config.txt', 'root.ext4'])
    })

    it('extract touches nothing that is there already', async () => {
      const outside = join(scratch, 'outside')
      mkdirSync(outside)
      const target = join(scratch, 'trap')
      mkdirSync(target)
      symlinkSync(outside, join(target, 'bin'))
      const full = await runCli('extract', `${root}/`, '--out', target)
      expect(full.stderr).toContain('the folder is not empty, a new name or an empty folder is accepted')
      symlinkSync(outside, join(scratch, 'link'))
      const linked = await runCli('extract', `${root}/`, '--out', join(scratch, 'link'))
      expect([full.status, linked.status]).toEqual([6, 6])
      expect(readdirSync(outside)).toEqual([])
    })

    it('the same through a compressed image, and a folder of a build', async () => {
      const packed = join(scratch, 'sd.img.xz')
      writeFileSync(packed, runToolBytes('xz', ['-0', '-T0', '-c', image]))
      const [inspection] = await cliJson('inspect', packed)
      expect(inspection).toMatchObject({ container: 'xz of raw', sizeBytes: 64 * MIB })
      expect(await cli('cat', `${packed}:2:/bin/tool`)).toBe('#!/bin/sh\necho tool\n')
      rmSync(packed)
    })

    describe('refuses', () => {
      it.each([
        [['ls', '%:7:/'], 2, 'Cannot find partition "7" of "%:7:/": there are 1 "boot", 2 "root:a", 3 "odd"'],
        [['ls', '%.missing'], 6, 'Cannot open "%.missing": there is no such image'],
        [
          ['ls', '%'],
          2,
          'Cannot tell which partition of "%" is meant: there are 1 "boot", 2 "root:a", 3 "odd", one of them is accepted',
        ],
        [
          ['ls', '%:2:/nowhere'],
          2,
          'Cannot find "/nowhere" in partition 2 "root:a" of %: there is nothing of that name',
        ],
        [
          ['ls', '%:2:/short link/x'],
          2,
          'Cannot find "/bin/tool" in partition 2 "root:a" of %: it is a file, a folder is expected',
        ],
        [
          ['ls', '%:2:/bin/tool/x'],
          2,
          'Cannot find "/bin/tool" in partition 2 "root:a" of %: it is a file, a folder is expected',
        ],
        [['ls', '%:2:/../x'], 2, 'Cannot use path "/../x" of "%:2:/../x": ".." is not accepted'],
        [
          ['ls', '%:odd:/'],
          5,
          `Cannot read files of partition 3 "odd" of %: it holds zeros; volumes of ${READABLE_TITLES} can be read`,
        ],
        [
          ['cat', '%:2:/bin'],
          2,
          'Cannot write "/bin" of partition 2 "root:a" of %: it is a directory, a file is accepted',
        ],
        [['inspect', '%:2'], 2, 'Cannot inspect "%:2": a whole image is accepted, without a partition or path'],
        [
          ['extract', '%:2:/bin/tool', '--tar', '-'],
          2,
          'Cannot write "/bin/tool" as a tar: it is a file, a folder is accepted',
        ],
        [
          ['extract', '%:2:/bin', '--tar', '-', '--json'],
          2,
          'Cannot write --json and --tar - both to standard output: one of them is accepted',
        ],
      ])('%j', async (args, status, message) => {
        const result = await runCli(...args.map((arg) => arg.replace('%', image)))
        const [said, other] = args.includes('--json') ? [result.stdout, result.stderr] : [result.stderr, result.stdout]
        expect(said).toContain(message.replaceAll('%', image))
        expect(other).toBe('')
        expect(result.status).toBe(status)
      })
    })

    function asNobody(...args: string[]): { stdout: string; stderr: string } {
      const main = join(import.meta.dirname, '../../dist/cli/main.js')
      const result = runTool('setpriv', [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        main,
        ...args,
      ])
      expect(result.stderr + result.stdout + result.status).toMatch(/0$/)
      return result
    }
  },
  { root: true },
)

function dumpe2fs(image: string): Record<string, string> {
  const text = tool('dumpe2fs', '-h', `${image}?offset=${ROOT.offset}`)
  return Object.fromEntries(text.split('\n').map((line) => line.split(/: +/, 2) as [string, string]))
}

function runToolBytes(name: string, args: string[]): Buffer {
  return Buffer.from(tool('sh', '-c', '"$@" | base64 -w0', 'sh', name, ...args), 'base64')
}

/** To milliseconds: what Node can set before 1970. */
function roundTimes(listing: ReturnType<typeof findListing>): Map<string, object> {
  return new Map(
    [...listing].map(([path, entry]) => [path, { ...entry, time: Math.floor(Number(entry.time) * 1e3 + 1e-3) }]),
  )
}

/** As messages show names: controls and bytes that are no UTF-8 as \xNN. */
function displayed(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  const text = bytes.toString('utf8')
  const isUtf8 = Buffer.from(text).equals(bytes)
  const hex = (c: string): string => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`
  return (isUtf8 ? text : latin1.replace(/[\x80-\xff]/g, hex)).replace(/[\x00-\x1f\x7f]/g, hex)
}

/** find's `%T@`: seconds rounded down, a point, ten digits. */
function rfc3339(time: string): string {
  const [seconds, fraction] = time.split('.') as [string, string]
  const digits = fraction.slice(0, 9).replace(/0+$/, '')
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', digits === '' ? 'Z' : `.${digits}Z`)
}
