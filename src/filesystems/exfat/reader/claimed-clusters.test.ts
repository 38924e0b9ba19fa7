import { describe, expect, it } from 'vitest'
import { joined, missingFrom, overlaps } from './claimed-clusters.js'

const runs = (...pairs: [number, number][]) => pairs.map(([first, end]) => ({ first, count: end - first }))
const pairs = (found: Iterable<{ first: number; count: number }>) =>
  [...found].map(({ first, count }) => [first, first + count])

describe('claims of clusters', () => {
  it('overlap where a later one begins before an earlier one ends', () => {
    const claims = runs([2, 10], [3, 4], [10, 12], [11, 13]).map((run, owner) => ({ ...run, owner }))
    expect([...overlaps(claims)]).toEqual([
      { cluster: 3, first: 0, second: 1 },
      { cluster: 11, first: 2, second: 3 },
    ])
  })

  it('are joined where they touch', () => {
    expect(pairs(joined(runs([2, 10], [3, 4], [10, 12], [13, 14])))).toEqual([
      [2, 12],
      [13, 14],
    ])
  })

  it.each([
    ['all of it', runs([2, 5]), [], [[2, 5]]],
    ['nothing', runs([2, 5]), runs([1, 9]), []],
    [
      'what is before, between and after',
      runs([2, 9], [20, 30]),
      runs([3, 4], [6, 7], [8, 22], [40, 41]),
      [
        [2, 3],
        [4, 6],
        [7, 8],
        [22, 30],
      ],
    ],
  ])('that others do not have: %s', (_, some, others, expected) => {
    expect(pairs(missingFrom(some, others))).toEqual(expected)
  })
})
