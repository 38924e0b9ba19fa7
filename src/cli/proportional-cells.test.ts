import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { proportionalCells } from './proportional-cells.js'

describe('proportionalCells', () => {
  const CASES: [sizes: number[], cells: number, expected: number[]][] = [
    [[1, 1], 4, [2, 2]],
    [[1, 1], 5, [3, 2]],
    [[1, 1000], 10, [1, 9]],
    [[1, 1000, 1], 3, [1, 1, 1]],
    // The small one takes from the others, whose shares then fall below a cell too.
    [[1, 90, 90, 9, 9], 6, [1, 2, 1, 1, 1]],
    [[0, 5], 4, [1, 3]],
    [[], 0, []],
  ]
  for (const [sizes, cells, expected] of CASES) {
    it(`${JSON.stringify(sizes)} in ${cells}`, () => {
      expect(proportionalCells(sizes, cells)).toEqual(expected)
    })
  }

  it('gives every stretch a cell, uses all cells, and more to the larger', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 200 }), (list, more) => {
        const cells = list.length + more
        const counts = proportionalCells(list, cells)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(cells)
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(1)
        for (let a = 1; a < list.length; a++) {
          if (list[a]! > list[a - 1]!) expect(counts[a]).toBeGreaterThanOrEqual(counts[a - 1]! - 1)
        }
      }),
    )
  })

  it('throws without a cell for each', () => {
    expect(() => proportionalCells([1, 1], 1)).toThrow('2 stretches in 1 cells')
  })
})
