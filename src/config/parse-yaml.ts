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

/** Hints for what people do, by the parser's code. */
const SYNTAX_HINTS: Partial<Record<Slip['code'], string>> = {
  TAB_AS_INDENT: 'Indent with spaces: YAML allows no tabs there',
  BAD_SCALAR_START: 'Put the value in quotes',
  MULTIPLE_DOCS: 'One file holds one config: remove the line with "---", or split the file and use include:',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a value that holds ": "',
  TAG_RESOLVE_FAILED: 'A text that begins with ! must be quoted; other configs are read with include:',
}

const SYNTAX_TEXTS: Partial<Record<Slip['code'], string>> = {
  MULTIPLE_DOCS: 'it holds several documents, one is accepted',
  TAG_RESOLVE_FAILED: 'tags (!…) are not accepted',
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
