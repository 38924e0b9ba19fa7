/**
 * Sets a string property of a node in a device-tree source with the least edit. Comments, blanks and everything else stay
 * as they are, and child nodes are never touched.
 *
 * dtc merges the bodies of a node in the order of the text and lets the last assignment win ([dtc] livetree.c,
 * merge_nodes), so the last one is what is edited. Inside a body properties stand before children ("Properties must
 * precede subnodes", [dtc] dtc-parser.y).
 */
import { ConfigError, FormatError } from '../errors.js'
import { DtsNodeIndex } from './dts-node-index.js'
import { type Conditions, type DtsBody, type DtsProperty, scanNodes } from './dts-nodes.js'
import { lineOf } from './dts-tokens.js'
import { nearestNames } from './nearest-names.js'

export interface NodePropertyEdit {
  /** One character per byte, as the source. */
  readonly text: string
  /** Lines of the source that were changed, or after which something was added; empty = it was so already. */
  readonly lines: readonly number[]
  /** An include that follows the node's last body and may set the property again: its line. */
  readonly laterIncludeLine?: number
}

export interface NodePropertyOptions {
  /** `&label`, `&{/path}` or `/path`. */
  readonly node: string
  readonly property: string
  readonly value: string
  /** The text to append when no edit in place is safe: another body for the node, with its own line ends. */
  readonly overrideBody: (node: string) => string
}

interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * - An assignment whose value is written in one piece (a macro's name too) gets the new value. Twins in the arms of a
 *   conditional are all set.
 * - A node without the property gets it after the last property of its last body.
 * - Where neither says the same in every arm (a value cut by #ifdef, a /delete-property/ in one arm), another body at the
 *   end of the file does: it always wins.
 * - A node all of whose bodies stand in conditionals may be missing when no arm with one is taken, so that a body at the
 *   end would not compile: each of its bodies is edited by itself.
 *
 * Throws ConfigError for a node that the source does not have, naming the nearest; FormatError as `scanNodes`, and where
 * no edit in place is possible for a node in a conditional.
 */
export function setNodeProperty(text: string, options: NodePropertyOptions): NodePropertyEdit {
  const nodes = scanNodes(text)
  const index = new DtsNodeIndex(nodes)
  const bodies = findBodies(text, index, options.node, nodes.includes.length > 0)
  const splices = plan(text, bodies, options)
  const lastOffset = Math.max(...splices.map((splice) => splice.start), bodies.at(-1)!.close)
  const laterInclude = nodes.includes.find((offset) => offset > lastOffset)
  return {
    text: applySplices(text, splices),
    lines: splices.map((splice) => lineOf(text, splice.start)),
    ...(laterInclude !== undefined && { laterIncludeLine: lineOf(text, laterInclude) }),
  }
}

function findBodies(text: string, index: DtsNodeIndex, node: string, hasIncludes: boolean): readonly DtsBody[] {
  const found = index.find(node)
  if (found !== undefined && found.bodies.length > 0) return found.bodies
  if (found?.deletedAt !== undefined) {
    throw new ConfigError(
      `Cannot set a property of node ${node}: /delete-node/ at line ${lineOf(text, found.deletedAt)} removes it`,
    )
  }
  const near = nearestNames(node, index.references())
  const hints = [
    ...(near.length > 0 ? [`Did you mean ${near.join(', ')}?`] : []),
    ...(hasIncludes && node.startsWith('&')
      ? [`A node of an included file is reached by an empty "${node} { };" in this one.`]
      : []),
  ]
  throw new ConfigError(
    `Cannot set a property of node ${node}: the device tree has no body for it, a label (&name) or a path (/soc/usb@0) of the file is expected`,
    hints.length > 0 ? { hint: hints.join(' ') } : {},
  )
}

function plan(text: string, bodies: readonly DtsBody[], options: NodePropertyOptions): readonly Splice[] {
  const { property, node, overrideBody } = options
  if (bodies.some(({ conditions }) => conditions.length === 0)) {
    const inPlace = planInPlace(text, bodies, 0, options)
    return inPlace ?? [{ start: text.length, end: text.length, text: atLineStart(text, overrideBody(node)) }]
  }
  return bodies.flatMap((body) => {
    const inPlace = planInPlace(text, [body], body.conditions.length, options)
    if (inPlace !== undefined) return inPlace
    throw new FormatError(
      `Cannot set ${property} of node ${node}: its body at line ${lineOf(text, body.headStart)} stands in a conditional, and what it says of ${property} in conditionals of its own does not cover all cases`,
    )
  })
}

/** Edits after which the property is set whichever arms beyond the first `depth` the preprocessor takes, if there are any. */
function planInPlace(
  text: string,
  bodies: readonly DtsBody[],
  depth: number,
  { property, value }: NodePropertyOptions,
): readonly Splice[] | undefined {
  const quoted = `"${value}"`
  const events = bodies
    .flatMap((body) => body.properties)
    .filter(({ name }) => name === property)
    .sort((a, b) => a.nameStart - b.nameStart)

  const reached: DtsProperty[] = []
  for (const event of events.toReversed()) {
    if (event.action === 'delete' || event.broken) break
    reached.push(event)
    if (
      coverAll(
        reached.map(({ conditions }) => conditions),
        depth,
      )
    ) {
      return reached.flatMap((assignment) => replaceValue(text, assignment, quoted)).toReversed()
    }
  }
  const inserted = insertProperty(text, bodies, { depth, events, statement: `${property} = ${quoted};` })
  return inserted && [inserted]
}

/** Whether one of these is there whichever arms beyond the first `depth` the preprocessor takes. */
function coverAll(all: readonly Conditions[], depth: number): boolean {
  if (all.some((conditions) => conditions.length === depth)) return true
  const groups = new Set(all.map((conditions) => conditions[depth]!.group))
  return [...groups].some((group) => {
    if (!group.hasElse) return false
    return Array.from({ length: group.arms }, (_, arm) =>
      all.filter((conditions) => conditions[depth]!.group === group && conditions[depth]!.arm === arm),
    ).every((inArm) => inArm.length > 0 && coverAll(inArm, depth + 1))
  })
}

function replaceValue(text: string, assignment: DtsProperty, quoted: string): Splice[] {
  const { value, nameEnd } = assignment
  if (value === undefined) return [{ start: nameEnd, end: nameEnd, text: ` = ${quoted}` }]
  if (text.slice(value.start, value.end) === quoted) return []
  return [{ ...value, text: quoted }]
}

interface Insertion {
  /** Conditionals that all bodies stand in. */
  readonly depth: number
  /** What the bodies say of the property. */
  readonly events: readonly DtsProperty[]
  readonly statement: string
}

/**
 * After the last property of the last body, when that body stands in no further conditional, sets nothing under this name
 * itself (dtc refuses a name twice in a definition), and the place comes after all that was said about the property.
 */
function insertProperty(
  text: string,
  bodies: readonly DtsBody[],
  { depth, events, statement }: Insertion,
): Splice | undefined {
  const body = bodies.findLast(({ conditions }) => conditions.length === depth)
  if (body === undefined) return undefined
  if (events.some((event) => event.action === 'set' && body.properties.includes(event))) return undefined
  const after = body.statements.findLast(({ conditions }) => conditions.length === depth)
  const anchor = after?.end ?? body.open
  if (events.some((event) => event.end > anchor)) return undefined

  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const inside = text.slice(body.open, body.close)
  if (!inside.includes('\n')) {
    const pad = after === undefined && !/^\s/.test(inside) ? ' ' : ''
    return { start: anchor, end: anchor, text: ` ${statement}${inside.trim() === '' ? pad : ''}` }
  }
  const indent = after === undefined ? `${indentAt(text, body.headStart)}\t` : indentAt(text, after.start)
  const place = endOfQuietLine(text, anchor)
  return { start: place, end: place, text: `${newline}${indent}${statement}` }
}

/** The blanks that the line of `offset` begins with. */
function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  return /^[ \t]*/.exec(text.slice(lineStart, offset))![0]
}

/** The end of the line (before its line end) when only blanks and whole comments follow on it, else `offset` itself. */
function endOfQuietLine(text: string, offset: number): number {
  const rest = /^(?:[ \t]|\/\*(?:[^*\n]|\*(?!\/))*\*\/)*(?:\/\/[^\r\n]*)?(?=\r?\n)/.exec(text.slice(offset))
  return rest === null ? offset : offset + rest[0].length
}

/** `addition` on a line of its own, with the line ends of the file. */
function atLineStart(text: string, addition: string): string {
  const own = text === '' || text.endsWith('\n') ? addition : `\n${addition}`
  return text.includes('\r\n') ? own.replaceAll('\n', '\r\n') : own
}

/** The splices are in order and do not overlap. */
function applySplices(text: string, splices: readonly Splice[]): string {
  let result = ''
  let done = 0
  for (const splice of splices) {
    result += text.slice(done, splice.start) + splice.text
    done = splice.end
  }
  return result + text.slice(done)
}
