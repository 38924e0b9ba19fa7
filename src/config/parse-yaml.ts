/** YAML text → its syntax tree, and what is wrong with the text in words that help. */
import { isCollection, parseDocument, Scalar, visit, type YAMLError, type YAMLWarning } from 'yaml'
import type { Problem } from '../errors.js'
import { problemAt } from './problem-at.js'
import type { SourceText, TextRange } from './source-text.js'

export const MAX_DEPTH = 100
export const TOO_DEEP = `Cannot read the config: it is nested too deeply, ${MAX_DEPTH} levels are accepted`

/** The tree's root (null where there is none), or at least one problem. */
export function parseYaml(source: SourceText): { contents: unknown; problems: Problem[] } {
  const { document, slips } = parse(source.text)
  if (!slips.some(({ pos: [at] }) => isVariableBrace(source.text, at))) {
    return { contents: document.contents, problems: explainSlips(slips, source) }
  }
  // With a word in the place of every variable the rest can be read, and only what is wrong by itself is left.
  const blanked = parse(source.text.replace(VARIABLE, (variable) => 'x'.repeat(variable.length)))
  const variables = unquotedVariables(blanked.document, source.text).map((range) => explainVariable(source, range))
  const others = explainSlips(blanked.slips, source)
  const problems = [...variables, ...others]
  return { contents: null, problems: problems.length > 0 ? problems : explainSlips(slips, source) }
}

function parse(text: string): { document: ReturnType<typeof parseDocument>; slips: Slip[] } {
  const document = parseDocument(text, {
    schema: 'failsafe',
    merge: true,
    prettyErrors: false,
    logLevel: 'error',
    // It compares every key with every other one; the reader of the tree does it with a set.
    uniqueKeys: false,
  })
  return { document, slips: [...document.errors, ...document.warnings] }
}

/** `${NAME}` and `$${NAME}`, with a variable in its default at most. */
const VARIABLE = /\$?\$\{(?:[^{}\n]|\{[^{}\n]*\})*\}/g

/** The brace of a `${` that the parser stumbled over. */
function isVariableBrace(text: string, at: number): boolean {
  return text[at] === '{' && text[at - 1] === '$'
}

/** Plain scalars inside { } and [ ] that hold a variable in `text`; `blanked` was read with words in their place. */
function unquotedVariables(blanked: ReturnType<typeof parseDocument>, text: string): TextRange[] {
  const ranges: TextRange[] = []
  visit(blanked, {
    Scalar: (_, { type, range }, ancestors) => {
      const inFlow = ancestors.some((ancestor) => isCollection(ancestor) && ancestor.flow === true)
      if (type !== Scalar.PLAIN || !range || !inFlow) return
      const [start, end] = range
      if (text.slice(start, end).includes('${')) ranges.push({ start, end })
    },
  })
  return ranges
}

function explainVariable(source: SourceText, range: TextRange): Problem {
  const text = source.text.slice(range.start, range.end)
  const message = `Cannot read YAML: ${text} is not in quotes, and { begins a map inside { } and [ ]`
  return { ...problemAt(source, range, message), hint: `Write '${text}'` }
}

type Slip = YAMLError | YAMLWarning

const SAME_COLUMN = 'Begin all keys of a map in the same column'

/** Hints for what people do, by the parser's code. */
const SYNTAX_HINTS: Partial<Record<Slip['code'], string>> = {
  TAB_AS_INDENT: 'Indent with spaces: YAML allows no tabs there',
  BAD_SCALAR_START: 'Put the value in quotes',
  MULTIPLE_DOCS: 'One file holds one config: remove the line with "---", or split the file and use include:',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a value that holds ": "',
  BLOCK_IN_FLOW: 'Inside { } a list is [ … ]; leave the braces out around entries that begin with "-"',
  TAG_RESOLVE_FAILED: 'A text that begins with ! must be quoted; other configs are read with include:',
}

const SYNTAX_TEXTS: Partial<Record<Slip['code'], string>> = {
  MULTIPLE_DOCS: 'it holds several documents, one is accepted',
  TAG_RESOLVE_FAILED: 'tags (!…) are not accepted',
}

/** Tokens that fit nowhere because the parser lost its way before them. */
const ECHO = / in YAML stream/
/** Codes of which a second one says nothing new. */
const ONCE: ReadonlySet<Slip['code']> = new Set(['BLOCK_IN_FLOW'])

/** One problem per line, and no echoes of the first. */
function explainSlips(slips: readonly Slip[], source: SourceText): Problem[] {
  const problems: Problem[] = []
  const lines = new Set<number>()
  for (const slip of slips) {
    const problem = explainSlip(slip, source)
    const line = problem.position.line
    if (lines.has(line) || (problems.length > 0 && (ECHO.test(slip.message) || ONCE.has(slip.code)))) continue
    problems.push(problem)
    lines.add(line)
  }
  return problems
}

function explainSlip({ code, message, pos: [start, end] }: Slip, source: SourceText): ReturnType<typeof problemAt> {
  // The parser is recursive: it reports the end of its stack, and where that is depends on the machine.
  if (/call stack/i.test(message)) return problemAt(source, { start: 0, end: 1 }, TOO_DEEP)
  const isDeep = code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY'
  const indented = isDeep ? deeperLine(source.text, start) : undefined
  if (indented !== undefined) {
    const is = 'this line is indented deeper than the keys before it, whose value is on their own line'
    return { ...problemAt(source, indented, `Cannot read YAML: ${is}`), hint: SAME_COLUMN }
  }
  if (/sequence item without - indicator/i.test(message)) {
    const at = lineAt(source.text, start)
    const is = 'this line is indented less than the keys before it, and deeper than their list'
    return { ...problemAt(source, at, `Cannot read YAML: ${is}`), hint: SAME_COLUMN }
  }
  const text = SYNTAX_TEXTS[code] ?? message.charAt(0).toLowerCase() + message.slice(1)
  const hint = /start at the same column/.test(message) ? SAME_COLUMN : SYNTAX_HINTS[code]
  return { ...problemAt(source, { start, end }, `Cannot read YAML: ${text}`), ...(hint !== undefined && { hint }) }
}

/** The line after the one at `at`, where it is indented deeper than the key on that one: no value with ": " is the mistake. */
function deeperLine(text: string, at: number): TextRange | undefined {
  const next = text.slice(at).search(/\n[ ]*[^\s#]/)
  if (next < 0) return undefined
  const line = lineAt(text, at + next + 1)
  const own = lineAt(text, at)
  const rest = text.slice(at, own.end)
  const keyColumn =
    own.start + (/^- +/.exec(text.slice(own.start, own.end))?.[0].length ?? 0) - lineStart(text, own.start)
  const isDeeper = line.start - lineStart(text, line.start) > keyColumn
  return isDeeper && !/:\s/.test(rest) ? line : undefined
}

/** A line without its indentation. */
function lineAt(text: string, at: number): TextRange {
  const start = lineStart(text, at)
  const newline = text.indexOf('\n', start)
  const end = newline < 0 ? text.length : newline
  return { start: start + (/^[ ]*/.exec(text.slice(start, end))?.[0].length ?? 0), end }
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}
