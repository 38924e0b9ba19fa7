import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readNamedFile, readReleaseFile } from './read-release-file.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('reads a pipe that the user names, and no pipe that a release has', async () => {
  const pipe = join(folder, 'pipe')
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
  expect(() => readReleaseFile(pipe)).toThrow(/it is not a regular file/)
  writeFileSync(join(folder, 'text'), 'a map')
  const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', join(folder, 'text'), pipe])
  expect(readNamedFile(pipe).toString()).toBe('a map')
  await once(writer, 'close')
})
