/**
 * Sets or removes a property of a node in a device-tree source with the least edit. Comments, blanks and everything else
 * stay as they are, and child nodes are never touched.
 *
 * dtc merges the bodies of a node in the order of the text and lets the last assignment win ([dtc] livetree.c,
 * merge_nodes), so the last one is what is edited. Inside a body properties stand before children ("Properties must
 * precede subnodes", [dtc] dtc-parser.y). What an included file says is never edited but overridden.
 */
import { type DtsValue, dtsText, parseDtsValue, sameDtsValue } from '../bytes/dts-value.js'
import { FormatError } from '../errors.js'
import type { DtsBody, DtsProperty } from './dts-nodes.js'
import type { DtsSource } from './dts-source.js'
import { lineOf } from './dts-tokens.js'
import { coverAll, eventsOf, findNode, type NodeBodies } from './property-events.js'
import { applySplices, atLineStart, indentAt, indentUnit, insertStatement, type Splice, wholeLine } from './splices.js'

export interface NodePropertyEdit {
  /** The file itself after the edit, one character per byte. */
  readonly text: string
  /** Lines of it that were changed, or after which something was added; empty = it was so already. */
  readonly lines: readonly number[]
  /** An include that was not read follows the node's last body and may set the property again: `board.dts:12`. */
  readonly laterInclude?: string
}

export interface NodePropertyOptions {
  /** Of the file, for messages. */
  readonly name: string
  /** `&label`, `&{/path}` or `/path`. */
  readonly node: string
  readonly property: string
  /** Undefined: the node shall not have it. */
  readonly value: DtsValue | undefined
  /** The text to append when no edit in place is safe: another body for the node, with its own line ends. */
  readonly overrideBody: (node: string, statement: string) => string
}

/**
 * - An assignment whose value is written in one piece (a macro's name too) gets the new value. Twins in the arms of a
 *   conditional are all set.
 * - A node without the property gets it after the last property of its last body.
 * - Where neither says the same in every arm (a value cut by #ifdef, a /delete-property/ in one arm), another body at the
 *   end of the file does: it always wins.
 * - A property that is not wanted loses its statements where all of them stand in this file; else it gets a
 *   /delete-property/ after them.
 * - A node all of whose bodies stand in conditionals may be missing when no arm with one is taken, so that a body at the
 *   end would not compile: each of its bodies is edited by itself.
 *
 * Throws as `findNode`, and FormatError where no edit in place is possible for a node in a conditional.
 */
export function setNodeProperty(source: DtsSource, options: NodePropertyOptions): NodePropertyEdit {
  const found = findNode(source, options.name, options.node)
  const ownText = source.ownText()
  const edit = plan(source, found, options)
  const statement = statementText(options)
  const override = atLineStart(ownText, options.overrideBody(options.node, statement))
  const splices =
    edit === 'override'
      ? [{ start: ownText.length, end: ownText.length, text: override }]
      : edit.map(({ start, end, text }) => ({ start: source.ownOffset(start), end: source.ownOffset(end), text }))
  const lastOffset = Math.max(
    ...(edit === 'override' ? [source.text.length] : edit.map(({ start }) => start)),
    found.bodies.at(-1)!.close,
  )
  const laterInclude = found.nodes.includes.find((offset) => offset > lastOffset)
  return {
    text: applySplices(ownText, splices),
    lines: splices.map((splice) => lineOf(ownText, splice.start)),
    ...(laterInclude !== undefined && { laterInclude: source.line(laterInclude) }),
  }
}

/** In the whole text; `override` = another body at the end of the file. */
type Edit = readonly Splice[] | 'override'

function statementText({ property, value }: NodePropertyOptions): string {
  if (value === undefined) return `/delete-property/ ${property};`
  return value.length === 0 ? `${property};` : `${property} = ${dtsText(value)};`
}

function plan(source: DtsSource, { nodes, bodies }: NodeBodies, options: NodePropertyOptions): Edit {
  const { property, node, name } = options
  const context = { source, options, mayHide: nodes.includes.length > 0 }
  if (bodies.some(({ conditions }) => conditions.length === 0)) {
    return planInPlace(context, bodies, 0) ?? 'override'
  }
  return bodies.flatMap((body) => {
    const inPlace = planInPlace(context, [body], body.conditions.length)
    if (inPlace !== undefined) return inPlace
    throw new FormatError(
      `Cannot set ${property} of node ${node} in ${name}: its body at ${source.line(body.headStart)} stands in a conditional, and what it says of ${property} in conditionals of its own does not cover all cases`,
    )
  })
}

