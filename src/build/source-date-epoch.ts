import { ConfigError } from '../errors.js'
import type { Timestamp } from '../tree/file-tree.js'

/**
 * The time that everything is clamped to: the environment's SOURCE_DATE_EPOCH, else the config's `source_date_epoch`.
 * The environment wins, as the reproducible-builds specification has it: a release pipeline sets it over what a config
 * carries for everybody's builds. Undefined where neither is set.
 */
export function sourceDateEpoch(
  environment: Readonly<Record<string, string | undefined>>,
  configured: number | undefined,
): Timestamp | undefined {
  const text = environment.SOURCE_DATE_EPOCH
  if (text === undefined || text === '') {
    return configured === undefined ? undefined : { seconds: configured, nanoseconds: 0 }
  }
  if (!/^\d{1,11}$/.test(text)) {
    throw new ConfigError(`Cannot use SOURCE_DATE_EPOCH="${text}": whole seconds since 1970 are accepted`)
  }
  return { seconds: Number(text), nanoseconds: 0 }
}
