import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CapturedTerminal, capturedTerminal } from '../../test/support/captured-terminal.js'
import { emmcPlan } from '../../test/support/sample-plan.js'
import type { BuildOptions, BuildResult, PlanOptions, PlanResult } from '../build.js'
import { ConfigError, FormatError, InterruptedError, IoError, LayoutError, type Warning } from '../errors.js'
import { VERSION } from '../version.js'
import { runCommandLine } from './command-line.js'

const WARNING: Warning = {
  finding: 'alignment',
  message: 'Partition "others" starts at sector 13672447, no multiple of 4 KiB',
  hint: 'start at 13672448s',
  position: { file: join(process.cwd(), 'board.yaml'), line: 12, column: 30 },
  frame: '12 |   - { name: others }\n   |             ^^^^^^',
}

interface Fake {
  build?: (options: BuildOptions) => Promise<BuildResult>
  plan?: (options: PlanOptions) => Promise<PlanResult>
}

async function run(args: string[], fake: Fake = {}, terminal: CapturedTerminal = capturedTerminal()) {
  const build = fake.build ?? (async (options) => built(options))
  const plan =
    fake.plan ??
    (async ({ onEvent }: PlanOptions) => {
      onEvent?.({ kind: 'warning', problem: WARNING })
      return { plan: emmcPlan(), warnings: [WARNING] }
    })
  const status = await runCommandLine(args, terminal, { loadBuild: async () => ({ build, plan }) })
  return { status, ...terminal.written }
}

/** A build that goes well: every event once, one warning. */
function built(options: BuildOptions): BuildResult {
  options.onEvent?.({ kind: 'phase', phase: 'config', title: 'Reading the config' })
  options.onEvent?.({ kind: 'warning', problem: WARNING })
  options.onEvent?.({ kind: 'phase', phase: 'write', title: 'Weaving the image' })
  options.onEvent?.({ kind: 'progress', doneBytes: 50, totalBytes: 100 })
  options.onEvent?.({ kind: 'progress', doneBytes: 100, totalBytes: 100 })
  options.onEvent?.({ kind: 'phase', phase: 'finish', title: 'Done' })
  const folder = join(process.cwd(), 'out/disk')
  return {
    plan: emmcPlan(),
    warnings: [WARNING],
    folder,
    removed: ['disk.zst'],
    left: ['notes.txt'],
    seconds: 0.5,
    outputs: [
      { path: join(folder, 'disk'), kind: 'image', sizeBytes: 7_818_182_656 },
      { path: join(folder, 'gadget/modules.list'), kind: 'gadget', sizeBytes: 80, sha256: 'ab'.repeat(32) },
    ],
  }
}

function fails(error: unknown): Fake {
  return { build: () => Promise.reject(error), plan: () => Promise.reject(error) }
}

const WARNING_TEXT = `board.yaml:12:30: warning: Partition "others" starts at sector 13672447, no multiple of 4 KiB [alignment]
  12 |   - { name: others }
     |             ^^^^^^
  hint: start at 13672448s
`

