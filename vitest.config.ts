import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** `npm run test:deep` multiplies counts and sizes. */
const TIMES = process.env.DISKLOOM_DEEP === undefined ? 1 : 10

export default defineConfig({
  test: {
    globalSetup: ['test/support/build-dist.ts'],
    testTimeout: 60_000 * TIMES,
    hookTimeout: 120_000 * TIMES,
    // Vitest keeps one processor for itself, which mostly waits: on two, half of the machine would.
    maxWorkers: availableParallelism(),
    projects: [
      // Tables of values beside pure functions: a process of its own for each file would cost more than the tests do.
      { extends: true, test: { name: 'values', include: ['src/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'judges', include: ['test/**/*.test.ts'] } },
    ],
  },
})
