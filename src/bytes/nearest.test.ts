import { expect, it } from 'vitest'
import { didYouMean, nearestWord } from './nearest.js'

const TYPES = ['linux', 'root-arm', 'root-arm64', 'esp', 'fat16-lba', 'fat32-lba']

it.each([
  ['linux', TYPES, 'linux'],
  ['LINUX', TYPES, 'linux'],
  ['linxu', TYPES, 'linux'],
  ['lnux', TYPES, 'linux'],
  ['root-arm46', TYPES, 'root-arm64'],
  ['root_arm', TYPES, 'root-arm'],
  ['fat23-lba', TYPES, 'fat32-lba'],
  ['esq', TYPES, 'esp'],
  ['', TYPES, undefined],
  ['ext', TYPES, undefined],
  ['something else entirely', TYPES, undefined],
  ['gtp', ['gpt', 'mbr', 'none'], 'gpt'],
  ['strat', ['start', 'size', 'fs'], 'start'],
  ['sectorsize', ['sector_size', 'size'], 'sector_size'],
  ['boot', ['start', 'end', 'fs'], undefined],
  ['x'.repeat(100_000), ['fs'], undefined],
])('takes "%.20s" among %j for %j', (word, candidates, nearest) => {
  expect(nearestWord(word, candidates)).toBe(nearest)
})

it('says nothing where nothing is near', () => {
  expect(didYouMean('gtp', ['gpt'])).toBe('Did you mean "gpt"?')
  expect(didYouMean('gtp', ['none'])).toBeUndefined()
})