describe('build', () => {
  it('prints the results, and the rest on standard error', async () => {
    expect(await run(['build', 'board.yaml'])).toEqual({
      status: 0,
      stdout:
        'out/disk/\n  disk                 7.28 GiB\n  gadget/modules.list      80 B\nRemoved, results of an earlier build that this one does not make: disk.zst\nAlso there, not of this build: notes.txt\n7.28 GiB disk built in 0.50 s\n',
      stderr: `Reading the config\nWeaving the image\n${WARNING_TEXT}`,
    })
  })

  it('says nothing with --quiet', async () => {
    expect(await run(['build', 'board.yaml', '--quiet'])).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await run(['plan', 'board.yaml', '-q'])).toMatchObject({ status: 0, stderr: '' })
    const { stdout } = await run(['build', 'board.yaml', '-q', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ event: 'result' })
  })

  it('writes one JSON object per line with --json', async () => {
    const { status, stdout } = await run(['build', 'board.yaml', '--json'])
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string })
    expect(status).toBe(0)
    expect(events.map(({ event }) => event)).toEqual([
      'phase',
      'warning',
      'phase',
      'progress',
      'progress',
      'phase',
      'result',
    ])
    expect(events[1]).toEqual({
      event: 'warning',
      finding: 'alignment',
      message: WARNING.message,
      hint: WARNING.hint,
      position: WARNING.position,
    })
    expect(events.at(-1)).toMatchObject({ seconds: 0.5, outputs: [{ kind: 'image' }, { kind: 'gadget' }] })
  })

  it('passes its options on', async () => {
    const controller = new AbortController()
    const terminal = capturedTerminal({ environment: { HOME: '/root' }, signal: controller.signal })
    let given: BuildOptions | undefined
    const args = [
      'build',
      'a.yaml',
      '-o',
      '/tmp/x',
      '--set',
      'A=1',
      '--set',
      'B=x=y',
      '--size',
      '1M',
      '--only',
      'image',
      '--full-sha256',
    ]
    const build = async (options: BuildOptions) => {
      given = options
      return built(options)
    }
    await run(args, { build }, terminal)
    expect(given).toMatchObject({
      config: 'a.yaml',
      out: '/tmp/x',
      set: { A: '1', B: 'x=y' },
      sizeBytes: 1 << 20,
      only: 'image',
      fullSha256: true,
      environment: { HOME: '/root' },
      signal: controller.signal,
    })
  })

  it('tells the warnings of a build that fails', async () => {
    const { stderr } = await run(['build', 'board.yaml'], {
      build: async (options) => {
        built(options)
        throw new IoError('Cannot write out/disk: the disk is full')
      },
    })
    expect(stderr).toBe(
      `Reading the config\nWeaving the image\n${WARNING_TEXT}error: Cannot write out/disk: the disk is full\n`,
    )
  })
})

describe('plan', () => {
  it('prints the layout, warnings on standard error', async () => {
    const { status, stdout, stderr } = await run(['plan', 'board.yaml'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^linux_burn_image: 7\.28 GiB, 15269888 sectors of 512 bytes, GPT$/m)
    expect(stdout).toContain('┌')
    expect(stderr).toBe(WARNING_TEXT)
  })

  it('gives it as data with --json', async () => {
    const { stdout } = await run(['plan', 'board.yaml', '--json'])
    const [warning, plan] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(warning).toMatchObject({ event: 'warning', message: WARNING.message })
    expect(plan).toMatchObject({
      event: 'plan',
      plan: { image: 'linux_burn_image', sizeBytes: 7_818_182_656, table: 'gpt' },
    })
    expect(plan.plan.partitions[0]).toEqual({
      number: 1,
      name: 'kernel',
      startByte: 33_792 * 512,
      endByte: 164_864 * 512,
      sizeBytes: 64 << 20,
      logical: false,
      type: { name: 'linux', guid: '0fc63daf-8483-4772-8e79-3d69d8477de4' },
      uuid: '00000000-0000-5000-8000-000000000000',
      attributes: '0x0',
      bootable: false,
      fs: 'boot.img',
      payloadBytes: 15_794_031,
      freeBytes: (64 << 20) - 15_794_031,
    })
  })
})

describe('errors', () => {
  const CLASSES: [error: Error, status: number][] = [
    [new ConfigError('Cannot read size: …'), 3],
    [new LayoutError('Cannot place partition: …'), 4],
    [new FormatError('Cannot write label: …'), 5],
    [new IoError('Cannot write: …'), 6],
    [new InterruptedError(), 130],
  ]
  for (const [error, status] of CLASSES) {
    it(`${error.name} ends with ${status}`, async () => {
      for (const command of ['build', 'plan']) {
        const result = await run([command, 'board.yaml', ...(command === 'build' ? ['-q'] : [])], fails(error))
        expect(result).toEqual({ status, stdout: '', stderr: `error: ${error.message}\n` })
      }
    })
  }

  it('tells all problems, each with place, frame and hint, and counts them', async () => {
    const problems = [WARNING, { message: 'Cannot read config: no partitions' }]
    const { stderr } = await run(['plan', 'board.yaml'], fails(new ConfigError(problems)))
    expect(stderr).toBe(
      `${WARNING_TEXT.replace('warning', 'error').replace(']', ', --strict]')}error: Cannot read config: no partitions\n2 errors\n`,
    )
  })

  it('paints them on a terminal', async () => {
    const { stderr } = await run(['plan', 'a'], fails(new ConfigError('Cannot x')), capturedTerminal({ tty: true }))
    expect(stderr).toBe('\x1b[1m\x1b[31merror:\x1b[39m\x1b[22m Cannot x\n')
  })

  it('shows the stack of a bug and asks for a report', async () => {
    const { status, stderr } = await run(['plan', 'a'], fails(new Error('invariant: x')))
    expect(status).toBe(70)
    expect(stderr).toMatch(
      /^bug: Error: invariant: x\n {4}at [\s\S]*please report it with these lines and the config\.\n$/,
    )
  })

  it('is an event too with --json', async () => {
    const { status, stdout, stderr } = await run(['build', 'a', '--json'], fails(new ConfigError([WARNING])))
    expect(status).toBe(3)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      event: 'error',
      code: 'CONFIG',
      problems: [{ finding: 'alignment', message: WARNING.message, hint: WARNING.hint, position: WARNING.position }],
    })
  })

  const USAGE: [args: string[], message: RegExp][] = [
    [[], /^Usage: diskloom/],
    [['bild', 'x'], /unknown command 'bild'\n\(Did you mean build\?\)/],
    [['build'], /missing required argument 'config'/],
    [['build', 'a', 'b'], /too many arguments for 'build'/],
    [['build', 'a', '--quite'], /unknown option '--quite'\n\(Did you mean --quiet\?\)/],
    [['build', 'a', '--only', 'both'], /argument 'both' is invalid\. Allowed choices are image, bundle/],
    [['build', 'a', '--set', 'A'], /argument 'A' is invalid\. A name, "=" and the value are expected/],
    [['plan', 'a', '--size', '7GB'], /argument '7GB' is invalid\. "7GB" may mean powers of 1000 or of 1024/],
    [
      ['build', 'a', '--verify', '--only', 'image'],
      /error: option '--verify' cannot be used with option '--only <what>'/,
    ],
  ]
  for (const [args, message] of USAGE) {
    it(`refuses "diskloom ${args.join(' ')}" with 2`, async () => {
      const { status, stdout, stderr } = await run(args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(message)
    })
  }
})

