/** What other programs made of a disk, read back: the same bytes, with zeros and unspecified space told apart where they can be. */
import { spawn } from 'node:child_process'
import { createReadStream, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, expect, it } from 'vitest'
import { FormatError } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { unspecifiedStretches } from '../../src/image/compose.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { runsOf } from '../../src/image/runs.js'
import { type ImageReadOptions, readImageFile } from '../../src/readers/read-image-file.js'
import { materialize } from '../support/materialize.js'
import { mbrSector } from '../support/mbr-sector.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { assertSameSparse } from '../support/sparse.js'

const folder = scratchFolder()
const MIB = 1 << 20
const SIZE = 56 * MIB
const raw = join(folder, 'disk.img')
const at = (name: string): string => join(folder, name)
const options: ImageReadOptions = { workFolder: folder, runner: makeCommandRunner(process.env) }

/** Text, noise-like words, a long fill of 0xFF and zeros. */
function disk() {
  const text = Buffer.from('partition table, offset, length; '.repeat(40_000))
  const words = Uint8Array.from({ length: 3 * MIB }, (_, index) => (Math.imul(index, 2654435761) >>> 24) & 0xff)
  return new ImageBuilder(SIZE)
    .bytes(0, mbrSector(1, 1000))
    .bytes(4096, text)
    .bytes(10 * MIB + 512, words)
    .fill(30 * MIB, 8 * MIB, 0xff)
    .bytes(SIZE - 5000, words.subarray(0, 5000))
    .finish()
}

async function expectSame(paths: string | string[], formats: string[], more: Partial<ImageReadOptions> = {}) {
  const opened = await readImageFile(paths, { ...options, ...more })
  try {
    expect(opened.formats).toEqual(formats)
    const copy = at('copy.img')
    materialize(opened.image, copy)
    assertSameSparse(copy, raw)
    return opened.image
  } finally {
    opened.release()
  }
}

const shell = (script: string): void => void tool('bash', '-euc', script, folder)

const TOOLS = [
  'bash',
  'gzip',
  'pigz',
  'xz',
  'zstd',
  'zip',
  '7zz',
  'qemu-img',
  'img2simg',
  'simg2simg',
  'mkfifo',
  'python3',
]

