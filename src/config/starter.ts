import { readdirSync, readFileSync } from 'node:fs'

/** Beside src/ and dist/ alike. */
const STARTER = new URL('../../templates/starter.yaml', import.meta.url)
const READY = new URL('../../configs/', import.meta.url)

/** The commented config that `diskloom init` writes. */
export function starterConfig(): string {
  return readFileSync(STARTER, 'utf8')
}

/** The ready configs that are shipped, in bytewise order: each a folder with `NAME.yaml` and its payload. */
export function readyConfigNames(): string[] {
  return readdirSync(READY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** The folder of one of `readyConfigNames`. */
export function readyConfigFolder(name: string): URL {
  return new URL(`${name}/`, READY)
}
