/** The value that a node ends up with, as far as the text of the device tree tells it. */
import { type DtsValue, parseDtsValue } from '../bytes/dts-value.js'
import type { DtsProperty } from './dts-nodes.js'
import type { DtsSource } from './dts-source.js'
import { coverAll, eventsOf, findNode } from './property-events.js'

export interface PossibleValue {
  /** As written, a macro's name too; empty for a boolean property. Undefined: the node has no such property. */
  readonly text: string | undefined
  /** What the text stands for, where it alone tells. */
  readonly value: DtsValue | undefined
  /** `board.dts:12` */
  readonly place: string | undefined
}

export interface EffectiveProperty {
  /** One, unless conditionals of the preprocessor decide; the likeliest to win first. */
  readonly possible: readonly PossibleValue[]
  /** An include that was not read may say otherwise: `board.dts:3`. */
  readonly unreadInclude: string | undefined
}

const ABSENT: PossibleValue = { text: undefined, value: undefined, place: undefined }

/** `node` is `&label`, `&{/path}` or `/path`. Throws as `findNode`. */
export function effectiveProperty(
  source: DtsSource,
  { name, node, property }: { readonly name: string; readonly node: string; readonly property: string },
): EffectiveProperty {
  const { nodes, bodies } = findNode(source, name, node)
  const events = eventsOf(bodies, property)
  const possible: PossibleValue[] = []
  const reached = []
  let covered = false
  for (const event of events.toReversed()) {
    reached.push(event.conditions)
    possible.push(event.action === 'delete' ? ABSENT : possibleValue(source, event))
    covered = coverAll(reached, 0)
    if (covered) break
  }
  if (!covered) possible.push(ABSENT)
  // A later include can override anything; an earlier one matters only where this text leaves the property open.
  const decided = covered ? events.at(-1)!.nameStart : -1
  const unread = nodes.includes.find((offset) => offset > decided)
  return { possible, unreadInclude: unread === undefined ? undefined : source.line(unread) }
}

function possibleValue(source: DtsSource, { value, broken, nameStart }: DtsProperty): PossibleValue {
  const text = value === undefined ? '' : source.text.slice(value.start, value.end)
  return { text, value: broken ? undefined : parseDtsValue(text), place: source.line(nameStart) }
}
