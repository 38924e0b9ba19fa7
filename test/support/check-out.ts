/** A ready config as a fresh checkout has it, wherever the tests' own checkout got its modes and times from. */
import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIGS } from './diskloom.js'

const OWNER_MAY_EXECUTE = 0o100

/**
 * Copies configs/`name` to `target`. Modes become 0755 and 0644 as git has them (the umask of a checkout shows in no
 * test), times are those of now. `order` −1 makes the entries of each folder in descending order, so that the host lists
 * them differently.
 */
export function checkOutConfig(name: string, target: string, order: 1 | -1 = 1): void {
  const copy = (from: string, to: string): void => {
    const stats = lstatSync(from)
    if (stats.isSymbolicLink()) {
      symlinkSync(readlinkSync(from), to)
    } else if (stats.isDirectory()) {
      mkdirSync(to, { recursive: true })
      chmodSync(to, 0o755)
      for (const entry of readdirSync(from).sort((a, b) => order * (a < b ? -1 : 1)))
        copy(join(from, entry), join(to, entry))
    } else {
      copyFileSync(from, to)
      chmodSync(to, (stats.mode & OWNER_MAY_EXECUTE) === 0 ? 0o644 : 0o755)
    }
  }
  copy(join(CONFIGS, name), target)
}
