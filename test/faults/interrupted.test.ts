/** A build that is stopped, wherever it is, says so and leaves nothing. */
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { InterruptedError } from '../../src/errors.js'
import { startCommand } from '../support/diskloom.js'
import { scratchFolder } from '../support/oracle.js'
import { listNames, makeProject } from '../support/rejected-build.js'

const MIB = 1 << 20
const scratch = scratchFolder()

const configOf = (volumeSize: string): string => `image: disk.img
table: gpt
partitions:
  - { name: raw, fs: raw.bin }
  - { name: root, size: ${volumeSize}, fs: ext4/tree }
  - { name: boot, size: ${volumeSize}, fs: fat/tree }
`
/** Long enough for a signal to come in the middle. */
const LONG = configOf('160MiB')

describe('an aborted build', () => {
  it('leaves nothing, at whichever event it is aborted', async () => {
    const folder = makeProject(scratch, {
      config: configOf('16MiB'),
      files: {
        'raw.bin': Buffer.alloc(3 * MIB, 'raw'),
        'tree/a.bin': Buffer.alloc(2 * MIB, 'a'),
        'tree/sub/b.txt': 'b',
      },
    })
    const config = join(folder, 'board.yaml')
    let events = 0
    await build({ config, out: join(folder, 'whole'), environment: {}, onEvent: () => void events++ })
    expect(events).toBeGreaterThan(5)

    // At the last event, `finish`, everything is in its place: that build is done.
    for (let abortAt = 1; abortAt < events; abortAt++) {
      const out = join(folder, `out${abortAt}`)
      const controller = new AbortController()
      let seen = 0
      const stopped = build({
        config,
        out,
        environment: {},
        signal: controller.signal,
        onEvent: () => {
          if (++seen === abortAt) controller.abort()
        },
      })
      await expect(stopped, `aborted at event ${abortAt}`).rejects.toBeInstanceOf(InterruptedError)
      expect(listNames(out), `aborted at event ${abortAt}`).toBeUndefined()
    }
  })
})

describe('the command under a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s: exits 130 and leaves nothing', async (signal) => {
    const folder = makeProject(scratch, {
      config: LONG,
      files: { 'raw.bin': { sizeBytes: 200 * MIB }, 'tree/a.bin': { sizeBytes: 100 * MIB } },
    })
    const out = join(folder, 'out')
    const child = startCommand(['build', join(folder, 'board.yaml'), '--out', out, '--json'])
    let printed = ''
    child.stdout!.on('data', (text) => {
      printed += text
      // In the middle: the image is being written, the last byte is far.
      if (/"event":\s*"progress"/.test(printed) && !child.killed) child.kill(signal)
    })
    const [status] = await once(child, 'close')
    expect(printed).toMatch(/"event":\s*"error".*interrupted/i)
    expect(status).toBe(130)
    expect(listNames(out)).toBeUndefined()
  })
})

describe('a build that was killed without a chance to clean up', () => {
  it('leaves what the next build of the same image removes', async () => {
    const folder = makeProject(scratch, {
      config: LONG,
      files: { 'raw.bin': { sizeBytes: 200 * MIB }, 'tree/a.bin': Buffer.alloc(MIB, 'a') },
    })
    const out = join(folder, 'out')
    const config = join(folder, 'board.yaml')
    const child = startCommand(['build', config, '--out', out, '--json'])
    child.stdout!.on('data', (text) => {
      if (/"event":\s*"progress"/.test(String(text))) child.kill('SIGKILL')
    })
    await once(child, 'close')
    expect(listNames(out)?.filter((name) => name.includes('.diskloom-'))).not.toEqual([])
    const { outputs } = await build({ config, out, environment: {}, only: 'image' })
    expect(listNames(out)).toEqual(['disk.img', ...outputs.map(({ path }) => relative(out, path))])
  })
})
