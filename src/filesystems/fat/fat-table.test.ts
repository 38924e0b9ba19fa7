import { describe, expect, it } from 'vitest'
import type { FatWidth } from './disklayout.js'
import { FatTable } from './fat-table.js'

function tableOf(width: FatWidth, chains: [first: number, count: number][], used: number): string {
  const table = new FatTable(width, used, 0xf8)
  for (const [first, count] of chains) table.addChain(first, count)
  return Buffer.from(table.bytes()).toString('hex')
}

describe('FatTable', () => {
  it('FAT32: reserved entries, a chain of three, a chain of one', () => {
    const chains: [number, number][] = [
      [2, 3],
      [5, 1],
    ]
    expect(tableOf(32, chains, 4)).toBe('f8ffff0fffffff0f0300000004000000ffffff0fffffff0f')
  })

  it('FAT16', () => {
    expect(tableOf(16, [[2, 2]], 2)).toBe('f8ffffff0300ffff')
  })

  it.each([
    [1, 'f8ffffff0f'],
    [2, 'f8ffff03f0ff'],
    [3, 'f8ffff034000ff0f'],
  ])('FAT12: a chain of %i across the shared bytes', (count, hex) => {
    expect(tableOf(12, [[2, count]], count)).toBe(hex)
  })

  it('FAT12: an odd entry beside an even one of another chain', () => {
    const chains: [number, number][] = [
      [2, 1],
      [3, 2],
    ]
    expect(tableOf(12, chains, 3)).toBe('f8ffffff4f00ff0f')
  })

  it('takes a chain beyond the table for a bug', () => {
    expect(() => tableOf(16, [[3, 2]], 2)).toThrow('invariant')
  })
})
