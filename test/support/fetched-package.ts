/** What a script of ours fetches from Debian's archive and keeps in the user's cache. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'vitest'
import { PROJECT } from './diskloom.js'

/**
 * Calls `body` with the folder, which the first call on a machine fetches. Where it cannot be had: a test that fails under
 * CI=true and is skipped elsewhere, with the reason.
 */
export function withFetched(
  [script, ...args]: [string, ...string[]],
  what: string,
  body: (folder: string) => void,
): void {
  const command = [join(PROJECT, 'scripts', script), ...args]
  const { status, stdout, stderr } = spawnSync('bash', command, { encoding: 'utf8' })
  if (status === 0) {
    body(stdout.trim())
    return
  }
  const test = process.env.CI === 'true' ? it : it.skip
  test(`has ${what} (${stderr.trim()})`, () => {
    throw new Error(stderr)
  })
}
