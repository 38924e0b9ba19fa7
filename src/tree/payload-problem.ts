/** The words for a payload that cannot be read. */
import { type ConfigPath, errnoOf, type Problem } from '../errors.js'

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'its symlinks run in a circle',
  ENAMETOOLONG: 'its path is longer than this system takes',
}

/** `what`: `folder "/a/b"`, as it follows "Cannot read". `accepted` ends the sentence. */
export function unreadable(what: string, error: unknown, accepted: string, configPath?: ConfigPath): Problem {
  const errno = errnoOf(error)
  const words = errno === undefined ? undefined : WORDS[errno]
  return problemAt(`Cannot read ${what}: ${words ?? (error as Error).message}, ${accepted}`, configPath)
}

export function problemAt(message: string, configPath: ConfigPath | undefined, hint?: string): Problem {
  return {
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(configPath === undefined ? {} : { path: configPath }),
  }
}
