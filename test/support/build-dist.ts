/**
 * Vitest's global set-up: dist/ is what src/ compiles and is bundled to, since some tests run the command or the package as it
 * is shipped (with its worker threads, which start from compiled files).
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export function setup(): void {
  const compiled = newestMs(join(ROOT, 'dist'), '.js')
  if (compiled > newestMs(join(ROOT, 'src'), '.ts')) return
  const result = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json'], { cwd: ROOT, encoding: 'utf8' })
  // Type errors do not keep tsc from emitting; they are the business of `npm run types`.
  if (newestMs(join(ROOT, 'dist'), '.js') <= compiled) throw new Error(`dist/ was not compiled:\n${result.stdout}`)
  const bundling = spawnSync(process.execPath, ['scripts/bundle-command.mjs'], { cwd: ROOT, encoding: 'utf8' })
  if (bundling.status !== 0) throw new Error(`dist/ was not bundled:\n${bundling.stderr}`)
}

/** The newest modification time under a folder, in ms; 0 where there is none. */
function newestMs(folder: string, ending: string): number {
  let newest = 0
  try {
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (entry.endsWith(ending)) newest = Math.max(newest, statSync(join(folder, entry)).mtimeMs)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return newest
}
