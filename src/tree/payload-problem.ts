/** The words for a payload that cannot be read. */
import { type ConfigPath, type Problem, systemReason } from '../errors.js'

/** `what`: `folder "/a/b"`, as it follows "Cannot read". `accepted` ends the sentence. */
export function unreadable(what: string, error: unknown, accepted: string, configPath?: ConfigPath): Problem {
  return problemAt(`Cannot read ${what}: ${systemReason(error)}, ${accepted}`, configPath)
}

export function problemAt(message: string, configPath: ConfigPath | undefined, hint?: string): Problem {
  return {
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(configPath === undefined ? {} : { path: configPath }),
  }
}
