import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readInputFile } from './read-input-file.js'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'diskloom-input-'))
})
afterAll(() => rmSync(scratch, { recursive: true }))

it('reads a file whole, also one that says it has 0 bytes', () => {
  const path = join(scratch, 'file')
  const content = Buffer.alloc(200_000, 'abc')
  writeFileSync(path, content)
  expect(readInputFile(path).equals(content)).toBe(true)
  expect(readInputFile('/proc/self/status').length).toBeGreaterThan(0)
})

it('refuses what has no end, or waits for a writer', () => {
  const fifo = join(scratch, 'fifo')
  execFileSync('mkfifo', [fifo])
  expect(() => readInputFile(fifo)).toThrow('it is a fifo, a regular file is accepted')
  expect(() => readInputFile('/dev/zero')).toThrow('it is a character device, a regular file is accepted')
})

it('refuses more than such a file has', () => {
  const path = join(scratch, 'large')
  writeFileSync(path, Buffer.alloc(1001))
  expect(() => readInputFile(path, 1000)).toThrow('it has more than 1000 bytes')
  expect(readInputFile(path, 1001)).toHaveLength(1001)
})
