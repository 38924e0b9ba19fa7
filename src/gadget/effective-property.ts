/** The value that a node ends up with, as far as the text of the device tree tells it. */
import { type DtsValue, dtsText, parseDtsValue } from '../bytes/dts-value.js'
import type { DeviceTreeInput } from './device-tree-files.js'
import type { DtsProperty } from './dts-nodes.js'
import { DtsSource } from './dts-source.js'
import { fdtProperty } from './fdt/set-fdt-property.js'
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

/** Of a file as it came. `node` is `&label`, `&{/path}` or `/path`. Throws ConfigError for an unknown node, FormatError for a broken file. */
export function effectiveProperty(input: DeviceTreeInput, node: string, property: string): EffectiveProperty {
  if (input.kind === 'source') {
    const { file } = input
    return effectiveInSource(new DtsSource(file), { name: file.name, node, property })
  }
  const bytes = fdtProperty(input.bytes, { name: input.name, node, property })
  return { possible: [bytes === undefined ? ABSENT : compiledValue(bytes)], unreadInclude: undefined }
}

/** A compiled value has no type: what looks like words is taken for such. */
function compiledValue(bytes: Uint8Array): PossibleValue {
  const text = Buffer.from(bytes).toString('latin1')
  const value: DtsValue =
    bytes.length === 0
      ? []
      : /^(?:[\x20-\x7e]+\0)+$/.test(text)
        ? text
            .slice(0, -1)
            .split('\0')
            .map((word) => ({ kind: 'string', text: word }))
        : [{ kind: 'bytes', bytes }]
  return { text: dtsText(value), value, place: undefined }
}

function effectiveInSource(
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
