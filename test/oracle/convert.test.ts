/** `diskloom convert`: one pass from any format to all others, judged by the programs of each. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/command-line.js'
import { convert } from '../../src/convert.js'
import { InterruptedError, IoError, UsageError } from '../../src/errors.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { materialize } from '../support/materialize.js'
import { mbrSector } from '../support/mbr-sector.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { assertSameSparse } from '../support/sparse.js'

const folder = scratchFolder()
const at = (name: string): string => join(folder, name)
const MIB = 1 << 20
const raw = at('disk.img')
const environment = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' }

beforeAll(() => {
  const text = Buffer.from('partition table, offset, length; '.repeat(90_000))
  const image = new ImageBuilder(64 * MIB)
    .bytes(0, mbrSector(1, 1000))
    .bytes(4096, text)
    .fill(20 * MIB, 3 * MIB, 0xff)
    .bytes(40 * MIB + 512, text.subarray(0, 9000))
    .finish()
  materialize(image, raw)
})

const shell = (script: string): void => void tool('bash', '-euc', script, folder)

describeWithTools('convert', ['bash', 'gzip', 'xz', 'zstd', 'unzip', 'qemu-img', 'simg2img', 'bmaptool', 'cmp'], () => {
  it('writes all formats in one pass, each of which its own program turns back', async () => {
    const names = ['a.raw', 'a.zip', 'a.gz', 'a.xz', 'a.zst', 'a.bmap', 'a.simg', 'a.qcow2', 'plain:raw']
    const result = await convert({ source: raw, outputs: names.map(at), environment })
    expect(result.format).toBe('raw')
    expect(result.outputs.map(({ format }) => format)).toEqual([
      ...['raw', 'zip', 'gz', 'xz', 'zst', 'bmap', 'android-sparse', 'qcow2', 'raw'],
    ])
    for (const { path, sizeBytes } of result.outputs) expect(statSync(path).size).toBe(sizeBytes)
    shell(
      'cd "$0"; cmp disk.img a.raw; cmp disk.img plain; gzip -dc a.gz | cmp - disk.img; xz -dc a.xz | cmp - disk.img',
    )
    shell('cd "$0"; zstd -qdc a.zst | cmp - disk.img; unzip -p a.zip a.img | cmp - disk.img')
    shell('cd "$0"; simg2img a.simg b.img; cmp b.img disk.img; qemu-img check -q a.qcow2')
    shell('cd "$0"; qemu-img compare -q -f qcow2 -F raw a.qcow2 disk.img')
    shell('cd "$0"; bmaptool -q copy --bmap a.bmap disk.img c.img; cmp c.img disk.img')
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('and back from each of them', async () => {
    const formats = { 'a.zip': 'zip of raw', 'a.gz': 'gz of raw', 'a.xz': 'xz of raw', 'a.zst': 'zst of raw' }
    for (const [name, format] of Object.entries({ ...formats, 'a.simg': 'android-sparse', 'a.qcow2': 'qcow2' })) {
      const result = await convert({ source: at(name), outputs: [at('back.img')], environment })
      expect(result).toMatchObject({ format, sizeBytes: 64 * MIB })
      assertSameSparse(at('back.img'), raw)
    }
  })

  it('makes the same bytes from whatever the same disk was packed in', async () => {
    const made: string[] = []
    for (const source of [raw, at('a.xz'), at('a.zip')]) {
      await convert({ source, outputs: [at('same.zip')], environment })
      made.push(readFileSync(at('same.zip')).toString('latin1'))
    }
    const [first, ...others] = made
    for (const other of others) expect(other === first).toBe(true)
  })
})

describe('convert, on the command line', () => {
  async function run(...args: string[]) {
    let stdout = ''
    let stderr = ''
    const status = await runCommandLine(['convert', ...args], {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      environment,
      signal: new AbortController().signal,
    })
    return { status, stdout, stderr }
  }

  it('tells what it made, for people and for programs', async () => {
    const people = await run(raw, '-o', at('cli.img.gz'), '--output', at('cli:raw'), '--level', '1')
    expect(people).toMatchObject({ status: 0, stderr: expect.not.stringContaining('bug') })
    expect(people.stdout).toMatch(/cli\.img\.gz\s+gz\s+[\d.]+ KiB\n.*cli\s+raw\s+64 MiB\n64 MiB disk \(raw\) converted/)
    const programs = await run(at('cli.img.gz'), '-o', at('cli.img'), '--json')
    const events = programs.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string })
    expect(events.at(-1)).toMatchObject({
      event: 'result',
      format: 'gz of raw',
      outputs: [{ path: at('cli.img'), format: 'raw', sizeBytes: 64 * MIB }],
    })
    assertSameSparse(at('cli.img'), raw)
  })

  it.each([
    [['-o', 'x.img'], 2, /missing required argument 'image'/],
    [[raw], 2, /required option '-o, --output <path\[:format\]>' not specified/],
    [
      [raw, '-o', at('x.txt')],
      2,
      /Cannot tell the format of output ".*x\.txt": "\.txt" is none of a format, PATH:FORMAT/,
    ],
    [[raw, '-o', at('x.zst'), '--level', '22'], 2, /Cannot write .*x\.zst with level 22: zst has levels from 1 to 19/],
    [[raw, '-o', at('x.gz'), '--level', 'much'], 2, /A whole number is expected/],
    [[raw, '-o', at('x.gz'), '-o', `${at('x.gz')}:raw`], 2, /Cannot write .*x\.gz twice: each output needs a name/],
    [[raw, '-o', raw], 2, /Cannot write .*disk\.img: it is the image that is read/],
    [[at('none.img'), '-o', at('x.gz')], 6, /Cannot read image ".*none\.img": it does not exist/],
    [
      [at('note.gz'), '-o', at('x.img')],
      5,
      /Cannot unpack ".*note\.gz" with gzip: found the end of the file at byte 4/,
    ],
  ] as const)('%j exits %i', async (args, status, text) => {
    writeFileSync(at('note.gz'), Buffer.from('1f8b0800', 'hex'))
    const result = await run(...args)
    expect(result.stderr).toMatch(text)
    expect(result.status).toBe(status)
    expect(readdirSync(folder).filter((name) => name.startsWith('x.') || name.startsWith('.'))).toEqual([])
  })

  it('leaves nothing behind when it is interrupted, and what was there as it was', async () => {
    writeFileSync(at('kept.img'), 'before')
    const controller = new AbortController()
    const onEvent = (event: { kind: string }): void => {
      if (event.kind === 'progress') controller.abort()
    }
    const options = { source: raw, outputs: [at('kept.img'), at('new.xz')], signal: controller.signal, onEvent }
    await expect(convert(options)).rejects.toBeInstanceOf(InterruptedError)
    expect(readFileSync(at('kept.img'), 'utf8')).toBe('before')
    expect(readdirSync(folder).filter((name) => name.startsWith('new') || name.startsWith('.'))).toEqual([])
  })

  it('leaves nothing behind when an output fails, and when standard input is no image', async () => {
    const stdin = Readable.from([Buffer.from('1f8b', 'hex')])
    await expect(convert({ source: '-', stdin, outputs: [at('y.img')] })).rejects.toThrow(/"standard input"/)
    await expect(convert({ source: raw, outputs: ['/proc/y.img'] })).rejects.toBeInstanceOf(IoError)
    await expect(convert({ source: raw, outputs: [] })).rejects.toBeInstanceOf(UsageError)
    expect(readdirSync(folder).filter((name) => name.startsWith('y') || name.startsWith('.'))).toEqual([])
  })
})
