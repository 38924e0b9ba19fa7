import { defineConfig } from 'vitest/config'

/** `npm run test:deep` multiplies counts and sizes. */
const TIMES = process.env.DISKLOOM_DEEP === undefined ? 1 : 10

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/build-dist.ts'],
    testTimeout: 60_000 * TIMES,
    hookTimeout: 120_000 * TIMES,
  },
})
