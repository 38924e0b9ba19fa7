/** What a device-tree source says of one property of one node, and whether that holds in every arm of its conditionals. */
import { ConfigError } from '../errors.js'
import { DtsNodeIndex } from './dts-node-index.js'
import { type Conditions, type DtsBody, type DtsNodes, type DtsProperty, scanNodes } from './dts-nodes.js'
import type { DtsSource } from './dts-source.js'
import { nearestNames } from './nearest-names.js'

export interface NodeBodies {
  readonly nodes: DtsNodes
  /** In the order in which dtc merges them; at least one. */
  readonly bodies: readonly DtsBody[]
}

/**
 * `node` is `&label`, `&{/path}` or `/path`. Throws ConfigError for a node that neither the source nor its includes have, naming
 * the nearest, and for one that is deleted; FormatError as `scanNodes`.
 */
export function findNode(source: DtsSource, name: string, node: string): NodeBodies {
  const nodes = scanNodes(source)
  const index = new DtsNodeIndex(nodes)
  const found = index.find(node)
  if (found !== undefined && found.bodies.length > 0) return { nodes, bodies: found.bodies }
  if (found?.deletedAt !== undefined) {
    throw new ConfigError(
      `Cannot use node ${node} of ${name}: /delete-node/ at ${source.line(found.deletedAt)} removes it`,
    )
  }
  const near = nearestNames(node, index.references())
  const unread = nodes.includes[0]
  const hints = [
    ...(near.length > 0 ? [`Did you mean ${near.join(', ')}?`] : []),
    ...(unread === undefined
      ? []
      : [
          `${source.line(unread)} includes a file that was not found: name its folder in include_dirs${node.startsWith('&') ? `, or write an empty "${node} { };"` : ''}`,
        ]),
  ]
  throw new ConfigError(
    `Cannot use node ${node} of ${name}: the device tree has no body for it, a label (&name) or a path (/soc/usb@0) of it is expected`,
    hints.length > 0 ? { hint: hints.join(' ') } : {},
  )
}

/** Every statement that sets or deletes the property, in the order of the text. */
export function eventsOf(bodies: readonly DtsBody[], property: string): DtsProperty[] {
  return bodies
    .flatMap((body) => body.properties)
    .filter(({ name }) => name === property)
    .sort((a, b) => a.nameStart - b.nameStart)
}

/** Whether one of these is there whichever arms beyond the first `depth` the preprocessor takes. */
export function coverAll(all: readonly Conditions[], depth: number): boolean {
  if (all.some((conditions) => conditions.length === depth)) return true
  const groups = new Set(all.map((conditions) => conditions[depth]!.group))
  return [...groups].some((group) => {
    if (!group.hasElse) return false
    return Array.from({ length: group.arms }, (_, arm) =>
      all.filter((conditions) => conditions[depth]!.group === group && conditions[depth]!.arm === arm),
    ).every((inArm) => inArm.length > 0 && coverAll(inArm, depth + 1))
  })
}
