import type { FileHandle } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { writePieces } from './write-pieces.js'

/** A file that takes at most `mostBytes` at once, and ends at `limitBytes`. */
function shortFile(mostBytes: number, limitBytes: number) {
  const content = new Uint8Array(limitBytes)
  const writev = async (pieces: readonly Uint8Array[], position: number) => {
    if (position >= limitBytes) throw Object.assign(new Error(), { code: 'EFBIG' })
    const given = Buffer.concat(pieces).subarray(0, Math.min(mostBytes, limitBytes - position))
    content.set(given, position)
    return { bytesWritten: given.length, buffers: pieces }
  }
  return { content, handle: { writev } as unknown as FileHandle }
}

const PIECES = ['ab', '', 'cde', 'f'].map((text) => Buffer.from(text))

it.each([1, 2, 3, 5, 6])('pieces are written whole where a file takes %i bytes at once', async (mostBytes) => {
  const { content, handle } = shortFile(mostBytes, 8)
  await writePieces(handle, 'file', PIECES, 2)
  expect(Buffer.from(content).toString()).toBe('\0\0abcdef')
})

it('a file that is too large is told with the length that these pieces give it', async () => {
  const { content, handle } = shortFile(4, 6)
  await expect(writePieces(handle, 'file', PIECES, 2)).rejects.toMatchObject({
    message: 'Cannot write file: 8 bytes are more than its file system allows for one file',
    details: { offset: 6 },
  })
  expect(Buffer.from(content).toString()).toBe('\0\0abcd')
})
