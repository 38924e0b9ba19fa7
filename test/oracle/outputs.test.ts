/** All outputs of one build, each turned back by the tool of its format. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import type { BuildResult } from '../../src/build.js'
import type { OutputInput } from '../../src/config/schema/output.js'
import { importPackage, runCommand } from '../support/diskloom.js'
import { withLoopDevice } from '../support/loop-device.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { assertSameSparse, copyRange } from '../support/sparse.js'

const MIB = 2 ** 20
const USED = 0xd1
const NAME = 'board.img'
const folder = scratchFolder()
const config = join(folder, 'board.yaml')

const CONFIG = `
image: ${NAME}
size: 112MiB
source_date_epoch: 1767225600
partitions:
  - { name: spl, in_table: false, start: 64s, fs: spl.bin }
  - { name: boot, start: 1MiB, size: 40MiB, fs: fat32/boot, type: esp }
  - { name: root fs, size: 24MiB, fs: ext4/root }
  - { name: kernel, size: 8MiB, fs: kernel.bin }
  - { name: data, size: rest, fs: ext4 }
bundle: { meta: true, readme: true, include: [spl.bin] }
outputs:
  - raw
  - zip
  - gz
  - { format: xz, level: 1 }
  - { format: zst, level: 1 }
  - bmap
  - android-sparse
  - { format: android-sparse, split: 1MiB, name: parts.simg }
  - qcow2
  - vmdk
  - vdi
  - vhdx
  - split
`

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = length
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

let result: BuildResult
let results: string
let raw: string
const at = (name: string): string => join(results, name)

async function buildInto(out: string, outputs?: OutputInput[]): Promise<BuildResult> {
  const { build } = await importPackage()
  return build({ config, out, outputs, environment: { PATH: process.env.PATH } })
}

beforeAll(async () => {
  mkdirSync(join(folder, 'boot/dir'), { recursive: true })
  mkdirSync(join(folder, 'root/etc'), { recursive: true })
  writeFileSync(join(folder, 'boot/dir/file.txt'), 'text\n')
  writeFileSync(join(folder, 'boot/Image'), noise(2 * MIB))
  writeFileSync(join(folder, 'root/etc/hostname'), 'board\n')
  writeFileSync(join(folder, 'root/app'), noise(5 * MIB))
  writeFileSync(join(folder, 'spl.bin'), noise(70_000))
  writeFileSync(join(folder, 'kernel.bin'), noise(2_000_001))
  writeFileSync(config, CONFIG)
  result = await buildInto(join(folder, 'out'))
  results = result.folder
  raw = at(NAME)
})

const TOOLS = ['unzip', 'gzip', 'xz', 'zstd', 'bmaptool', 'simg2img', 'qemu-img', 'sha256sum', 'sgdisk']

describeWithTools('the outputs of one build', TOOLS, () => {
  const back = (name: string): string => join(folder, `back-${name}`)

  it('unpack to the raw image', () => {
    for (const [name, command] of [
      [`${NAME}.zip`, `unzip -p ${at(`${NAME}.zip`)} ${NAME}`],
      [`${NAME}.gz`, `gzip -dc ${at(`${NAME}.gz`)}`],
      [`${NAME}.xz`, `xz -dc ${at(`${NAME}.xz`)}`],
      [`${NAME}.zst`, `zstd -dcq ${at(`${NAME}.zst`)}`],
    ] as const) {
      expect([name, runTool('sh', ['-c', `${command} | cmp - ${raw}`])]).toMatchObject([name, { status: 0 }])
    }
  })

  it('convert to the raw image', () => {
    for (const format of ['qcow2', 'vmdk', 'vdi', 'vhdx'] as const) {
      tool('qemu-img', 'convert', '-f', format, '-O', 'raw', at(`${NAME}.${format}`), back(format))
      assertSameSparse(back(format), raw)
    }
    tool('simg2img', at(`${NAME}.simg`), back('simg'))
    const parts = readdirSync(results).filter((name) => name.startsWith('parts.simg.'))
    expect(parts.length).toBeGreaterThan(5)
    const inOrder = parts.map((_, index) => at(`parts.simg.${index}`))
    for (const part of inOrder) expect(statSync(part).size).toBeLessThanOrEqual(MIB)
    tool('simg2img', ...inOrder, back('parts'))
    tool('bmaptool', 'copy', '--bmap', at(`${NAME}.bmap`), raw, back('bmap'))
    for (const name of ['simg', 'parts', 'bmap']) assertSameSparse(back(name), raw)
  })

  it('have each partition as a file of its own: volumes whole, raw files to their length', () => {
    const split = readdirSync(results).filter((name) => name.startsWith(`${NAME}.`) && name.endsWith('.img'))
    const words = ['blob0-spl', 'p1-boot', 'p2-root_fs', 'p3-kernel', 'p4-data', 'table']
    expect(split.sort()).toEqual(words.map((word) => `${NAME}.${word}.img`))
    for (const { name, number, startByte, endByte, payload } of result.plan.partitions) {
      const word = number === undefined ? 'blob0' : `p${number}`
      const file = split.find((entry) => entry.startsWith(`${NAME}.${word}-`))!
      const sizeBytes = statSync(at(file)).size
      if (payload === 'raw') expect(sizeBytes).toBe(statSync(join(folder, `${name}.bin`)).size)
      else expect(sizeBytes).toBe(endByte - startByte)
      copyRange(raw, back(word), startByte, sizeBytes)
      assertSameSparse(back(word), at(file))
    }
    copyRange(raw, back('table'), 0, statSync(at(`${NAME}.table.img`)).size)
    assertSameSparse(back('table'), at(`${NAME}.table.img`))
    // Alone on a medium it gives the partitions; sgdisk makes the backup from it.
    truncateSync(at(`${NAME}.table.img`), 112 * MIB)
    expect(tool('sgdisk', '--print', at(`${NAME}.table.img`))).toMatch(/root fs\n.*kernel\n.*data/)
    truncateSync(at(`${NAME}.table.img`), 34 * 512)
  })

  it('are listed with their sums in manifest.json and SHA256SUMS', () => {
    expect(runTool('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: results })).toMatchObject({ status: 0 })
    const manifest = JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as {
      outputs: { path: string; sha256?: string }[]
    }
    const listed = manifest.outputs.map(({ path }) => path)
    const others = ['manifest.json', 'SHA256SUMS']
    expect([...listed, ...others].sort()).toEqual(readdirSync(results).sort())
    for (const { path, sha256 } of manifest.outputs) {
      // Raw files have the digests of their stretches instead; the table's is small.
      const isRaw = path.endsWith('.img') && !path.endsWith('.table.img')
      expect([path, sha256 === undefined]).toEqual([path, isRaw])
    }
  })

  it('have in the zip what balenaEtcher and people read', () => {
    const inZip = (name: string): string => tool('unzip', '-p', at(`${NAME}.zip`), name)
    expect(inZip('.meta/image.bmap')).toBe(readFileSync(at(`${NAME}.bmap`), 'utf8'))
    expect(JSON.parse(inZip('.meta/manifest.json'))).toEqual({ name: NAME, recommendedDriveSize: 112 * MIB })
    expect(inZip('README.txt')).toContain(`unzip -p ${NAME}.zip ${NAME} | sudo dd of=/dev/DEVICE`)
    const unpacked = join(folder, 'unpacked')
    tool('unzip', '-q', at(`${NAME}.zip`), '-d', unpacked)
    expect(runTool('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: unpacked })).toMatchObject({ status: 0 })
    rmSync(unpacked, { recursive: true })
  })

  it('are the same bytes a second time', async () => {
    const again = await buildInto(join(folder, 'again'), ['raw', 'gz', 'bmap', 'android-sparse', 'qcow2', 'split'])
    const made = again.outputs.filter(({ path }) => !/(?:manifest\.json|SHA256SUMS)$/.test(path))
    expect(made.length).toBeGreaterThan(10)
    for (const { path } of made) assertSameSparse(path, path.replace(again.folder, results))
    rmSync(again.folder, { recursive: true })
  })
})

describeWithTools(
  'a used medium',
  ['bmaptool', 'losetup', 'e2fsck', 'fsck.fat', 'simg2img'],
  () => {
    /** Fills a medium with 0xD1, writes it, and gives what fsck says of each volume: 0 = nothing wrong. */
    function statusesAfter(write: (device: string) => void): Record<string, number> {
      const medium = join(folder, 'medium')
      writeFileSync(medium, Buffer.alloc(112 * MIB, USED))
      withLoopDevice(medium, 512, write)
      const statuses: Record<string, number> = {}
      for (const { name, startByte, endByte, volume } of result.plan.partitions) {
        if (volume === undefined) continue
        const part = join(folder, 'part')
        copyRange(medium, part, startByte, endByte - startByte)
        const [program, ...args] = name === 'boot' ? ['fsck.fat', '-n', part] : ['e2fsck', '-fn', part]
        statuses[name] = runTool(program!, args).status
      }
      return statuses
    }

    it('holds clean volumes after a bmap and after Android sparse, and not after a map of the holes', () => {
      const clean = { boot: 0, 'root fs': 0, data: 0 }
      expect(statusesAfter((device) => tool('bmaptool', 'copy', '--bmap', at(`${NAME}.bmap`), raw, device))).toEqual(
        clean,
      )
      const written = statusesAfter((device) => tool('python3', '-c', FLASH_SPARSE, at(`${NAME}.simg`), device))
      expect(written).toEqual(clean)

      const holes = join(folder, 'holes.bmap')
      tool('bmaptool', 'create', '-o', holes, raw)
      const bad = statusesAfter((device) => tool('bmaptool', 'copy', '--bmap', holes, raw, device))
      expect(Object.values(bad).some((status) => status !== 0)).toBe(true)
    })
  },
  { root: true },
)

