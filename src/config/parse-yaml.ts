/** YAML text → its syntax tree, and what is wrong with the text in words that help. */
import { parseDocument, type YAMLError, type YAMLWarning } from 'yaml'
import type { Problem } from '../errors.js'
import { problemAt } from './problem-at.js'
import type { SourceText, TextRange } from './source-text.js'

export const MAX_DEPTH = 100
export const TOO_DEEP = `Cannot read the config: it is nested too deeply, ${MAX_DEPTH} levels are accepted`

/** Each one found costs another reading of the text. */
const MAX_UNQUOTED = 50

/** The tree's root (null where there is none), or at least one problem. */
export function parseYaml(source: SourceText): { contents: unknown; problems: Problem[] } {
  const problems: Problem[] = []
  for (let text = source.text; ; ) {
    const { contents, errors, warnings } = parseDocument(text, {
      schema: 'failsafe',
      merge: true,
      prettyErrors: false,
      logLevel: 'error',
    })
    const slips: Slip[] = [...errors, ...warnings]
    const variable = slips.map(({ pos: [start] }) => unquotedVariable(text, start)).find((range) => range !== undefined)
    if (variable === undefined) return { contents, problems: [...problems, ...explainSlips(slips, source)] }
    if (problems.length === MAX_UNQUOTED) return { contents, problems }
    problems.push(explainVariable(source, variable))
    // With a word in its place the rest can be read, and only what is wrong by itself is left.
    text = text.slice(0, variable.start) + 'x'.repeat(variable.end - variable.start) + text.slice(variable.end)
  }
}

function explainVariable(source: SourceText, range: TextRange): Problem {
  const text = source.text.slice(range.start, range.end)
  const message = `Cannot read YAML: ${text} is not in quotes, and { begins a map inside { } and [ ]`
  return { ...problemAt(source, range, message), hint: `Write '${text}'` }
}

type Slip = YAMLError | YAMLWarning

/** Hints for what people do, by the parser's code. */
const SYNTAX_HINTS: Partial<Record<Slip['code'], string>> = {
  TAB_AS_INDENT: 'Indent with spaces: YAML allows no tabs there',
  BAD_SCALAR_START: 'Put the value in quotes',
  MULTIPLE_DOCS: 'One file holds one config: remove the line with "---", or split the file and use include:',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a value that holds ": "',
  DUPLICATE_KEY: 'Remove one of the two',
  TAG_RESOLVE_FAILED: 'A text that begins with ! must be quoted; other configs are read with include:',
}

const SYNTAX_TEXTS: Partial<Record<Slip['code'], string>> = {
  MULTIPLE_DOCS: 'it holds several documents, one is accepted',
  TAG_RESOLVE_FAILED: 'tags (!…) are not accepted',
  DUPLICATE_KEY: 'this key stands twice in one map',
}

/** Tokens that fit nowhere because the parser lost its way before them. */
const ECHO = / in YAML stream/

/** One problem per line, and no echoes of the first. */
function explainSlips(slips: readonly Slip[], source: SourceText): Problem[] {
  const problems: Problem[] = []
  const lines = new Set<number>()
  for (const slip of slips) {
    const problem = explainSlip(slip, source)
    const line = problem.position.line
    if (lines.has(line) || (problems.length > 0 && ECHO.test(slip.message))) continue
    problems.push(problem)
    lines.add(line)
  }
  return problems
}

function explainSlip({ code, message, pos: [start, end] }: Slip, source: SourceText): ReturnType<typeof problemAt> {
  // The parser is recursive: it reports the end of its stack, and where that is depends on the machine.
  if (/call stack/i.test(message)) return problemAt(source, { start: 0, end: 1 }, TOO_DEEP)
  const text = SYNTAX_TEXTS[code] ?? message.charAt(0).toLowerCase() + message.slice(1)
  const hint = SYNTAX_HINTS[code]
  return { ...problemAt(source, { start, end }, `Cannot read YAML: ${text}`), ...(hint !== undefined && { hint }) }
}

/** The `${NAME}` whose brace the parser stumbled over in a flow collection. */
function unquotedVariable(text: string, brace: number): TextRange | undefined {
  if (text[brace] !== '{' || text[brace - 1] !== '$') return undefined
  const close = /[}\n]/g
  close.lastIndex = brace
  const match = close.exec(text)
  const start = text[brace - 2] === '$' ? brace - 2 : brace - 1
  return match?.[0] === '}' ? { start, end: match.index + 1 } : { start, end: brace + 1 }
}
