import { expect, it } from 'vitest'
import { appendAll } from './append-all.js'

it('appends more items than a call has room for arguments', () => {
  const list = [0]
  appendAll(list, new Array<number>(1_000_000).fill(1))
  expect(list.length).toBe(1_000_001)
  expect(list.at(-1)).toBe(1)
})
