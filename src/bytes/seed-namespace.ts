import { type Guid, uuidV5 } from './guid.js'

/** Chosen at random once; it only has to stay what it is. */
const DISKLOOM_NAMESPACE: Guid = 'bb4c591d-e533-4fbc-8ba1-b92fd35368d7'

/** The namespace of everything that is derived from a config's seed: a UUID of version 5 [RFC 9562 §5.5]. */
export function seedNamespace(seed: string): Guid {
  return uuidV5(DISKLOOM_NAMESPACE, seed)
}
