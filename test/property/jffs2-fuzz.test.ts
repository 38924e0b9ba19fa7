/** Damaged JFFS2: the tree that was there, findings, or an error of ours, in bounded time and memory; never a crash or a bug. */
import { describe, expect, it } from 'vitest'
import { jffs2Format } from '../../src/filesystems/jffs2/format.js'
import { FUZZ_CASES, FUZZ_TIMEOUT, prepareFuzz } from '../support/fuzz/run-fuzz.js'
import { ENVIRONMENT } from '../support/jffs2-volume.js'
import { randomJffs2Case } from '../support/random-jffs2-tree.js'
import { readBytes } from '../support/read-content.js'

const SEEDS = [2, 4, 12]

describe('damaged JFFS2', FUZZ_TIMEOUT, () => {
  const fuzz = prepareFuzz()

  it.each(SEEDS)('is read as far as it goes: the tree of seed %i', async (seed) => {
    const { tree, options } = randomJffs2Case(seed)
    const all = { ...options, erase_block: 8192, pad: true }
    const size = jffs2Format.smallestSizeBytes(tree, all, ENVIRONMENT)
    const whole = readBytes(jffs2Format.plan(tree, size, all, ENVIRONMENT).encode())
    const stretches = [{ offset: 0, length: whole.length }]
    const cases = Math.ceil(FUZZ_CASES / SEEDS.length)
    const { refused = 0, findings } = await fuzz({ subject: 'jffs2', whole, stretches, cases })
    expect(refused).toBeLessThan(cases / 2)
    expect(findings).toBeGreaterThan(cases / 10)
  })
})
