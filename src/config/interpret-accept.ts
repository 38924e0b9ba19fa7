import type { ConfigPath } from '../errors.js'
import type { ConfigInput } from './interpretation.js'
import type { AcceptSpec } from './spec.js'

/** The accepted warnings of the whole config and of its partitions, with the part of the config that each is about. */
export function interpretAccept({ top, partitions }: ConfigInput): readonly AcceptSpec[] {
  return [
    ...acceptedIn(top.values.accept, []),
    ...partitions.flatMap((partition, index) => acceptedIn(partition?.values.accept, ['partitions', index])),
  ]
}

function acceptedIn(entries: ConfigInput['top']['values']['accept'], scope: ConfigPath): readonly AcceptSpec[] {
  return (entries ?? []).map((entry, index) => ({ ...entry, scope, configPath: [...scope, 'accept', index] }))
}
