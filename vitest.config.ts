import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** `npm run test:deep` multiplies counts and sizes. */
const TIMES = process.env.DISKLOOM_DEEP === undefined ? 1 : 10

/** Tests that run what is shipped: the bundled command is made before them where src/ is newer. */
const BUILT = { globalSetup: ['test/support/build-dist.ts'] }
const QEMU = 'test/qemu/**/*.test.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000 * TIMES,
    hookTimeout: 120_000 * TIMES,
    // Vitest keeps one processor for itself, which mostly waits: on two, half of the machine would.
    maxWorkers: availableParallelism(),
    projects: [
      // Tables of values beside pure functions: a process of its own for each file would cost more than
      // the tests do. Nothing is built for them.
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'oracle', ...BUILT, include: ['test/**/*.test.ts'], exclude: [QEMU] } },
      { extends: true, test: { name: 'qemu', ...BUILT, include: [QEMU] } },
    ],
  },
})
