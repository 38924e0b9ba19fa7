/** `diff` of images and configs: what diff(1), cmp and the kernel find in the mounted volumes, and nothing where nothing differs. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DiskDifferences } from '../../src/inspect/diff/differences.js'
import { makeEveryKind } from '../support/every-kind.js'
import { BOOT, makeForeignImage, ROOT } from '../support/foreign-image.js'
import { withMounted } from '../support/loop-mount.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { cli, runCli } from '../support/run-cli.js'

describeWithTools(
  'diff',
  [
    'sfdisk',
    'mkfs.fat',
    'mmd',
    'mcopy',
    'mke2fs',
    'cp',
    'sgdisk',
    'diff',
    'cmp',
    'patch',
    'setfattr',
    'mknod',
    'chown',
  ],
  () => {
    const scratch = scratchFolder()
    const [before, after] = [join(scratch, 'before.img'), join(scratch, 'after.img')]
    const payload = join(scratch, 'payload')
    const at = (path: string): string => join(payload, path)
    let found: DiskDifferences
    beforeAll(async () => {
      makeEveryKind(payload, { privileged: true, xattrs: true })
      mkdirSync(at('etc'))
      writeFileSync(at('etc/fstab'), 'one\ntwo\nthree\n')
      writeFileSync(at('etc/gone'), 'gone\n')
      writeFileSync(at('etc/binary'), Buffer.alloc(100_000, 1))
      tool('sh', '-c', 'exec touch -h -d @1500000000 "$1/etc"/* "$1/etc"', 'sh', payload)
      mkdirSync(join(scratch, 'a'))
      makeForeignImage(before, payload, join(scratch, 'a'))

      writeFileSync(at('etc/fstab'), 'one\n2\nthree\n')
      rmSync(at('etc/gone'))
      const binary = Buffer.alloc(100_000, 1)
      binary[70_001] = 9
      writeFileSync(at('etc/binary'), binary)
      writeFileSync(at('etc/new'), 'new\n')
      chmodSync(at('bin/tool'), 0o700)
      tool('chown', '7:8', at('nothing'))
      tool('setfattr', '-n', 'user.note', '-v', 'other', at('bin/tool'))
      rmSync(at('console'))
      tool('mknod', at('console'), 'c', '5', '2')
      rmSync(at('fifo'))
      writeFileSync(at('fifo'), '')
      mkdirSync(join(scratch, 'b'))
      makeForeignImage(after, payload, join(scratch, 'b'))
      tool('sgdisk', '-c', '3:strange', after)
      found = JSON.parse((await runCli('diff', before, after, '--json')).stdout) as DiskDifferences
    })

    it('finds the files that diff -r finds in the mounted volumes', () => {
      const listed = withMounted(before, ROOT.offset, ROOT.length, (a) =>
        withMounted(after, ROOT.offset, ROOT.length, (b) => {
          const { stdout } = runTool('diff', ['-rq', '--no-dereference', a, b])
          return stdout
            .trimEnd()
            .split('\n')
            .map((line) => line.replaceAll(a, 'A').replaceAll(b, 'B'))
        }),
      )
      const files = found.partitions.find(({ a }) => a?.number === 2)!.files
      const byContent = files.filter(
        ({ kind, fields }) => kind !== 'changed' || fields.some(({ field }) => /sha256|^type$|device/.test(field)),
      )
      expect(byContent.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
        'added /etc/new',
        'changed /console',
        'changed /etc/binary',
        'changed /etc/fstab',
        'changed /fifo',
        'removed /etc/gone',
      ])
      // Of each of these diff(1) has a line too: it tells of types and contents.
      for (const name of ['new', 'console', 'binary', 'fstab', 'fifo', 'gone']) {
        expect(
          listed.filter((line) => line.includes(name)),
          name,
        ).toHaveLength(1)
      }
      // It has one of every special file, too, whatever their numbers.
      expect(listed.filter((line) => !/socket|big numbers/.test(line))).toHaveLength(6)
    })

    it('tells what of each is other, and the byte that cmp tells', () => {
      const files = new Map(found.partitions.find(({ a }) => a?.number === 2)!.files.map((file) => [file.path, file]))
      const changes = (path: string) => files.get(path)?.fields.filter(({ field }) => field !== 'mtime')
      expect(changes('/bin/tool')).toEqual([
        { field: 'mode', a: '0755', b: '0700' },
        { field: 'user.note', a: hex('a value'), b: hex('other') },
      ])
      expect(changes('/nothing')).toEqual([
        { field: 'uid', a: 0, b: 7 },
        { field: 'gid', a: 0, b: 8 },
      ])
      expect(changes('/console')).toEqual([{ field: 'device', a: '5:1', b: '5:2' }])
      expect(changes('/fifo')).toEqual([{ field: 'type', a: 'fifo', b: 'file' }])
      expect(files.get('/etc/binary')?.firstDifferentByte).toBe(70_001)
      const sums = changes('/etc/binary')!.find(({ field }) => field === 'sha256')!
      expect(sums.b).toBe(tool('sha256sum', at('etc/binary')).split(' ')[0])
      expect(changes('/etc/new')).toEqual(expect.arrayContaining([{ field: 'size', b: 4 }]))
    })

    it('tells a name in the table, and nothing of FAT, which is the same', () => {
      expect(found.partitions.find(({ a }) => a?.number === 3)).toMatchObject({
        a: { name: 'odd' },
        b: { name: 'strange' },
        fields: [{ field: 'name', a: 'odd', b: 'strange' }],
      })
      const boot = found.partitions.find(({ a }) => a?.number === 1)
      expect(boot?.files.filter(({ fields }) => fields.some(({ field }) => field !== 'mtime')) ?? []).toEqual([])
      expect(found.disk).toEqual([])
      expect(found.outside).toEqual([])
    })

    it('ends with 0 where nothing differs, with 1 where something does, with 2 and more on trouble', async () => {
      expect(await runCli('diff', before, before)).toEqual({
        status: 0,
        stdout: `the same: ${before} and ${before}\n`,
        stderr: '',
      })
      const { status, stderr } = await runCli('diff', before, after)
      expect([status, stderr]).toEqual([1, ''])
      expect((await runCli('diff', before, join(scratch, 'nowhere'))).status).toBe(6)
      const wrong = await runCli('diff', before, after, '--ignore', 'tims')
      expect([wrong.status, wrong.stderr]).toEqual([
        2,
        expect.stringContaining('Cannot ignore "tims": accepted are times, uuids'),
      ])
    })

    it('leaves out what is ignored', async () => {
      const copy = join(scratch, 'copy.img')
      copyFileSync(before, copy)
      tool('sgdisk', '-G', copy)
      runTool('debugfs', [
        '-w',
        '-R',
        'set_inode_field /bin/tool mtime 20200101000000',
        `${copy}?offset=${ROOT.offset}`,
      ])
      expect((await runCli('diff', before, copy)).status).toBe(1)
      expect(await cli('diff', before, copy, '--ignore', 'uuids,times')).toBe(`the same: ${before} and ${copy}\n`)
    })

    it('--text writes a diff that patch applies', async () => {
      const { stdout } = await runCli('diff', before, after, '--text', '--json')
      const { partitions } = JSON.parse(stdout) as DiskDifferences
      const file = partitions.flatMap(({ files }) => files).find(({ path }) => path === '/etc/fstab')!
      expect(file.text).toContain('@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n')
      const folder = join(scratch, 'patched')
      mkdirSync(join(folder, 'etc'), { recursive: true })
      writeFileSync(join(folder, 'etc/fstab'), 'one\ntwo\nthree\n')
      expect(runTool('patch', ['-p1'], { input: file.text!, cwd: folder }).status).toBe(0)
      expect(readFileSync(join(folder, 'etc/fstab'), 'utf8')).toBe('one\n2\nthree\n')
    })

    it('finds what stands outside all partitions, and what no reader knows', async () => {
      const copy = join(scratch, 'copy.img')
      copyFileSync(before, copy)
      const write = (offset: number): void => {
        tool('sh', '-c', 'printf X | dd of="$1" bs=1 seek="$2" conv=notrunc status=none', 'sh', copy, String(offset))
      }
      write(100)
      write(900_000)
      write(124_993 * 512 + 4321)
      const { stdout } = await runCli('diff', before, copy, '--json')
      const { outside, partitions } = JSON.parse(stdout) as DiskDifferences
      expect(outside.map(({ firstDifferentByte }) => firstDifferentByte)).toEqual([100, 900_000])
      expect(partitions).toMatchObject([{ a: { number: 3 }, firstDifferentByte: 4321 }])
      expect(BOOT.offset).toBeGreaterThan(900_000)
    })

    describe('as text', () => {
      it('is short', async () => {
        const { stdout } = await runCli('diff', before, after, '--ignore', 'times,uuids,figures')
        expect(stdout).toContain(`--- ${before}\n+++ ${after}\n`)
        expect(stdout).toContain('\npartition 3 "odd" → 3 "strange"\n  name odd → strange\n')
        expect(stdout).toContain('\n  + /etc/new (file, 4 bytes)\n')
        expect(stdout).toContain('\n  - /etc/gone (file, 5 bytes)\n')
        expect(stdout).toContain('\n  ! /nothing: uid 0 → 7, gid 0 → 8\n')
      })

      it('--markdown is a summary with tables', async () => {
        const { stdout, status } = await runCli(
          'diff',
          before,
          after,
          '--ignore',
          'times,uuids,figures',
          '--text',
          '--markdown',
        )
        expect(status).toBe(1)
        expect(stdout).toContain('2 partitions, 1 files added, 1 removed, 8 changed.')
        expect(stdout).toContain('| added | `/etc/new` | (file, 4 bytes) |')
        expect(stdout).toContain('```diff\n--- a/etc/fstab\n')
      })
    })
  },
  { root: true },
)

const hex = (text: string): string => `0x${Buffer.from(text).toString('hex')}`
