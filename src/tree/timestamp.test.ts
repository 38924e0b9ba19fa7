import { expect, it } from 'vitest'
import { clampTimestamp, timestampFromNs } from './timestamp.js'

it.each([
  [0n, 0, 0],
  [1n, 0, 1],
  [1_999_999_999n, 1, 999_999_999],
  [-1n, -1, 999_999_999],
  [-1_000_000_000n, -1, 0],
  [-86_400_250_000_000n, -86_401, 750_000_000],
  [5_000_000_000_000_000_001n, 5_000_000_000, 1],
])('%d ns are %d s and %d ns', (ns, seconds, nanoseconds) => {
  expect(timestampFromNs(ns)).toEqual({ seconds, nanoseconds })
})

it('clamps later times only', () => {
  const latest = { seconds: 10, nanoseconds: 5 }
  expect(clampTimestamp({ seconds: 10, nanoseconds: 6 }, latest)).toBe(latest)
  expect(clampTimestamp({ seconds: 10, nanoseconds: 5 }, latest)).toEqual(latest)
  expect(clampTimestamp({ seconds: 9, nanoseconds: 999 }, latest)).toEqual({ seconds: 9, nanoseconds: 999 })
  expect(clampTimestamp({ seconds: 11, nanoseconds: 0 }, undefined)).toEqual({ seconds: 11, nanoseconds: 0 })
})