interface EditContext {
  readonly source: DtsSource
  readonly options: NodePropertyOptions
  /** There are includes that were not read: what they say of the node is not known. */
  readonly mayHide: boolean
}

/** Edits after which the property is as asked whichever arms beyond the first `depth` the preprocessor takes, if there are any. */
function planInPlace(context: EditContext, bodies: readonly DtsBody[], depth: number): readonly Splice[] | undefined {
  const events = eventsOf(bodies, context.options.property)
  const { value } = context.options
  const replaced =
    value === undefined
      ? planRemoval(context, events, depth)
      : planReplacement(context.source, { events, depth, value })
  if (replaced !== undefined) return replaced
  const inserted = planInsertion(context, bodies, { depth, events })
  return inserted && [inserted]
}

/** The last assignments that together are there in all cases get the value. */
function planReplacement(
  source: DtsSource,
  { events, depth, value }: { events: readonly DtsProperty[]; depth: number; value: DtsValue },
): readonly Splice[] | undefined {
  const reached: DtsProperty[] = []
  const splices: Splice[] = []
  for (const event of events.toReversed()) {
    if (event.action === 'delete' || event.broken) return undefined
    const replacement = replaceValue(source.text, event, value)
    if (replacement !== undefined) {
      if (!source.isOwn(event.nameStart, event.end)) return undefined
      splices.unshift(replacement)
    }
    reached.push(event)
    if (
      coverAll(
        reached.map(({ conditions }) => conditions),
        depth,
      )
    ) {
      return splices
    }
  }
  return undefined
}

/** Nothing where the value is so already, in whatever spelling. */
function replaceValue(text: string, { value, nameEnd }: DtsProperty, wanted: DtsValue): Splice | undefined {
  if (value === undefined) {
    return wanted.length === 0 ? undefined : { start: nameEnd, end: nameEnd, text: ` = ${dtsText(wanted)}` }
  }
  const written = parseDtsValue(text.slice(value.start, value.end))
  if (written !== undefined && sameDtsValue(written, wanted)) return undefined
  return wanted.length === 0 ? { start: nameEnd, end: value.end, text: '' } : { ...value, text: dtsText(wanted) }
}

/** Takes the statements out, where the property is then gone for certain. */
function planRemoval(
  { source, mayHide }: EditContext,
  events: readonly DtsProperty[],
  depth: number,
): readonly Splice[] | undefined {
  const last = events.at(-1)
  if (last?.action === 'delete' && last.conditions.length === depth) return []
  const sets = events.filter(({ action }) => action === 'set')
  if (mayHide || sets.some(({ start, end, broken }) => broken || !source.isOwn(start, end))) return undefined
  return sets.map((set) => wholeLine(source.text, set))
}

interface Insertion {
  /** Conditionals that all bodies stand in. */
  readonly depth: number
  /** What the bodies say of the property. */
  readonly events: readonly DtsProperty[]
}

/**
 * After the last property of the last body of the file itself, when that body stands in no further conditional, sets nothing
 * under this name itself (dtc refuses a name twice in a definition), and the place comes after all that was said about the
 * property. A /delete-property/ takes away only what earlier bodies set, so it does not go into the first one.
 */
function planInsertion(
  { source, options }: EditContext,
  bodies: readonly DtsBody[],
  { depth, events }: Insertion,
): Splice | undefined {
  const { text } = source
  const body = bodies.findLast(
    ({ conditions, headStart, open }) => conditions.length === depth && source.isOwn(headStart, open),
  )
  if (body === undefined) return undefined
  if (events.some((event) => event.action === 'set' && body.properties.includes(event))) return undefined
  if (options.value === undefined && body === bodies[0] && !body.head.startsWith('&')) return undefined
  const after = body.statements.findLast(({ conditions }) => conditions.length === depth)
  const anchor = after?.end ?? body.open
  if (events.some((event) => event.end > anchor) || !source.isOwn(body.headStart, anchor)) return undefined
  return insertStatement(text, body, {
    anchor,
    afterStatement: after !== undefined,
    indent: after === undefined ? `${indentAt(text, body.headStart)}${indentUnit(text)}` : indentAt(text, after.start),
    statement: statementText(options),
  })
}