describeWithTools('images that other programs made', TOOLS, () => {
  beforeAll(() => materialize(disk(), raw))

  it('raw: holes and blocks of zeros are zeros, everything else stays in the file', async () => {
    const image = await expectSame(raw, ['raw'])
    expect([...unspecifiedStretches(image)]).toEqual([])
    const zeros = [...runsOf(image)].filter((run) => run.kind === 'fill').reduce((sum, { length }) => sum + length, 0)
    expect(zeros).toBeGreaterThan(40 * MIB)
  })

  it('gz: of gzip, of pigz, and of several members', async () => {
    shell(
      'cd "$0"; gzip -1 -c disk.img > a.gz; pigz -c disk.img > b.gz; head -c 25M disk.img | gzip -1 > c.gz; tail -c +26214401 disk.img | gzip -1 >> c.gz',
    )
    for (const name of ['a.gz', 'b.gz', 'c.gz']) await expectSame(at(name), ['gz', 'raw'])
  })

  it('xz and zst: of several streams and frames, too', async () => {
    shell('cd "$0"; xz -0 -c disk.img > a.xz; zstd -q -c disk.img > a.zst; zstd -q -T2 --long=27 -c disk.img > b.zst')
    shell(
      'cd "$0"; for p in xz zstd; do { head -c 25M disk.img | $p -1 -c; tail -c +26214401 disk.img | $p -1 -c; } > two.$p; done',
    )
    for (const name of ['a.xz', 'two.xz']) await expectSame(at(name), ['xz', 'raw'])
    for (const name of ['a.zst', 'b.zst', 'two.zstd']) await expectSame(at(name), ['zst', 'raw'])
  })

  it('zip: deflated, stored, by 7z, streamed with a data descriptor; the image among other files, or the entry asked for', async () => {
    writeFileSync(at('README.txt'), 'how to burn it\n')
    shell('cd "$0"; zip -q1 a.zip README.txt disk.img; zip -q0 b.zip disk.img README.txt; 7zz a -bso0 c.zip disk.img')
    shell('cd "$0"; cat disk.img | zip -q1 - - > d.zip; cp a.zip e.zip; echo a comment | zip -qz e.zip')
    for (const name of ['a.zip', 'b.zip', 'c.zip', 'd.zip', 'e.zip']) await expectSame(at(name), ['zip', 'raw'])
    await expectSame(at('a.zip'), ['zip', 'raw'], { entry: 'disk.img' })
    await expect(readImageFile(at('a.zip'), { ...options, entry: 'other.img' })).rejects.toThrow(
      'there is no such entry, it has README.txt, disk.img',
    )
  })

  it('zip64: sizes and places beyond 4 GiB', async () => {
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
    with z.open("disk.img", "w", force_zip64=True) as f: f.write(open(sys.argv[2], "rb").read())
`
    tool('python3', '-c', script, at('wide.zip'), raw)
    await expectSame(at('wide.zip'), ['zip', 'raw'])
  })

  it('qcow2: versions 2 and 3, small and large clusters, compressed clusters, preallocation', async () => {
    const kinds = {
      'v3.qcow2': ['-o', 'compat=1.1'],
      'v2.qcow2': ['-o', 'compat=0.10'],
      'small.qcow2': ['-o', 'cluster_size=512'],
      'large.qcow2': ['-o', 'cluster_size=2M'],
      'compressed.qcow2': ['-c'],
      'dense.qcow2': ['-S', '0'],
    }
    for (const [name, args] of Object.entries(kinds)) {
      tool('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', ...args, raw, at(name))
      const image = await expectSame(at(name), ['qcow2'])
      expect([...unspecifiedStretches(image)]).toEqual([])
    }
    // A size that is no multiple of the cluster.
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', at('empty.qcow2'), '1000000512')
    const { image, release } = await readImageFile(at('empty.qcow2'), { ...options, demand: 'nothing' })
    expect(image).toEqual(new ImageBuilder(1_000_000_512).fill(0, 1_000_000_512).finish())
    release()
  })

  it('qcow2: what would need another file or another reader is refused, with the way out', async () => {
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', at('v3.qcow2'), '-F', 'qcow2', at('backed.qcow2'))
    tool('qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', 'compression_type=zstd', raw, at('zstd.qcow2'))
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'extended_l2=on', at('extended.qcow2'), '1M')
    await expect(readImageFile(at('backed.qcow2'), options)).rejects.toThrow(/backing_file_offset is \d+, 0/)
    await expect(readImageFile(at('zstd.qcow2'), options)).rejects.toThrow(/bit 3: compression type/)
    const error = await readImageFile(at('extended.qcow2'), options).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as FormatError).hint).toContain('qemu-img convert -O raw')
  })

  it('Android sparse: raw, fills and what nobody cares for; split in parts', async () => {
    tool('img2simg', raw, at('a.simg'))
    await expectSame(at('a.simg'), ['android-sparse'])
    shell('cd "$0"; xz -0 -c a.simg > a.simg.xz; simg2simg a.simg part 2097152')
    await expectSame(at('a.simg.xz'), ['xz', 'android-sparse'])
    const parts = readdirSync(folder).filter((name) => name.startsWith('part.'))
    expect(parts.length).toBeGreaterThan(1)
    const image = await expectSame(parts.map(at), ['android-sparse'])
    expect([...unspecifiedStretches(image)]).toEqual([])
    // What a part leaves to the others is what nobody cares for in it.
    const first = await readImageFile(at(parts[0]!), options)
    expect([...unspecifiedStretches(first.image)]).not.toEqual([])
    first.release()
  })

  it('Android sparse: a fill of four different bytes, a checksum, headers longer than ours', async () => {
    const header = (type: number, blocks: number, body: number[]) => {
      const bytes = Buffer.alloc(16 + body.length, 0xee)
      bytes.writeUInt16LE(type, 0)
      bytes.writeUInt32LE(blocks, 4)
      bytes.writeUInt32LE(bytes.length, 8)
      bytes.set(body, 16)
      return bytes
    }
    const start = Buffer.alloc(32)
    start.writeUInt32LE(0xed26ff3a, 0)
    for (const [offset, value] of [
      [4, 1],
      [8, 32],
      [10, 16],
    ] as const)
      start.writeUInt16LE(value, offset)
    for (const [offset, value] of [
      [12, 4096],
      [16, 600],
      [20, 4],
    ] as const)
      start.writeUInt32LE(value, offset)
    const chunks = [header(0xcac3, 50, []), header(0xcac2, 500, [1, 2, 3, 4]), header(0xcac4, 0, [0, 0, 0, 0])]
    writeFileSync(at('made.simg'), Buffer.concat([start, ...chunks, header(0xcac2, 50, [7, 7, 7, 7])]))
    const { image, release } = await readImageFile(at('made.simg'), { ...options, demand: 'nothing' })
    expect([...unspecifiedStretches(image)]).toEqual([[0, 50 * 4096]])
    expect(image.extents.at(-1)).toEqual({ offset: 550 * 4096, length: 50 * 4096, source: { kind: 'fill', byte: 7 } })
    materialize(image, at('made.img'))
    const made = readFileSync(at('made.img'))
    expect(made.subarray(50 * 4096, 550 * 4096).equals(Buffer.alloc(500 * 4096, Buffer.from([1, 2, 3, 4])))).toBe(true)
    release()
  })

  it('standard input and named pipes', async () => {
    await expectSame('-', ['gz', 'raw'], { stdin: createReadStream(at('a.gz')) })
    tool('mkfifo', at('pipe'))
    const writer = spawn('cp', [at('a.zst'), at('pipe')])
    await expectSame(at('pipe'), ['zst', 'raw'])
    expect(writer.exitCode ?? (await new Promise((resolve) => writer.on('close', resolve)))).toBe(0)
    const nothing = new PassThrough()
    nothing.end()
    await expect(readImageFile('-', { ...options, stdin: nothing })).rejects.toThrow('"standard input": it is empty')
  })

  it('truncated and damaged archives are errors that say where', async () => {
    const cases: [name: string, text: RegExp][] = [
      ['a.gz', /with gzip: found the end of the file at byte \d+, expected a whole member/],
      ['a.xz', /with xz: found the end of the file at byte \d+, expected \d+ bytes more/],
      ['a.zst', /with zstd: found the end of the file at byte \d+, expected \d+ bytes more/],
      ['a.zip', /zip end record at byte \d+ of ".*": the end of central directory is missing/],
      ['a.simg', /Android sparse chunk \d+ at byte \d+ .* the body is cut off at byte \d+|chunk_header at byte/],
      ['dense.qcow2', /qcow2 L2 table at byte \d+ .*entry \d+ is byte \d+, a multiple of 65536 inside the file's/],
    ]
    for (const [name, text] of cases) {
      const cut = at(`cut-${name}`)
      tool('cp', at(name), cut)
      truncateSync(cut, Math.floor(statSync(cut).size * 0.7))
      await expect(readImageFile(cut, options), name).rejects.toThrow(text)
      await expect(readImageFile(cut, options), name).rejects.toBeInstanceOf(FormatError)
    }
    const bytes = readFileSync(at('b.zip'))
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(at('flipped.zip'), bytes)
    await expect(readImageFile(at('flipped.zip'), options)).rejects.toThrow(/crc_32 is \d+, \d+, as the content has it/)
  })

  it('what is no image at all', async () => {
    mkdirSync(at('folder'), { recursive: true })
    writeFileSync(at('empty'), '')
    writeFileSync(at('page.img'), '<!DOCTYPE html><html>404</html>')
    writeFileSync(at('a.img.bz2'), 'BZh91AY&SY cut off')
    const cases: [string, string][] = [
      ['folder', 'it is a folder, a file is expected'],
      ['empty', 'it is empty'],
      ['missing', 'it does not exist'],
      ['page.img', 'it is an HTML page, a disk or a volume is expected'],
      ['a.img.bz2', 'with bzip2: found the end of the file'],
    ]
    for (const [name, text] of cases) {
      await expect(readImageFile(at(name), options), basename(name)).rejects.toThrow(text)
    }
    await expect(readImageFile([raw, at('a.simg')], options)).rejects.toThrow('only Android sparse files come in parts')
  })
})
