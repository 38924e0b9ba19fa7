import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { isIncompressible, PROBE_BYTES } from './incompressible.js'

const program = readFileSync(process.execPath).subarray(8 << 20, 12 << 20)

const repeat = (piece: Uint8Array): Uint8Array =>
  Buffer.alloc(PROBE_BYTES).map((_, index) => piece[index % piece.length]!)

describe('isIncompressible', () => {
  it.each<[string, Uint8Array]>([
    ['noise', randomBytes(PROBE_BYTES)],
    ['noise of 8 KiB', randomBytes(8192)],
  ])('is true for %s', (_, bytes) => {
    expect(isIncompressible(bytes)).toBe(true)
  })

  it('is true for most of a .gz', () => {
    const packed = gzipSync(program)
    const pieces = Array.from({ length: Math.floor(packed.length / PROBE_BYTES) }, (_, index) =>
      packed.subarray(index * PROBE_BYTES, (index + 1) * PROBE_BYTES),
    )
    expect(pieces.filter(isIncompressible).length).toBeGreaterThan(pieces.length * 0.6)
  })

  it.each<[string, Uint8Array]>([
    ['zeros', new Uint8Array(PROBE_BYTES)],
    ['a program', program.subarray(0, PROBE_BYTES)],
    ['all bytes in turn', repeat(Uint8Array.from({ length: 256 }, (_, byte) => byte))],
    ['noise twice', repeat(randomBytes(PROBE_BYTES / 2))],
    ['noise with a short text in it', Buffer.concat([randomBytes(PROBE_BYTES - 4096), Buffer.alloc(4096, 'text ')])],
    ['base64', Buffer.from(randomBytes(PROBE_BYTES).toString('base64'))],
  ])('is false for %s', (_, bytes) => {
    expect(isIncompressible(bytes)).toBe(false)
  })
})
