/** Warnings have ids, can be accepted in the config, and fail under --strict. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { cliJson, runCli } from '../support/run-cli.js'

const scratch = scratchFolder()
let count = 0

const HEAD = 'image: disk.img\nsize: 16MiB\n'
const PARTITIONS = `partitions:
  - { name: a, start: 34s, size: 1MiB }
  - { name: b, start: 4097s, size: 1MiB }
  - { name: c, start: 8193s, size: 1MiB }
`
const ACCEPT = 'accept: [{ finding: alignment, reason: the ROM reads there }]\n'

function project(config: string): { config: string; out: string } {
  const base = join(scratch, `findings-${count++}.yaml`)
  writeFileSync(base, config)
  return { config: base, out: `${base}.out` }
}

describe('alignment', () => {
  it('is one warning for the image, whatever number of partitions it concerns', async () => {
    const { config } = project(HEAD + PARTITIONS)
    const { status, stderr } = await runCli('plan', config)
    expect(status).toBe(0)
    expect(stderr.match(/warning:/g)).toHaveLength(1)
    expect(stderr).toContain(
      'warning: 3 partitions start at no multiple of 4 KiB: partition "a" at sector 34, partition "b" at sector 4097, partition "c" at sector 8193;',
    )
    expect(stderr).toContain('[alignment]')
  })

  it('is one warning of an image that is inspected', async () => {
    const { config, out } = project(HEAD + PARTITIONS)
    expect((await runCli('build', config, '--out', out, '--only', 'image')).status).toBe(0)
    const { stderr } = await runCli('inspect', join(out, 'disk.img/disk.img'))
    expect(stderr.match(/alignment/g)).toHaveLength(1)
  })
})

describe('accept', () => {
  it('silences a warning, and is shown by plan, in --json and in the manifest', async () => {
    const { config, out } = project(HEAD + ACCEPT + PARTITIONS)
    const built = await runCli('build', config, '--out', out, '--strict')
    expect(built.status).toBe(0)
    expect(built.stderr).not.toContain('warning')
    const manifest = JSON.parse(readFileSync(join(out, 'disk.img/manifest.json'), 'utf8')) as { accepted: unknown }
    expect(manifest.accepted).toEqual([{ finding: 'alignment', reason: 'the ROM reads there' }])
    const planned = await runCli('plan', config)
    expect(planned.stderr).toMatch(/^accepted: 3 partitions .*\n {2}reason: the ROM reads there\n$/)
    const events = await cliJson('plan', config)
    expect(events[0]).toMatchObject({ event: 'accepted', finding: 'alignment', reason: 'the ROM reads there' })
  })

  it('of a partition leaves the warnings of the others', async () => {
    const own = PARTITIONS.replace('34s, size: 1MiB', '34s, size: 1MiB, accept: [{ finding: alignment, reason: old }]')
    const { config } = project(HEAD + own)
    const { stderr } = await runCli('plan', config)
    expect(stderr).toContain('accepted: Partition "a" starts at sector 34')
    expect(stderr).toContain('warning: 2 partitions start at no multiple of 4 KiB')
  })

  it('is reported where it matches nothing', async () => {
    const { config } = project(`${HEAD}${ACCEPT}partitions: [{ name: a, size: 1MiB }]\n`)
    const { status, stderr } = await runCli('plan', config)
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /:3:10: warning: The config accepts "alignment", and nothing of that kind is found \[accept-unused\]/,
    )
    expect((await runCli('plan', config, '--strict')).status).toBe(4)
  })

  it('refuses an id that does not exist', async () => {
    const { config } = project(
      `${HEAD}${ACCEPT.replace('alignment', 'alignement')}partitions: [{ name: a, size: 1MiB }]\n`,
    )
    const { status, stderr } = await runCli('plan', config)
    expect(status).toBe(3)
    expect(stderr).toContain('Did you mean "alignment"?')
  })
})

describe('--strict', () => {
  it.each([['build'], ['build', '--quiet'], ['plan'], ['build', '--only', 'image']])(
    '%s %s fails with the warnings and leaves nothing behind',
    async (command, ...more) => {
      const { config, out } = project(HEAD + PARTITIONS)
      const place = command === 'build' ? ['--out', out] : []
      const { status, stdout, stderr } = await runCli(command!, config, ...place, ...more, '--strict')
      expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
      expect(stderr).toMatch(/:4:23: error: 3 partitions start at no multiple of 4 KiB.* \[alignment, --strict\]/)
      expect(stderr).not.toContain('warning:')
      expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
    },
  )

  it('of flash fails before a device is written', async () => {
    const { config } = project(HEAD + PARTITIONS)
    const { status, stderr } = await runCli('flash', config, join(scratch, 'no-device'), '--yes', '--strict')
    expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringContaining('[alignment, --strict]') })
  })
})

describe('--json', () => {
  it('has an error as one event, and no second copy of it as text', async () => {
    const { config } = project('image: disk.img\nsize: 16MiB\npartitions: [{ name: a, size: big }]\n')
    const { status, stdout, stderr } = await runCli('plan', config, '--json')
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 'CONFIG', problems: [{ position: { line: 3 } }] })
  })

  it('has warnings and a wrong command line as events alone', async () => {
    const { config, out } = project(HEAD + PARTITIONS)
    const built = await runCli('build', config, '--out', out, '--json')
    expect(built.stderr).toBe('')
    expect(built.stdout.match(/"event":"warning"/g)).toHaveLength(1)
    const wrong = await runCli('plan', config, '--json', '--onyl')
    expect({ status: wrong.status, stderr: wrong.stderr }).toEqual({ status: 2, stderr: '' })
    expect(JSON.parse(wrong.stdout)).toMatchObject({ event: 'error', code: 'USAGE' })
  })
})
