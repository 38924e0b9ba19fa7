import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlockAllocator } from './block-allocator.js'
import { BlockRanges } from './block-ranges.js'

const SIZE = 60
const cells = fc.array(fc.boolean(), { minLength: SIZE, maxLength: SIZE })

function rangesOf(used: readonly boolean[], order: readonly number[]): BlockRanges {
  const ranges = new BlockRanges()
  for (const cell of order) if (used[cell]) ranges.add(cell, cell + 1)
  return ranges
}

const listed = (ranges: BlockRanges) => Array.from({ length: ranges.rangeCount }, (_, index) => ranges.range(index))

describe('BlockRanges', () => {
  it('agrees with an array of flags, whatever the order of insertion', () => {
    const orders = fc.shuffledSubarray([...Array(SIZE).keys()], { minLength: SIZE, maxLength: SIZE })
    fc.assert(
      fc.property(cells, orders, fc.nat(SIZE - 1), fc.integer({ min: 1, max: 8 }), (used, order, from, count) => {
        const ranges = rangesOf(used, order)
        const inOrder = listed(ranges)
        expect(inOrder.every((range, index) => index === 0 || inOrder[index - 1]!.end < range.start)).toBe(true)
        expect(ranges.countWithin(from, SIZE)).toBe(used.slice(from).filter(Boolean).length)
        const free = [...ranges.gaps(from, SIZE)].flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, index) => start + index),
        )
        expect(free).toEqual(used.flatMap((taken, cell) => (!taken && cell >= from ? [cell] : [])))
        let expected = from
        while (used.slice(expected, expected + count).some(Boolean)) expected++
        expect(ranges.firstFree(from, count)).toBe(expected)
      }),
    )
  })

  it('refuses a block that is taken', () => {
    const ranges = new BlockRanges()
    ranges.add(10, 20)
    expect(() => ranges.add(19, 25)).toThrow('block 19 is handed out twice')
    expect(() => ranges.add(5, 11)).toThrow('block 5 is handed out twice')
  })
})

describe('BlockAllocator', () => {
  it('hands out every free block once, in order, and counts what it could not', () => {
    fc.assert(
      fc.property(cells, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 }), (used, wishes) => {
        const ranges = rangesOf(used, [...used.keys()])
        const free = SIZE - ranges.countWithin(0, SIZE)
        const allocator = new BlockAllocator(ranges, 0, SIZE)
        const taken = wishes
          .flatMap((count) => allocator.take(count))
          .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))
        const wished = wishes.reduce((sum, count) => sum + count, 0)
        expect(taken).toEqual(used.flatMap((isUsed, cell) => (isUsed ? [] : [cell])).slice(0, wished))
        expect(allocator.missing).toBe(Math.max(0, wished - free))
        allocator.commit()
        expect(ranges.countWithin(0, SIZE)).toBe(SIZE - Math.max(0, free - wished))
      }),
    )
  })
})
