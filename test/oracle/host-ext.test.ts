/** The fallback on host tools: right volumes, and nothing left behind however it ends. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readContent } from '../../src/build/content/read-content.js'
import type { ByteString } from '../../src/bytes/text.js'
import { InterruptedError, IoError, LayoutError } from '../../src/errors.js'
import { extFormat } from '../../src/filesystems/ext4/format.js'
import { type ExtVolumeOrder, makeExtVolume } from '../../src/host/ext-volume.js'
import type { HostVolume } from '../../src/host/host-volume.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { extentEnd } from '../../src/image/extent.js'
import { ArchiveShelf } from '../../src/tree/archive-shelf.js'
import { makeEveryKind } from '../support/every-kind.js'
import { fileDigests, findListing, linkedPaths } from '../support/find-listing.js'
import { withMounted } from '../support/loop-mount.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const MIB = 1 << 20
const SECTOR = 512
/** A partition of the original job that begins between two pages. */
const UNALIGNED_OFFSET = 13_672_447 * SECTOR
const runner = makeCommandRunner(process.env)
const TOOLS = [
  'mke2fs',
  'debugfs',
  'dumpe2fs',
  'e2fsck',
  'losetup',
  'mount',
  'setpriv',
  'unshare',
  'getfattr',
  'python3',
]

const NO_ARCHIVES = { archives: new ArchiveShelf({ workFolder: '/nonexistent', runner }), variable: () => undefined }

async function request(folders: string[], more: Partial<ExtVolumeOrder> = {}): Promise<ExtVolumeOrder> {
  const content = folders.map((path) => ({ kind: 'folder' as const, path, configPath: [] }))
  const reading = await readContent(content, {
    owner: { kind: 'root' },
    holes: 'none',
    xattrs: 'keep',
    runner,
    clampTo: TIME,
    ...NO_ARCHIVES,
  })
  return {
    name: 'program',
    type: 'ext4',
    sizeBytes: 64 * MIB,
    environment: { time: TIME, uuid: '01234567-89ab-4cde-8f01-23456789abcd', offsetBytes: MIB, sectorSize: SECTOR },
    options: {},
    folders,
    tree: reading.tree,
    holes: 'none',
    workFolder: mkdtempSync(join(scratch, 'work-')),
    runner,
    ...more,
  }
}

let scratch: string

/** Materializes over a used medium, so that what the image leaves out shows, and has it checked. */
function checkedFile(volume: HostVolume, name: string): string {
  const path = join(scratch, name)
  materialize(volume.image, path, { unspecified: 0xd1 })
  const check = runTool('e2fsck', ['-fn', path])
  expect(check.stderr.replace(/^e2fsck .*\n/, '') + (check.status === 0 ? '' : check.stdout)).toBe('')
  return path
}

function header(path: string): Record<string, string> {
  const lines = tool('dumpe2fs', '-h', path).split('\n')
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/, 2) as [string, string]).filter((pair) => pair[1]))
}

const loopsOf = (folder: string): string[] =>
  tool('losetup', '--noheadings', '--output', 'BACK-FILE')
    .split('\n')
    .filter((line) => line.includes(folder))

