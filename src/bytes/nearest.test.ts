import { expect, it } from 'vitest'
import { nearestWord } from './nearest.js'

const WORDS = ['linux', 'root-arm', 'root-arm64', 'esp', 'fat16-lba', 'fat32-lba']

it.each([
  ['linux', 'linux'],
  ['LINUX', 'linux'],
  ['linxu', 'linux'],
  ['lnux', 'linux'],
  ['root-arm46', 'root-arm64'],
  ['root_arm', 'root-arm'],
  ['fat23-lba', 'fat32-lba'],
  ['esq', 'esp'],
  ['', undefined],
  ['ext', undefined],
  ['something else entirely', undefined],
])('takes "%s" for %s', (word, nearest) => {
  expect(nearestWord(word, WORDS)).toBe(nearest)
})
