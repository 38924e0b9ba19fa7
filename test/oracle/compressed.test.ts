/** Compressed outputs, judged by the programs that people unpack them with. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'
import { createGzSink } from '../../src/outputs/gz-file.js'
import type { FileSink } from '../../src/outputs/sink.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { createXzSink } from '../../src/outputs/xz-file.js'
import { createZstSink } from '../../src/outputs/zst-file.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const folder = scratchFolder()
const runner = makeCommandRunner(process.env)
const MIB = 1 << 20

/** Runs of eight bytes of sixteen kinds: quick to pack and to unpack, and yet no two stretches alike. */
function content(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let index = 0; index < length; index += 8) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes.fill((state >>> 28) * 17, index, index + 8)
  }
  return bytes
}

/**
 * Every kind of neighbours: short and long zeros before, between and after content, content over a group's end, a long fill
 * of 0xFF with ragged ends, unspecified space, and an end that is no multiple of anything.
 */
function disk(sizeBytes: number, contentBytes = 17 * MIB): DiskImage {
  return new ImageBuilder(sizeBytes)
    .bytes(512, content(100_001, 1))
    .fill(1 * MIB, 1 * MIB)
    .bytes(2 * MIB + 300_000, content(contentBytes, 2))
    .fill(40 * MIB, 9_300_001, 0xff)
    .bytes(70 * MIB, content(4096, 3))
    .bytes(sizeBytes - 70_003, content(70_000, 4))
    .finish()
}

const SMALL = 90 * MIB + 12_345
const at = (name: string): string => join(folder, name)
const raw = at('raw.img')

type Open = (path: string, image: DiskImage) => Promise<FileSink>
const FORMATS: Record<string, Open> = {
  gz: (path, image) => createGzSink(path, image, { level: 5 }, INLINE_THREADS),
  zst: (path, image) => createZstSink(path, image, { level: 3 }, INLINE_THREADS),
  xz: (path, image) => createXzSink(path, image, { level: 0, runner }, INLINE_THREADS),
}

async function write(format: string, name: string, image: DiskImage): Promise<string> {
  const path = join(folder, `${name}.${format}`)
  const sink = await FORMATS[format]!(path, image)
  try {
    await weave(image, [sink], INLINE_THREADS)
  } finally {
    await sink.close()
  }
  return path
}

/** Fails where what `command` writes to its standard output is not the raw image. */
function expectUnpacks(...command: string[]): void {
  const { status, stdout, stderr } = runTool('bash', ['-o', 'pipefail', '-c', `"$@" | cmp - "$0"`, raw, ...command])
  expect(`${stdout}${stderr}`, command[0]!).toBe('')
  expect(status).toBe(0)
}

const PYTHON_UNPACK = `
import sys, importlib, shutil
with importlib.import_module(sys.argv[1]).open(sys.argv[2]) as f: shutil.copyfileobj(f, sys.stdout.buffer, 1 << 20)
`

const TOOLS = ['gzip', 'pigz', 'zstd', 'unzstd', 'xz', 'bsdcat', '7zz', 'python3', 'cmp', 'bash']

