import { type ConfigPath, type Problem, systemReason } from '../errors.js'
import { problemAt, unreadable } from './payload-problem.js'

interface Unreadable {
  readonly kind: 'file' | 'folder'
  readonly shown: string
  readonly error: unknown
}

const NAMED = 3
const ACCEPTED = 'everything in a payload folder must be readable by this user'

/** What a walk over a payload folder could not read. */
export class UnreadableEntries {
  readonly #found: Unreadable[] = []

  /** `shown`: the path for messages. */
  add(kind: Unreadable['kind'], shown: string, error: unknown): void {
    this.#found.push({ kind, shown, error })
  }

  /** One problem for each kind and reason, with the count and the first paths. */
  problems(configPath: ConfigPath | undefined): Problem[] {
    const groups = new Map<string, Unreadable[]>()
    for (const each of this.#found.toSorted((a, b) => (a.shown < b.shown ? -1 : 1))) {
      const key = `${each.kind} ${systemReason(each.error)}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [each])
      else group.push(each)
    }
    return [...groups.values()].map((group) => {
      const { kind, shown, error } = group[0]!
      if (group.length === 1) return unreadable(`${kind} "${shown}"`, error, ACCEPTED, configPath)
      const named = group.slice(0, NAMED).map((each) => `"${each.shown}"`)
      const more = group.length > NAMED ? ` and ${group.length - NAMED} more` : ''
      const message = `Cannot read ${group.length} ${kind}s: ${systemReason(error)}: ${named.join(', ')}${more}; ${ACCEPTED}`
      return problemAt(message, configPath)
    })
  }
}