describe('help', () => {
  it('names the commands, the exit codes and examples', async () => {
    const { status, stdout, stderr } = await run(['--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const word of ['build', 'plan', 'schema', 'init', 'Examples:', 'Exit codes:']) expect(stdout).toContain(word)
  })

  for (const command of ['build', 'plan', 'schema', 'init']) {
    it(`explains ${command} within 80 columns`, async () => {
      const { status, stdout } = await run([command, '--help'])
      expect(status).toBe(0)
      expect(stdout).toMatch(new RegExp(`^Usage: diskloom ${command} `))
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    })
  }

  it('is the same from a command that is loaded alone', async () => {
    const { stdout } = await run(['--help'])
    const list = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'))
    const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!).filter((name) => name !== 'help')
    expect(commands).toHaveLength(19)
    for (const command of commands) expect(await run([command, '--help'])).toEqual(await run(['help', command]))
  })

  it('gives the version', async () => {
    expect(await run(['--version'])).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: '' })
  })
})

describe('init', () => {
  it('writes a config, and none over another file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'diskloom-init-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'board.yaml')
    expect(await run(['init', path])).toMatchObject({ status: 0, stdout: `${path}\n` })
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('partitions:')
    expect(await run(['init', path])).toEqual({
      status: 6,
      stdout: '',
      stderr: `error: Cannot write ${path}: it exists already, a new file is expected\n  hint: Name another file, or - for standard output\n`,
    })
    expect(await run(['init', '-'])).toEqual({ status: 0, stdout: text, stderr: '' })
    expect((await run(['init', join(folder, 'no/board.yaml')])).stderr).toContain('its folder does not exist')
  })
})

describe('schema', () => {
  it('is JSON', async () => {
    const { status, stdout } = await run(['schema'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ properties: { partitions: {} } })
  })
})
