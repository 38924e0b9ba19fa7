/** `--depfile` as Make and Ninja read it, and `diskloom inputs`. */
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { planDepfile } from '../../src/build/depfile.js'
import { build, inputs } from '../../src/build.js'
import { runCommandLine } from '../../src/cli/command-line.js'
import { capturedTerminal } from '../support/captured-terminal.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'
import { makeProject } from '../support/rejected-build.js'

const scratch = scratchFolder()
const AWKWARD = [
  'plain.txt',
  'two words.txt',
  'a#b',
  'cost$5',
  'back\\slash',
  'a:b',
  'end\\ x',
  '100%',
  'ünïcode',
  'a (1).txt',
  'a[1]',
  '~x',
  '{y}',
]
/** Names that one of the two tools cannot read. */
const UNNAMED = ["it's", 'x;y', 'a=b', '(p)', 'new\nline', 'a\\#b']
let project: string

beforeAll(() => {
  project = makeProject(scratch, {
    config: `
include: base.yaml
partitions:
  - { name: kernel, size: 1MiB, fs: "ker nel.bin" }
  - { name: rootfs, size: 4MiB, fs: ext4, content: [tree, { tar: more.tar }] }
bundle: { include: [NOTES.txt] }
`,
    files: {
      'base.yaml': 'image: board.img\nsize: 8MiB\n',
      'ker nel.bin': 'kernel',
      'NOTES.txt': 'read',
      'more.tar': Buffer.alloc(10240),
      'tree/sub/deep/file': 'x',
      'tree/empty': 'folder',
      'tree/nothing in it': '',
      ...Object.fromEntries([...AWKWARD, ...UNNAMED].map((name) => [`tree/${name}`, name])),
    },
  })
})

describe('diskloom inputs', () => {
  it('lists configs, files and folders, each once, and nothing else', async () => {
    const found = await inputs({ config: join(project, 'board.yaml'), environment: {} })
    expect(found).toEqual(
      [
        ...['NOTES.txt', 'base.yaml', 'board.yaml', 'ker nel.bin', 'more.tar'],
        ...['tree', 'tree/empty', 'tree/sub', 'tree/sub/deep', 'tree/sub/deep/file', 'tree/nothing in it'],
        ...[...AWKWARD, ...UNNAMED].map((name) => `tree/${name}`),
      ]
        .map((name) => join(project, name))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
  })

  it('prints them, ended by newlines or zero bytes', async () => {
    const terminal = capturedTerminal()
    expect(await runCommandLine(['inputs', '-0', join(project, 'board.yaml')], terminal)).toBe(0)
    expect(terminal.written.stdout.split('\0')).toContain(join(project, 'tree/two words.txt'))
  })
})

describe('a depfile', () => {
  it('says paths below the base relative to it', () => {
    expect(Buffer.from(planDepfile('/w/out/a', ['/w/x y', '/else/z'], '/w').bytes).toString()).toBe(
      'out/a: \\\n  x\\ y \\\n  /else/z\n\nx\\ y:\n\n/else/z:\n',
    )
  })

  it('keeps bytes that are no UTF-8', () => {
    const { bytes } = planDepfile('/w/a', [Buffer.from('/w/caf\xe9', 'latin1')], '/w')
    expect(Buffer.from(bytes).toString('latin1')).toContain('  caf\xe9\n')
  })

  it('leaves out what neither tool can read, and says so', async () => {
    const depfile = join(project, 'odd.d')
    const out = join(project, 'odd')
    const { warnings } = await build({
      config: join(project, 'board.yaml'),
      out,
      environment: {},
      only: 'image',
      depfile,
    })
    const named = warnings.map(({ message }) => message).filter((message) => message.includes('in the depfile'))
    expect(named).toHaveLength(UNNAMED.length)
    for (const name of UNNAMED) {
      expect(
        named.some((message) => message.includes(JSON.stringify(join(project, 'tree', name)))),
        name,
      ).toBe(true)
    }
  })
})

describeWithTools('a depfile, by other tools', ['make', 'ninja'], () => {
  /** What a run of the tool says it would do after `change`; nothing when the result is new. */
  async function prepare(): Promise<string> {
    const result = await build({
      config: join(project, 'board.yaml'),
      out: join(project, 'out'),
      environment: {},
      only: 'image',
      depfile: join(project, 'board.d'),
    })
    return result.outputs[0]!.path
  }

  const namedInputs = async () =>
    (await inputs({ config: join(project, 'board.yaml'), environment: {} })).filter(
      (path) => !UNNAMED.some((name) => String(path) === join(project, 'tree', name)),
    )

  const FUTURE_SECONDS = Date.now() / 1000 + 3600

  it('make builds again when any of them changes, and not otherwise', async () => {
    const target = await prepare()
    writeFileSync(join(project, 'Makefile'), `all: ${target}\n${target}:\n\t@echo BUILD\n-include board.d\n`)
    const isOld = () => {
      const result = runTool('make', ['-n'], { cwd: project })
      expect(result.stderr).toBe('')
      return result.stdout.includes('BUILD')
    }
    const built = Date.now() / 1000 - 1000
    const needed = await namedInputs()
    for (const path of needed) utimesSync(path, built - 500, built - 500)
    utimesSync(target, built, built)
    expect(isOld()).toBe(false)
    for (const path of needed) {
      utimesSync(path, built + 500, built + 500)
      expect(isOld(), String(path)).toBe(true)
      utimesSync(path, built - 500, built - 500)
    }
    expect(isOld()).toBe(false)
    rmSync(join(project, 'tree/plain.txt'))
    expect(isOld(), 'a file that is gone').toBe(true)
    writeFileSync(join(project, 'tree/plain.txt'), 'plain.txt')
  })

  it('ninja reads the same names', async () => {
    const target = await prepare()
    mkdirSync(join(project, 'ninja'), { recursive: true })
    writeFileSync(
      join(project, 'ninja/build.ninja'),
      `rule image\n  command = cp ../board.d board.d && touch ${target}\n  depfile = board.d\n  deps = gcc\nbuild ${target}: image\n`,
    )
    const cwd = join(project, 'ninja')
    expect(runTool('ninja', [], { cwd })).toMatchObject({ status: 0 })
    const known = runTool('ninja', ['-t', 'deps'], { cwd }).stdout
    for (const path of await namedInputs()) {
      expect(
        known.split('\n').map((line) => line.trim()),
        String(path),
      ).toContain(String(path))
    }
    expect(runTool('ninja', ['-n'], { cwd }).stdout).toContain('no work to do')
    utimesSync(join(project, 'tree/sub/deep/file'), FUTURE_SECONDS, FUTURE_SECONDS)
    expect(runTool('ninja', ['-n'], { cwd }).stdout).toContain('[1/1]')
    expect(readFileSync(join(project, 'board.d'), 'latin1')).toContain('two\\ words.txt')
  })
})
