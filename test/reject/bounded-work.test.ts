// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the config's own syntax
/**
 * Small inputs that ask for much work: each is judged within seconds of processor time, however slow the machine, and
 * none of them ends as a bug (exit code 70). The limit is the kernel's, on the processor time of the command.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../support/diskloom.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()
const MAIN = join(PROJECT, 'dist/cli/main.js')
/** What takes less than two of them where nothing goes wrong. */
const MAX_CPU_SECONDS = 20

function run(args: readonly string[]): { status: number | null; stderr: string } {
  const limited = `ulimit -t ${MAX_CPU_SECONDS}; exec "$0" "$@"`
  const { status, stderr } = spawnSync('bash', ['-c', limited, process.execPath, MAIN, ...args], {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  return { status, stderr }
}

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')
const END = 'image: x.img\npartitions: []\n'

/** Text of a config, and what is said of it. */
const CONFIGS: readonly [name: string, text: string, says: RegExp][] = [
  [
    'variables that double each other',
    `vars:\n  A0: "x"\n${times(39, (at) => `  A${at + 1}: "\${A${at}}\${A${at}}"\n`)}image: "\${A39}.img"\npartitions: []\n`,
    /becomes longer than 65536 characters/,
  ],
  [
    'variables that use two others, in a circle',
    `vars:\n${times(60, (at) => `  A${at}: "\${A${(at + 1) % 60}}\${A${(at + 2) % 60}}"\n`)}image: "\${A0}"\npartitions: []\n`,
    /it is defined by itself/,
  ],
  [
    'a chain of 20,000 variables',
    `image: "\${A19999}"\npartitions: []\nvars:\n  A0: "x"\n${times(19_999, (at) => `  A${at + 1}: "\${A${at}}"\n`)}`,
    /variables that lead to \$\{A19999\} through vars: are too many/,
  ],
  [
    'defaults nested 20,000 deep',
    `image: "${'${A:-'.repeat(20_000)}x${'}'.repeat(20_000)}"\npartitions: []\n`,
    /defaults are nested deeper than 32/,
  ],
  ['200,000 open variables', `image: "${'${'.repeat(200_000)}"\npartitions: []\n`, /has no closing brace/],
  [
    'a long variable in each of many values',
    `vars: { A: "${'y'.repeat(60_000)}" }\nimage: x.img\npartitions:\n${times(2000, () => '  - "z${A}"\n')}`,
    /all values together become longer/,
  ],
  ['lists nested 20,000 deep', `image: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, /nested too deeply/],
  ['lists in blocks nested 20,000 deep', `${'- '.repeat(20_000)}x\n`, /nested too deeply/],
  [
    'merge keys that add up',
    `m0: &m0 {k: 1}\n${times(3000, (at) => `m${at + 1}: &m${at + 1} {<<: *m${at}, k${at + 1}: 1}\n`)}${END}`,
    /merge keys stand for more than 100000 values/,
  ],
  ['20,000 unknown keys', `${times(20_000, (at) => `k${at}: 1\n`)}${END}`, /is no key of a config/],
  ['a module name of 200,000 letters', `${END}gadget: { modules: ["${'a'.repeat(200_000)}!"] }\n`, /is no module name/],
]

describe('a config', () => {
  it.each(CONFIGS)('of %s is refused', (_, text, says) => {
    const path = join(scratch, 'board.yaml')
    writeFileSync(path, text)
    const { status, stderr } = run(['plan', path])
    expect(stderr).toMatch(says)
    expect(status).toBe(3)
  })

  it('that includes 5,000 others in a row is refused', () => {
    const folder = join(scratch, 'chain')
    mkdirSync(folder)
    for (let at = 0; at < 5000; at++) writeFileSync(join(folder, `${at}.yaml`), `include: [${at + 1}.yaml]\n`)
    const { status, stderr } = run(['plan', join(folder, '0.yaml')])
    expect(stderr).toMatch(/more than 64 files include one another/)
    expect(status).toBe(3)
  })

  it('whose includes double each other is read once each', () => {
    const folder = join(scratch, 'doubling')
    mkdirSync(folder)
    for (let at = 0; at < 40; at++) {
      writeFileSync(join(folder, `${at}.yaml`), `include: [${at + 1}.yaml, ${at + 2}.yaml]\n`)
    }
    for (const at of [40, 41]) writeFileSync(join(folder, `${at}.yaml`), END)
    const { status } = run(['plan', join(folder, '0.yaml')])
    expect(status).toBe(0)
  })
})

/** 44 bytes: one chunk that fills `blocks` of 4 KiB with four bytes. */
function sparseFill(blocks: number, word: readonly number[]): Buffer {
  const bytes = Buffer.alloc(44)
  bytes.writeUInt32LE(0xed26ff3a, 0)
  for (const [at, value] of [1, 0, 28, 12].entries()) bytes.writeUInt16LE(value, 4 + 2 * at)
  for (const [at, value] of [4096, blocks, 1, 0].entries()) bytes.writeUInt32LE(value, 12 + 4 * at)
  bytes.writeUInt16LE(0xcac2, 28)
  bytes.writeUInt32LE(blocks, 32)
  bytes.writeUInt32LE(16, 36)
  bytes.set(word, 40)
  return bytes
}

const MOST_BLOCKS = 2 ** 32 - 1

describe('an Android sparse file of 44 bytes', () => {
  it('with 16 TiB of a pattern is refused', () => {
    writeFileSync(join(scratch, 'pattern.simg'), sparseFill(MOST_BLOCKS, [1, 2, 3, 4]))
    const { status, stderr } = run(['inspect', 'pattern.simg'])
    expect(stderr).toMatch(/chunk_sz is 4294967295 blocks, 17592186040320 bytes, at most 17179869184 bytes/)
    expect(status).toBe(5)
  })

  it('with 8 GiB of a pattern, or 16 TiB of one byte, costs nothing to look at or to compare', () => {
    for (const [name, bytes] of [
      ['small.simg', sparseFill(2 ** 21, [1, 2, 3, 4])],
      ['zeros.simg', sparseFill(MOST_BLOCKS, [0, 0, 0, 0])],
    ] as const) {
      writeFileSync(join(scratch, name), bytes)
      expect(run(['inspect', name])).toMatchObject({ status: 0 })
    }
    writeFileSync(join(scratch, 'zeros-2.simg'), sparseFill(MOST_BLOCKS, [0, 0, 0, 0]))
    expect(run(['diff', 'zeros.simg', 'zeros-2.simg'])).toMatchObject({ status: 0 })
    writeFileSync(join(scratch, 'ones.simg'), sparseFill(MOST_BLOCKS, [1, 1, 1, 1]))
    expect(run(['diff', 'zeros.simg', 'ones.simg'])).toMatchObject({ status: 1 })
  })
})

describe('a manifest', () => {
  it.each([
    ['lists', '['.repeat(100_000)],
    ['maps', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('of %s nested 100,000 deep is refused', (name, text) => {
    mkdirSync(join(scratch, name))
    writeFileSync(join(scratch, name, 'manifest.json'), text)
    for (const args of [
      ['verify', name],
      ['attest', name, '--sbom'],
    ])
      expect(run(args)).toMatchObject({ status: 5 })
  })
})

/** A newc entry; `magic` is that of the kind with sums where `sum` is given. */
function cpioEntry(name: string, mode: number, data: Buffer, sum?: number): Buffer {
  const fields = [1, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, sum ?? 0]
  const hex = fields.map((value) => value.toString(16).padStart(8, '0')).join('')
  const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  const head = padded(Buffer.from(`${sum === undefined ? '070701' : '070702'}${hex}${name}\0`, 'latin1'))
  return Buffer.concat([head, padded(data)])
}

const TRAILER = cpioEntry('TRAILER!!!', 0, Buffer.alloc(0))

function buildOf(name: string, content: string): { status: number | null; stderr: string } {
  const config = join(scratch, `${name}.yaml`)
  writeFileSync(
    config,
    `image: ${name}.img\nsize: 64MiB\npartitions:\n  - { name: root, fs: ext4, content: ${content} }\n`,
  )
  return run(['build', config, '--out', join(scratch, 'out')])
}

describe('an archive', () => {
  it('with folders 50,000 deep is refused', () => {
    writeFileSync(
      join(scratch, 'deep.cpio'),
      Buffer.concat([cpioEntry(`${'d/'.repeat(50_000)}f`, 0o100644, Buffer.from('x')), TRAILER]),
    )
    const { status, stderr } = buildOf('deep', 'deep.cpio')
    expect(stderr).toMatch(/it is more than 2048 folders deep/)
    expect(status).toBe(5)
  })

  it('with folders 400 deep is built, listed and compared', () => {
    writeFileSync(
      join(scratch, 'long.cpio'),
      Buffer.concat([cpioEntry(`${'d/'.repeat(400)}f`, 0o100644, Buffer.from('x')), TRAILER]),
    )
    expect(buildOf('long', 'long.cpio')).toMatchObject({ status: 0 })
    const image = join(scratch, 'out/long.img/long.img')
    expect(run(['tree', `${image}:root`])).toMatchObject({ status: 0 })
    expect(run(['ls', '-R', `${image}:root`])).toMatchObject({ status: 0 })
    expect(run(['diff', image, image])).toMatchObject({ status: 0 })
    expect(run(['verify', image])).toMatchObject({ status: 0 })
  })

  it('whose file is not of the sum that its header has is refused', () => {
    const data = Buffer.from('hello')
    const sum = data.reduce((total, byte) => total + byte, 0)
    for (const [name, said] of [
      ['right', sum],
      ['wrong', sum + 1],
    ] as const) {
      const bytes = Buffer.concat([cpioEntry('f', 0o100644, data, said), cpioEntry('g', 0o100600, data, sum), TRAILER])
      writeFileSync(join(scratch, `${name}.cpio`), bytes)
    }
    expect(buildOf('right', 'right.cpio')).toMatchObject({ status: 0 })
    const { status, stderr } = buildOf('wrong', 'wrong.cpio')
    expect(stderr).toMatch(/"f" at byte \d+: its bytes add up to 0x00000214, c_chksum is 0x00000215/)
    expect(status).toBe(5)
  })
})

describe('two raw images of 8 MiB each', () => {
  it('with 15 TiB of hole inside are compared without looking at the hole', () => {
    const paths = ['a.raw', 'b.raw'].map((name) => join(scratch, name))
    for (const [index, path] of paths.entries()) {
      const fd = openSync(path, 'w')
      writeSync(fd, Buffer.alloc(4 << 20, 0x91), 0, 4 << 20, 0)
      ftruncateSync(fd, 15 * 2 ** 40)
      writeSync(fd, Buffer.alloc(4 << 20, 0x92 + index), 0, 4 << 20, 15 * 2 ** 40 - (4 << 20))
      closeSync(fd)
    }
    expect(run(['diff', paths[0]!, paths[0]!])).toMatchObject({ status: 0 })
    expect(run(['diff', paths[0]!, paths[1]!])).toMatchObject({ status: 1 })
  })
})
