import { describe, expect, it } from 'vitest'
import { InterruptedError } from '../errors.js'
import { makeCommandRunner } from './run-command.js'

const runner = makeCommandRunner({ ...process.env, LC_ALL: 'de_DE', TZ: 'Asia/Tokyo' })

describe('a command', () => {
  it('gives status, output, and what it said', async () => {
    const result = await runner.run('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: Uint8Array.of(0, 255, 10) })
    expect(result).toEqual({ status: 3, stdout: Buffer.from([0, 255, 10]), stderr: 'bad\n' })
  })

  it('has a fixed locale and time zone, and what is added for it', async () => {
    const { stdout } = await runner.run('sh', ['-c', 'echo $LC_ALL $TZ $MORE $PWD'], { env: { MORE: 'x' }, cwd: '/' })
    expect(stdout.toString()).toBe('C UTC x /\n')
  })

  it('may leave its input unread', async () => {
    const input = 'x'.repeat(1 << 20)
    expect((await runner.run('true', [], { input })).status).toBe(0)
  })

  it('that a signal ends has 128 and its number', async () => {
    expect((await runner.run('sh', ['-c', 'kill -9 $$'])).status).toBe(137)
  })

  it('that is missing is named with its package', async () => {
    const bare = makeCommandRunner({ PATH: '/nonexistent' })
    expect(bare.locate('mke2fs-of-nobody')).toBeUndefined()
    await expect(bare.run('mke2fs-of-nobody', [])).rejects.toThrow(
      'Cannot run mke2fs-of-nobody: it is not installed, it must stand on the PATH or in /usr/sbin',
    )
  })
})

describe('an abort', () => {
  it('ends the command and what it started', async () => {
    const abort = new AbortController()
    const started = Date.now()
    const running = runner.run('sh', ['-c', 'sleep 60 & sleep 60; wait'], { signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    // The output stays open until the last of them has gone: `close` would not come before.
    await expect(running).rejects.toThrow(InterruptedError)
    expect(Date.now() - started).toBeLessThan(4000)
  })

  it('before the start keeps it from starting', async () => {
    await expect(runner.run('true', [], { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError)
  })
})
