/**
 * Whatever a command prints of a hostile image holds no character that commands a terminal, and no line that a name
 * began. New commands belong into COMMANDS.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOSTILE_CHARACTERS, HOSTILE_NAMES, makeHostileImage } from '../support/hostile-image.js'
import { runCli } from '../support/run-cli.js'

const scratch = mkdtempSync(join(tmpdir(), 'diskloom-hostile-'))
afterAll(() => rmSync(scratch, { recursive: true }))
let image: string
let other: string
beforeAll(async () => {
  for (const name of ['a', 'b']) mkdirSync(join(scratch, name))
  image = await makeHostileImage(join(scratch, 'a'), 'one')
  other = await makeHostileImage(join(scratch, 'b'), 'two')
})

const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

function expectVisible(text: string): void {
  expect(UNSAFE.exec(text)).toBeNull()
  expect(text).not.toMatch(/^## inject/m)
}

/** Arguments, with A and B for the two images. */
const COMMANDS: readonly string[][] = [
  ['inspect', 'A'],
  ['verify', 'A'],
  ['ls', '-lR', 'A:2:/'],
  ['ls', '-R', 'A:1:/'],
  ['tree', 'A:2'],
  ['tree', 'A:1'],
  ['stat', 'A:2:/link'],
  ['stat', `A:2:/n${HOSTILE_CHARACTERS}`],
  ['cat', `A:2:/n${HOSTILE_CHARACTERS}`],
  ['cat', 'A:2:/link'],
  ['ls', 'A:nope:/'],
  ['ls', 'A:/'],
  ['ls', `A:2:/${HOSTILE_CHARACTERS}`],
  ['ls', `A:${HOSTILE_CHARACTERS}:/`],
  ['diff', 'A', 'B', '--text'],
  ['extract', 'A:2:/link', '--out', `${scratch}/nowhere/${HOSTILE_CHARACTERS}`],
  ['convert', 'A', '-o', `${scratch}/x\x1b[31m\n## inject.zst`],
  ['inspect', `${scratch}/${HOSTILE_CHARACTERS}`],
  ['plan', `${scratch}/hostile.yaml`],
  ['build', `${scratch}/hostile.yaml`],
  ['inputs', `${scratch}/hostile.yaml`],
  ['plan', `${scratch}/hostile.cfg`],
  ['verify', `${scratch}/forged`],
  ['attest', `${scratch}/forged`, '--sbom'],
  ['attest', `${scratch}/forged`, '--provenance', '--builder', HOSTILE_CHARACTERS],
  [HOSTILE_CHARACTERS],
  ['inspect', `--${HOSTILE_CHARACTERS}`],
]

describe('text of a hostile image, config or manifest', () => {
  beforeAll(() => {
    writeFileSync(
      join(scratch, 'hostile.yaml'),
      `image: "a\\e[31m\\n## inject"\n# \x9b31m \u202e\npartitions:\n  - { name: "\u202e\\n## inject", fs: "nosuch\\e\\n## inject" } # \x9b\n"\\e\\n## inject": 1\n`,
    )
    writeFileSync(join(scratch, 'hostile.cfg'), 'kernel\x1b[31m 1 2 \u202efoo\n\x9b 1 x y z\n')
    mkdirSync(join(scratch, 'forged'))
    const manifest = JSON.parse(readFileSync(join(image, '../manifest.json'), 'utf8')) as {
      image: { name: string }
      partitions: { name: string; files?: { path: string }[] }[]
    }
    manifest.image.name = HOSTILE_CHARACTERS
    for (const partition of manifest.partitions) {
      partition.name = HOSTILE_CHARACTERS
      for (const file of partition.files ?? []) file.path = HOSTILE_CHARACTERS
    }
    writeFileSync(join(scratch, 'forged/manifest.json'), JSON.stringify(manifest))
    writeFileSync(join(scratch, 'forged/SHA256SUMS'), `${'0'.repeat(64)}  ${HOSTILE_CHARACTERS}\n`)
  })

  const shown = (args: readonly string[]): string =>
    JSON.stringify(args.map((arg) => arg.replace(scratch, '')).join(' ')).slice(0, 60)

  for (const args of COMMANDS) {
    it(`is visible in ${shown(args)}`, async () => {
      const real = args.map((arg) => arg.replace(/^A(?=:|$)/, image).replace(/^B$/, other))
      const plain = await runCli(...real)
      expectVisible(plain.stdout + plain.stderr)
      expect(plain.status).not.toBe(70)
      const json = await runCli(...real, '--json')
      expectVisible(json.stdout + json.stderr)
      // Each line is an object; a name cannot end one.
      for (const line of json.stdout.split('\n')) if (line.startsWith('{"')) JSON.parse(line)
    })
  }

  it('is Markdown that a name cannot leave', async () => {
    const { stdout } = await runCli('diff', image, other, '--markdown', '--text')
    expectVisible(stdout)
    expect(stdout).toContain('@all')
    const outsideFences = stdout.replace(/^(`{3,})diff\n[\s\S]*?^\1$/gm, '')
    // What is left of a line without its code spans and its own HTML.
    for (const line of outsideFences.split('\n')) {
      const prose = line.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '').replace(/^<details><summary><code>.*<\/code>/, '')
      expect(prose).not.toMatch(/@all|<b>|[^\\]\]\(|^## /)
      if (line.startsWith('| changed')) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(5)
    }
  })

  it('is text in the pictures', async () => {
    for (const file of ['p.svg', 'p.html']) {
      const path = join(scratch, file)
      await runCli('inspect', image, '--picture', path)
      const drawn = readFileSync(path, 'utf8')
      expectVisible(drawn)
      expect(drawn).not.toContain('<b>&')
      expect(drawn).toContain('\\x1b')
    }
  })

  it('is exact in --json', async () => {
    const { stdout } = await runCli('ls', `${image}:2:/`, '--json')
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; pathHex?: string; target?: string })
    expect(entries.map(({ path }) => path)).toContain(`/n${HOSTILE_CHARACTERS}`)
    expect(entries.map(({ pathHex }) => pathHex)).toContain(
      Buffer.concat([Buffer.from('/'), HOSTILE_NAMES[1]!]).toString('hex'),
    )
    expect(entries.map(({ target }) => target)).toContain(HOSTILE_CHARACTERS)
  })

  it('is content where content is asked', async () => {
    const { stdout } = await runCli('cat', `${image}:2:/text`)
    expect(stdout).toBe(`a line\none${HOSTILE_CHARACTERS}\n`)
  })

  it('is found by the form in which ls shows it', async () => {
    const { stdout } = await runCli('ls', `${image}:2:/`)
    for (const name of stdout.split('\n').filter((line) => line.startsWith('n') || line.startsWith('\\xff'))) {
      expect((await runCli('stat', `${image}:2:/${name}`)).status).toBe(0)
    }
  })
})
