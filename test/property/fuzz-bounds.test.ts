/** The bounds of the fuzz tests hold: whoever breaks one is ended, and named by its number. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchBatch } from '../support/fuzz/watch-batch.js'
import { scratchFolder } from '../support/oracle.js'

const MIB = 1 << 20
const LIMITS = { bytes: 200 * MIB, ms: 1000 }
/** Filling memory takes its time, too. */
const PATIENT = { ...LIMITS, ms: 60_000 }

describe('a batch of damaged images', () => {
  const scratch = scratchFolder()

  async function faultOf(name: string, lines: string): Promise<string | undefined> {
    const program = join(scratch, `${name}.mjs`)
    writeFileSync(
      program,
      `import { writeSync } from 'node:fs'\nconst say = (text) => writeSync(3, text + '\\n')\n${lines}`,
    )
    return watchBatch([program], name === 'takes memory' ? PATIENT : LIMITS, () => {}).then(
      () => undefined,
      (error: Error) => error.message,
    )
  }

  it.each([
    ['ends well', "say('begin 7'); say('end silent'); say('peak 1000')", undefined],
    ['hangs', "say('begin 7'); for (;;);", /^DISKLOOM_SEED=7 takes more than 1000 ms$/],
    [
      'takes memory',
      "say('begin 7'); const all = []; while (all.length < 300) all.push(Buffer.alloc(1 << 20, 1)); for (;;);",
      /^DISKLOOM_SEED=7 takes more than 209715200 bytes of memory$/,
    ],
    [
      'took memory',
      `say('begin 7'); say('peak ${300 * MIB}')`,
      /^DISKLOOM_SEED=7 or one before it took 314572800 bytes/,
    ],
    ['throws', "say('begin 7'); throw new TypeError('no reader')", /^DISKLOOM_SEED=7 fails: .*TypeError: no reader/s],
    ['ends early', "say('begin 7'); process.exit(0)", /^DISKLOOM_SEED=7 or one before it took NaN bytes/],
  ])('that %s', async (name, lines, fault) => {
    const said = await faultOf(name, lines)
    if (fault === undefined) expect(said).toBeUndefined()
    else expect(said).toMatch(fault)
  })
})
