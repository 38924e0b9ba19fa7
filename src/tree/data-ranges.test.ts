import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { IoError } from '../errors.js'
import { makeDataScanner } from './data-ranges.js'

const BLOCK = 4096
const CHUNK = 1 << 20
const scanner = makeDataScanner()

// A disk's file system takes direct reads, tmpfs (where there is one) does not: both ways are walked.
const folders = [tmpdir(), '/dev/shm'].map((parent) => {
  try {
    return mkdtempSync(join(parent, 'diskloom-scan-'))
  } catch {
    return undefined
  }
})
afterAll(() => {
  for (const folder of folders) if (folder !== undefined) rmSync(folder, { recursive: true })
})

describe.each(folders.filter((folder) => folder !== undefined))('in %s', (folder) => {
  const file = join(folder, 'file')
  const scanOf = (content: Uint8Array): readonly (readonly number[])[] => {
    writeFileSync(file, content)
    return scanner.scan(file, content.length)
  }

  it.each([
    ['nothing', 0, [], []],
    ['one zero', 1, [], []],
    ['one byte', 1, [0], [[0, 1]]],
    ['a byte at the end of a block', BLOCK, [BLOCK - 1], [[0, BLOCK]]],
    ['a byte after it', BLOCK + 1, [BLOCK], [[BLOCK, BLOCK + 1]]],
    ['a zero tail', BLOCK + 1, [0], [[0, BLOCK]]],
    ['neighbours', 3 * BLOCK, [0, BLOCK], [[0, 2 * BLOCK]]],
    [
      'a hole between',
      3 * BLOCK,
      [0, 2 * BLOCK],
      [
        [0, BLOCK],
        [2 * BLOCK, 3 * BLOCK],
      ],
    ],
    [
      'over the border of two reads',
      CHUNK + BLOCK + 7,
      [CHUNK - 1, CHUNK, CHUNK + BLOCK + 6],
      [[CHUNK - BLOCK, CHUNK + BLOCK + 7]],
    ],
    [
      'zeros over the border',
      2 * CHUNK + 1,
      [0, 2 * CHUNK],
      [
        [0, BLOCK],
        [2 * CHUNK, 2 * CHUNK + 1],
      ],
    ],
  ])('%s', (_, length, ones, expected) => {
    const content = new Uint8Array(length)
    for (const at of ones) content[at] = 1
    expect(scanOf(content)).toEqual(expected)
  })

  it('refuses a file that became shorter, at a block and between two', () => {
    writeFileSync(file, Buffer.alloc(3 * BLOCK, 1))
    for (const length of [0, BLOCK, BLOCK + 5, 3 * BLOCK - 1]) {
      truncateSync(file, length)
      const cut = (): unknown => scanner.scan(file, 3 * BLOCK)
      expect(cut).toThrow(IoError)
      expect(cut).toThrow(`it ends at byte ${length - (length % BLOCK)}, it had ${3 * BLOCK} bytes before`)
      writeFileSync(file, Buffer.alloc(3 * BLOCK, 1))
    }
  })

  it('says what cannot be read', () => {
    const missing = join(folder, 'missing')
    expect(() => scanner.scan(missing, 1)).toThrow(`Cannot look for holes in "${missing}" at byte 0: it does not exist`)
    mkdirSync(join(folder, 'sub'))
    expect(() => scanner.scan(join(folder, 'sub'), 1)).toThrow('it is a folder')
  })
})
