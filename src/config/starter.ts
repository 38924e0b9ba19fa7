import { readFileSync } from 'node:fs'

/** Beside src/ and dist/ alike. */
const STARTER = new URL('../../templates/starter.yaml', import.meta.url)

/** The commented config that `diskloom init` writes. */
export function starterConfig(): string {
  return readFileSync(STARTER, 'utf8')
}