/** simg2img makes a new file; a boot loader writes raw and fill chunks and skips the rest. */
const FLASH_SPARSE = `
import struct, sys
source, target = open(sys.argv[1], 'rb'), open(sys.argv[2], 'r+b')
_, _, _, header, chunk_header, block, _, chunks, _ = struct.unpack('<IHHHHIIII', source.read(28))
for _ in range(chunks):
    kind, _, blocks, total = struct.unpack('<HHII', source.read(12))
    body = source.read(total - 12)
    if kind == 0xCAC1: target.write(body)
    elif kind == 0xCAC2: target.write(body * (blocks * block // 4))
    else: target.seek(blocks * block, 1)
`

describeWithTools('--output', ['gzip'], () => {
  it('replaces the config’s list', () => {
    const out = join(folder, 'cli')
    const made = runCommand(['build', config, '--out', out, '--output', 'gz=disk.gz', '--output', 'bmap'])
    expect(made).toMatchObject({ status: 0 })
    expect(readdirSync(join(out, NAME)).sort()).toEqual([
      'PartList.cfg',
      'SHA256SUMS',
      `${NAME}.bmap`,
      'disk.gz',
      'layout.svg',
      'manifest.json',
    ])
  })

  it('refuses what it does not know, and names twice, before it writes', () => {
    const out = join(folder, 'refused')
    const run = (...args: string[]) => runCommand(['build', config, '--out', out, ...args])
    expect(run('--output', 'zstd')).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean "zst"?') })
    expect(run('--output', 'gz=a/b')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no plain file name'),
    })
    expect(run('--output', 'raw', '--only', 'image')).toMatchObject({ status: 2 })
    expect(run('--output', 'gz', '--output', `zst=${NAME}.gz`)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining(`Cannot write zst as "${NAME}.gz": the output gz has that name`),
    })
    expect(run('--output', `gz=${NAME}.p1-boot.img`, '--output', 'split')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining(`Cannot write split as "${NAME}.p1-boot.img": gz writes a file of that name`),
    })
    expect(existsSync(out)).toBe(false)
  })
})
