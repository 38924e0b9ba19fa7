import { expect, it } from 'vitest'
import { nearestWord } from './nearest.js'

it.each([
  ['gtp', ['gpt', 'mbr', 'none'], 'gpt'],
  ['strat', ['start', 'size', 'fs'], 'start'],
  ['Table', ['table', 'type'], 'table'],
  ['sectorsize', ['sector_size', 'size'], 'sector_size'],
  ['boot', ['start', 'end', 'fs'], undefined],
  ['x'.repeat(100_000), ['fs'], undefined],
  ['', ['fs'], undefined],
])('%.20s among %j → %j', (word, candidates, nearest) => {
  expect(nearestWord(word, candidates)).toBe(nearest)
})