describeWithTools('compressed images', TOOLS, () => {
  it('gz: one member that everybody unpacks', async () => {
    materialize(disk(SMALL), raw)
    const path = await write('gz', 'small', disk(SMALL))
    tool('gzip', '-t', path)
    tool('pigz', '-t', path)
    expect(tool('7zz', 't', path)).toContain('Everything is Ok')
    expectUnpacks('gzip', '-dc', path)
    expectUnpacks('bsdcat', path)
    expectUnpacks('python3', '-c', PYTHON_UNPACK, 'gzip', path)
    expect(tool('gzip', '-l', path)).toContain(` ${SMALL} `)
  })

  it('zst: frames that state their sizes, found by the seek table', async () => {
    const path = await write('zst', 'small', disk(SMALL))
    tool('zstd', '-tq', path)
    expectUnpacks('zstd', '-dc', path)
    expectUnpacks('unzstd', '-c', path)
    expectUnpacks('bsdcat', path)
    const list = tool('zstd', '-lv', path)
    expect(list).toContain(`(${SMALL} B)`)
    const file = readFileSync(path)
    const frames = file.readUInt32LE(file.length - 9)
    const sizes = Array.from({ length: frames }, (_, index) => {
      const at = file.length - 9 - (frames - index) * 8
      return [file.readUInt32LE(at), file.readUInt32LE(at + 4)] as const
    })
    expect(file.readUInt32LE(file.length - 4)).toBe(0x8f92eab1)
    expect(sizes.reduce((total, [, size]) => total + size, 0)).toBe(SMALL)
    let at = 0
    for (const [packed] of sizes) {
      expect(file.readUInt32LE(at)).toBe(0xfd2fb528)
      at += packed
    }
    expect(at + 8 + frames * 8 + 9).toBe(file.length)
  })

  it('xz: one stream of blocks, whose headers tell their sizes', async () => {
    const path = await write('xz', 'small', disk(SMALL))
    tool('xz', '-t', path)
    expect(tool('7zz', 't', path)).toContain('Everything is Ok')
    expectUnpacks('xz', '-dc', path)
    expectUnpacks('bsdcat', path)
    expectUnpacks('python3', '-c', PYTHON_UNPACK, 'lzma', path)
    const totals = tool('xz', '--robot', '-lvv', path).split('\n')
    expect(
      totals
        .find((line) => line.startsWith('file'))
        ?.split('\t')
        .slice(1, 6),
    ).toEqual([
      '1',
      String(totals.filter((line) => line.startsWith('block')).length),
      String(statSync(path).size),
      String(SMALL),
      expect.any(String),
    ])
    // Header flags: both sizes are there.
    for (const line of totals.filter((text) => text.startsWith('block'))) expect(line.split('\t')[12]).toBe('cu')
  })

  it('are no larger than what the programs make of real content, give or take three parts in a hundred', async () => {
    const program = readFileSync(process.execPath).subarray(20 * MIB, 30 * MIB)
    const image = new ImageBuilder(60 * MIB)
      .bytes(4096, program)
      .bytes(40 * MIB, program.subarray(0, 4096))
      .finish()
    materialize(image, at('real.img'))
    const programs = { gz: ['pigz', '-6'], zst: ['zstd', '-T0', '-3'], xz: ['xz', '-T0', '-0'] }
    for (const [format, command] of Object.entries(programs)) {
      const ours = statSync(await write(format, 'real', image)).size
      const theirs = Number(runTool('bash', ['-c', `"$@" -c "$0" | wc -c`, at('real.img'), ...command]).stdout)
      expect(ours / theirs, format).toBeLessThan(1.03)
    }
  })
})

describe.each(Object.keys(FORMATS))('a compressed image: %s', (format) => {
  it('has the same bytes every time', async () => {
    const image = disk(90 * MIB, 9 * MIB)
    const first = await write(format, 'first', image)
    const second = await write(format, 'second', image)
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true)
  })

  it('costs what the content costs: 9 GB with 2 MB in it', async () => {
    const sizeBytes = 9_000_000_123
    const started = performance.now()
    const path = await write(format, 'large', disk(sizeBytes, 2 * MIB))
    expect(performance.now() - started).toBeLessThan(20_000)
    const perZero = { gz: 1032, zst: 32_000, xz: 6_000 }[format]!
    expect(statSync(path).size).toBeLessThan(2 * MIB + (sizeBytes / perZero) * 1.05)
    if (format === 'gz') expect(readFileSync(path).readUInt32LE(statSync(path).size - 4)).toBe(sizeBytes % 2 ** 32)
  })
})

describe('a compressor that is not there', () => {
  it('ends with the name of its package', async () => {
    const nowhere = makeCommandRunner({ PATH: '/nowhere' })
    const bare = { ...nowhere, run: (command: string) => nowhere.run(`no-such-${command}`, []) }
    const image = disk(90 * MIB)
    const sink = await createXzSink(at('missing.xz'), image, { level: 3, runner: bare }, INLINE_THREADS)
    await expect(weave(image, [sink], INLINE_THREADS)).rejects.toThrow(/Cannot run no-such-xz: it is not installed/)
    await sink.close()
  })

  it('ends with what it said', async () => {
    const failing = { run: async () => ({ status: 1, stdout: new Uint8Array(0), stderr: 'no memory\n' }) }
    const image = disk(90 * MIB)
    const sink = await createXzSink(at('failing.xz'), image, { level: 3, runner: failing }, INLINE_THREADS)
    await expect(weave(image, [sink], INLINE_THREADS)).rejects.toThrow('Cannot compress with xz: no memory')
    await sink.close()
  })
})
