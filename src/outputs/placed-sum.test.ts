import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { PlacedSum } from './placed-sum.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

it('is the sum of headers and content in their places, with zeros between them', () => {
  const file = Buffer.alloc(300_000)
  const headers = [0, 100, 160_000, 299_990].map((position) => ({
    position,
    bytes: Buffer.from(`header at ${position}`.slice(0, 10)),
  }))
  for (const { position, bytes } of headers) file.set(bytes, position)
  file.fill('content', 110, 5000)
  file.fill(0xff, 5000, 140_000)
  file.fill('more', 200_000, 200_500)

  const sum = new PlacedSum(headers)
  sum.content(110, file.subarray(110, 3000))
  sum.content(3000, file.subarray(3000, 5000))
  sum.fill(5000, 135_000, 0xff)
  sum.fill(150_000, 10_000, 0)
  sum.content(200_000, file.subarray(200_000, 200_500))
  expect(sum.finish(file.length)).toBe(sha256(file))
})

it('needs neither headers nor content', () => {
  expect(new PlacedSum([]).finish(0)).toBe(sha256(Buffer.alloc(0)))
  expect(new PlacedSum([]).finish(70_000)).toBe(sha256(Buffer.alloc(70_000)))
  expect(new PlacedSum([{ position: 0, bytes: Buffer.from('x') }]).finish(1)).toBe(sha256(Buffer.from('x')))
})
