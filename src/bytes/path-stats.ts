/**
 * What is at a path, for those who ask whether something is there. `statSync` with `throwIfNoEntry: false` still throws where the
 * path leads below a file, into a loop of links, or is too long: such a path has nothing at its end either, and reading it says why.
 */
import { type BigIntStats, lstatSync, type Stats, statSync } from 'node:fs'

/** Returns undefined where nothing can be reached by the path. Follows links. */
export function statsAt(path: string): Stats | undefined {
  return orNothing(() => statSync(path))
}

/** As `statsAt`, with numbers that hold any inode. */
export function exactStatsAt(path: string): BigIntStats | undefined {
  return orNothing(() => statSync(path, { bigint: true }))
}

/** Returns undefined where nothing can be reached by the path. Does not follow a link at its end. */
export function linkStatsAt(path: string | Buffer): Stats | undefined {
  return orNothing(() => lstatSync(path))
}

function orNothing<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
