/**
 * Damaged images, read in child processes that may be killed. A case that does not end as it may is named by its number:
 * `DISKLOOM_SEED=n` replays it, `n-m` a range.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { beforeAll } from 'vitest'
import { scratchFolder } from '../oracle.js'
import type { Stretch } from './damage.js'
import { watchBatch } from './watch-batch.js'

export type SubjectName = 'disk' | 'exfat' | 'ext' | 'fat' | 'jffs2' | 'table' | 'table of 4096'

export interface FuzzedImage {
  readonly subject: SubjectName
  readonly whole: Uint8Array
  /** Where most changes are made. */
  readonly stretches: readonly Stretch[]
  readonly cases?: number
}

/** What the child process is told. */
export interface Batch {
  readonly subject: SubjectName
  /** Path of the sound image. */
  readonly image: string
  readonly stretches: readonly Stretch[]
  readonly first: number
  readonly last: number
}

/** Word → how many cases ended in it. */
export type Outcomes = Readonly<Record<string, number>>

export const FUZZ_CASES = process.env.DISKLOOM_DEEP === undefined ? 500 : 10_000
/** For vitest: later than any bound of a case, whose message says more. */
export const FUZZ_TIMEOUT = { timeout: 3_600_000 }
const LIMITS = { bytes: 512 << 20, ms: 10_000 }
/** Of one process, so that what one case leaves behind is not the others' for long. */
const BATCH = 500

/** To be called where tests are described; what it gives throws with the number of a case that did not end as it may. */
export function prepareFuzz(): (image: FuzzedImage) => Promise<Outcomes> {
  const scratch = scratchFolder()
  let program: string
  beforeAll(async () => {
    program = await bundleChild(join(scratch, 'child'))
  })
  return async ({ subject, whole, stretches, cases = FUZZ_CASES }) => {
    const image = join(scratch, 'whole')
    writeFileSync(image, whole)
    const { first, last } = casesOf(process.env.DISKLOOM_SEED, cases)
    const outcomes: Record<string, number> = {}
    for (let begin = first; begin <= last; begin += BATCH) {
      const batch: Batch = { subject, image, stretches, first: begin, last: Math.min(begin + BATCH - 1, last) }
      await watchBatch([program, JSON.stringify(batch)], LIMITS, (word) => {
        outcomes[word] = (outcomes[word] ?? 0) + 1
      })
    }
    return outcomes
  }
}

function casesOf(seed: string | undefined, cases: number): { first: number; last: number } {
  if (seed === undefined) return { first: 1, last: Math.ceil(cases) }
  const [first, last] = seed.split('-').map(Number) as [number, number?]
  return { first, last: last ?? first }
}

/** Node 20 runs no TypeScript: the readers as they stand in src/, in one file. */
async function bundleChild(folder: string): Promise<string> {
  const bundle = await rolldown({ input: join(import.meta.dirname, 'child.ts'), platform: 'node', logLevel: 'silent' })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'child.mjs' })
  await bundle.close()
  return join(folder, 'child.mjs')
}