describeWithTools(
  'engine: host',
  TOOLS,
  () => {
    scratch = scratchFolder()
    const folder = join(scratch, 'payload')
    beforeAll(() => makeEveryKind(folder, { privileged: true, xattrs: true }))

    describe.each(['mount', 'populate'] as const)('%s', (method) => {
      it.each(['folder', 'tree'] as const)('puts everything in that the %s has', async (from) => {
        const { folders, ...asked } = await request([folder], { method })
        // No tar holds sockets.
        if (from === 'tree') asked.tree.children.delete('socket' as ByteString)
        const volume = await makeExtVolume(from === 'tree' ? asked : { ...asked, ...(folders && { folders }) })
        const file = checkedFile(volume, `everything.${method}.${from}`)
        const inside = withMounted(file, 0, 64 * MIB, portrait)
        inside.listing.delete('lost+found')
        const expected = portrait(folder)
        if (from === 'tree') expected.listing.delete('socket')
        for (const [path, entry] of expected.listing) {
          const clamped = Number(entry.time) > TIME.seconds ? `${TIME.seconds}.0000000000` : entry.time
          const root = path === '' ? { mode: '755' } : {}
          expected.listing.set(path, { ...entry, uid: 0, gid: 0, time: clamped, ...root })
        }
        expect(inside).toEqual(expected)
        volume.release()
        volume.release()
        expect(loopsOf(scratch)).toEqual([])
      })

      it('keeps owners where they are asked for', async () => {
        const base = await request([folder], { method })
        const { tree } = await readContent(
          base.folders!.map((path) => ({ kind: 'folder', path, configPath: [] })),
          { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none', ...NO_ARCHIVES },
        )
        const volume = await makeExtVolume({ ...base, tree })
        const file = checkedFile(volume, `owners.${method}`)
        const owners = withMounted(file, 0, 64 * MIB, (mounted) =>
          tool('stat', '-c', '%u:%g %a', ...['bin/suid', 'deep/er', 'short link'].map((path) => join(mounted, path))),
        )
        expect(owners).toBe('70000:4000000000 6755\n1234:2345 755\n99:98 777\n')
        volume.release()
      })

      it('lays folders over one another', async () => {
        const upper = join(scratch, `upper.${method}`)
        mkdirSync(join(upper, 'bin'), { recursive: true })
        writeFileSync(join(upper, 'bin/tool'), 'another\n')
        const volume = await makeExtVolume(await request([folder, upper], { method }))
        const file = checkedFile(volume, `layers.${method}`)
        withMounted(file, 0, 64 * MIB, (mounted) => {
          expect(readFileSync(join(mounted, 'bin/tool'), 'utf8')).toBe('another\n')
          expect(existsSync(join(mounted, 'bin/suid'))).toBe(true)
        })
        volume.release()
      })

      it('says so when the volume is full, and leaves nothing', async () => {
        const big = join(scratch, `big.${method}`)
        mkdirSync(big, { recursive: true })
        writeFileSync(join(big, 'file'), Buffer.alloc(12 * MIB, 7))
        const asked = await request([big], { method, sizeBytes: 10 * MIB })
        const failure = makeExtVolume(asked)
        await expect(failure).rejects.toThrow(LayoutError)
        await expect(failure).rejects.toThrow(/^Cannot fill ext4 volume "program": .*its 10485760 bytes are full$/)
        expect(readdirSync(asked.workFolder)).toEqual([])
        expect(loopsOf(scratch)).toEqual([])
      })

      it('notices a payload that changed after it was measured', async () => {
        const changing = join(scratch, `changing.${method}`)
        mkdirSync(changing, { recursive: true })
        writeFileSync(join(changing, 'grows'), 'one')
        writeFileSync(join(changing, 'turns'), 'file')
        const asked = await request([changing], { method })
        writeFileSync(join(changing, 'grows'), 'one and two')
        writeFileSync(join(changing, 'new'), '')
        const failure = makeExtVolume(asked)
        await expect(failure).rejects.toThrow(IoError)
        await expect(failure).rejects.toThrow('"grows" has 11 bytes, 3 were expected, the payload must not change')
        await expect(failure).rejects.toThrow('"new" was not there when the payload was read')
      })
    })

    it('has the geometry of the log, options, label and identifiers, anywhere on the disk', async () => {
      const asked = await request([], { sizeBytes: (13_672_446 - 7_180_800 + 1) * SECTOR })
      const environment = { ...asked.environment, offsetBytes: UNALIGNED_OFFSET }
      const volume = await makeExtVolume({ ...asked, environment, label: 'BACKUP' })
      expect(volume.image.sizeBytes).toBe(asked.sizeBytes)
      expect(volume.facts).toMatchObject({ block_size: 4096, blocks: 811_455, inodes: 203_200, journal_blocks: 16_384 })
      const file = join(scratch, 'backup')
      materialize(volume.image, file)
      expect(header(file)).toMatchObject({
        'Filesystem volume name': 'BACKUP',
        'Filesystem UUID': environment.uuid,
        'Mount count': '0',
        'Last mounted on': '<not available>',
      })
      expect(tool('e2fsck', '-fn', file)).toContain('811455 blocks')
      // Everything is specified: extents without a gap.
      let end = 0
      for (const extent of volume.image.extents) {
        expect(extent.offset).toBe(end)
        end = extentEnd(extent)
      }
      expect(end).toBe(asked.sizeBytes)
      volume.release()
    })

    it('agrees with the native writer in every figure', async () => {
      const sizes = [8 * MIB, 64 * MIB, (7_180_799 - 689_152 + 1) * SECTOR]
      for (const sizeBytes of sizes) {
        for (const type of ['ext2', 'ext4'] as const) {
          const asked = await request([folder], { sizeBytes, type, method: 'mount' })
          const volume = await makeExtVolume(asked)
          const native = extFormat.plan(asked.tree, sizeBytes, { type }, asked.environment)
          expect(volume.facts).toEqual({ ...native.facts, engine: 'host (mount)' })
          volume.release()
        }
      }
    })

    it('gives the same bytes twice where the kernel has no part in it', async () => {
      const digests: string[] = []
      for (const name of ['first', 'second']) {
        const volume = await makeExtVolume(await request([folder], { method: 'populate' }))
        digests.push(tool('sha256sum', checkedFile(volume, name)).split(' ')[0]!)
        volume.release()
      }
      expect(digests[0]).toBe(digests[1])
    })

    it('takes the options of the config', async () => {
      const options = {
        block_size: 2048,
        inode_size: 128,
        inodes: 5000,
        reserved_percent: 2,
        journal_size: 0,
        features: ['^metadata_csum', 'uninit_bg'],
        hash_seed: '11111111-2222-4333-8444-555555555555',
        lost_and_found: false,
      } as const
      for (const method of ['mount', 'populate'] as const) {
        const volume = await makeExtVolume(await request([folder], { options, method }))
        const file = checkedFile(volume, `options.${method}`)
        const found = header(file)
        expect(found).toMatchObject({ 'Block size': '2048', 'Inode size': '128', 'Reserved block count': '655' })
        expect(found['Directory Hash Seed']).toBe(options.hash_seed)
        expect(found['Filesystem features']).not.toContain('has_journal')
        expect(found['Filesystem features']).toContain('uninit_bg')
        expect(Number(found['Inode count'])).toBeGreaterThanOrEqual(5000)
        expect(tool('debugfs', '-R', 'ls /', file)).not.toContain('lost+found')
        volume.release()
      }
    })

    it('builds ext2 and ext3', async () => {
      for (const type of ['ext2', 'ext3'] as const) {
        const volume = await makeExtVolume(await request([folder], { type, method: 'mount' }))
        const features = header(checkedFile(volume, type))['Filesystem features']!
        expect(features.includes('has_journal')).toBe(type === 'ext3')
        expect(features).not.toContain('extent')
        volume.release()
      }
    })

    it('tells a copy that fails in the words of the tool', async () => {
      const asked = await request([folder], {
        method: 'mount',
        runner: withFakeCopy('echo "cp: out of luck" >&2; exit 1'),
      })
      await expect(makeExtVolume(asked)).rejects.toThrow('Cannot fill ext4 volume "program": cp: out of luck')
      expect(readdirSync(asked.workFolder)).toEqual([])
      expect(loopsOf(scratch)).toEqual([])
    })

    it('lets everything go on an abort in the middle of the copy', async () => {
      const abort = new AbortController()
      const asked = await request([folder], {
        method: 'mount',
        runner: withFakeCopy('sleep 60'),
        signal: abort.signal,
      })
      const failure = expect(makeExtVolume(asked)).rejects.toThrow(InterruptedError)
      while (loopsOf(scratch).length === 0) await delay(5)
      abort.abort()
      await failure
      expect(readdirSync(asked.workFolder)).toEqual([])
      expect(loopsOf(scratch)).toEqual([])
    })

    it.each(['SIGTERM', 'SIGKILL'] as const)(
      'lets loop device and mount go when %s ends the process',
      async (signal) => {
        const asked = await request([], { method: 'mount' })
        const { runner: _, tree: __, ...plain } = asked
        const program = `
        import { makeCommandRunner } from ${JSON.stringify(compiled('host/run-command.js'))}
        import { makeExtVolume } from ${JSON.stringify(compiled('host/ext-volume.js'))}
        import { emptyTree } from ${JSON.stringify(compiled('tree/file-tree.js'))}
        const runner = makeCommandRunner({ ...process.env, PATH: ${JSON.stringify(fakeCopyPath('sleep 60'))} })
        const folders = [${JSON.stringify(folder)}]
        await makeExtVolume({ ...${JSON.stringify(plain)}, folders, runner, tree: emptyTree({ seconds: 1, nanoseconds: 0 }) })`
        const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
        const ended = new Promise((resolve) => child.on('close', (_code, by) => resolve(by)))
        while (loopsOf(scratch).length === 0 && child.exitCode === null) await delay(5)
        child.kill(signal)
        expect(await ended).toBe(signal)
        for (let attempt = 0; loopsOf(scratch).length > 0 && attempt < 100; attempt++) await delay(20)
        expect(loopsOf(scratch)).toEqual([])
        expect(tool('ps', '-A', '-o', 'args=').includes(asked.workFolder)).toBe(false)
      },
    )

    it('runs without root by mke2fs -d', async () => {
      const plain = join(scratch, 'plain')
      mkdirSync(plain)
      writeFileSync(join(plain, 'file'), 'content\n')
      const { runner: _, tree: __, ...asked } = await request([], {})
      for (const path of [scratch, asked.workFolder, plain]) chmodSync(path, 0o777)
      const program = `
        import { makeCommandRunner } from ${JSON.stringify(compiled('host/run-command.js'))}
        import { makeExtVolume } from ${JSON.stringify(compiled('host/ext-volume.js'))}
        import { readContent } from ${JSON.stringify(compiled('build/content/read-content.js'))}
        const runner = makeCommandRunner(process.env)
        const content = [{ kind: 'folder', path: ${JSON.stringify(plain)}, configPath: [] }]
        const { tree } = await readContent(content, { owner: { kind: 'root' }, holes: 'none', xattrs: 'auto', runner })
        const volume = await makeExtVolume({ ...${JSON.stringify(asked)}, folders: [${JSON.stringify(plain)}], tree, runner })
        console.log(volume.facts.engine, volume.image.extents.find((e) => e.source.kind === 'file').source.file.path)`
      const result = runTool('setpriv', [
        ...['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all'],
        ...[process.execPath, '--input-type=module', '-e', program],
      ])
      expect(result.stderr).toBe('')
      const [, engine, spool] = /^(host \(populate\)) (.*)\n$/.exec(result.stdout) ?? []
      expect(engine).toBe('host (populate)')
      expect(tool('e2fsck', '-fn', `${spool}?offset=${MIB}`)).toContain('12/16384 files')
      expect(tool('debugfs', '-R', 'stat file', `${spool}?offset=${MIB}`)).toMatch(/User: +0 +Group: +0 /)
    })
  },
  { root: true },
)

it('names the packages of all missing tools', async () => {
  const empty = makeCommandRunner({ PATH: '/nonexistent' })
  const missing = { locate: () => undefined, run: empty.run }
  const asked = { ...(await withoutContent()), runner: missing, method: 'populate' as const }
  await expect(makeExtVolume(asked)).rejects.toMatchObject({
    code: 'IO',
    problems: [
      {
        message: expect.stringContaining('Cannot run mke2fs: it is not installed'),
        hint: expect.stringContaining('e2fsprogs'),
      },
      { message: expect.stringContaining('Cannot run debugfs') },
      { message: expect.stringContaining('Cannot run dumpe2fs') },
      { message: expect.stringContaining('Cannot run cp'), hint: 'on Debian: apt-get install coreutils' },
    ],
  })
})

async function withoutContent(): Promise<ExtVolumeOrder> {
  scratch = scratchFolder()
  return request([])
}

const DEVICE_NUMBERS = 'cd "$1" && find . "(" -type c -o -type b ")" -exec stat -c "%n %F %Hr:%Lr" {} +'

/** Everything that can be seen of a folder from outside. */
function portrait(folder: string) {
  const attributes = tool('sh', '-c', 'cd "$1" && getfattr -Rhd -m - -e hex .', 'sh', folder)
  return {
    listing: findListing(folder),
    digests: fileDigests(folder),
    links: linkedPaths(folder),
    devices: tool('sh', '-c', DEVICE_NUMBERS, 'sh', folder).split('\n').sort(),
    attributes: attributes.split('\n\n').filter(Boolean).sort(),
  }
}

const compiled = (path: string): string => pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', path)).href

/** A PATH on which `cp` is a shell script of ours. */
function fakeCopyPath(script: string): string {
  const bin = mkdtempSync(join(scratch, 'bin-'))
  writeFileSync(join(bin, 'cp'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, 'cp'), 0o755)
  return `${bin}:${process.env.PATH}`
}

const withFakeCopy = (script: string) => makeCommandRunner({ ...process.env, PATH: fakeCopyPath(script) })
