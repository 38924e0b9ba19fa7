/**
 * `${NAME}` and `${NAME:-default}` in one text. `$${` stays `${`, a `$` before anything else is itself. The default is used
 * where the variable is unset or empty, as in the shell, and may hold variables in turn.
 */

/**
 * What a name stands for; `failed` where its own definition could not be read (and has been reported there); `too deep`
 * where the definitions that lead to it are too many.
 */
export type VariableValue = { readonly text: string } | 'failed' | 'too deep' | undefined

/** Something wrong in a text, as a stretch of it. */
export interface VariableFault {
  readonly start: number
  readonly end: number
  /** The second half of "Cannot expand …: ". Missing where it was reported elsewhere. */
  readonly is?: string
  readonly hint?: string
  /** The definitions that lead to it are too many. */
  readonly tooDeep?: true
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/
const OPEN = '${'
const ESCAPED_OPEN = '$${'
const DEFAULT_MARK = ':-'
/** Far above any path; variables that double each other would fill the memory. */
const MAX_LENGTH = 65_536
/** Far above any default inside a default. */
const MAX_DEPTH = 32
/** Of a text that is quoted in a message. */
const SHOWN_CHARACTERS = 60

export function expandVariables(
  text: string,
  lookup: (name: string) => VariableValue,
): { text: string; faults: VariableFault[] } {
  const faults: VariableFault[] = []
  return { text: expand(text, { from: 0, to: text.length, depth: 0 }, lookup, faults), faults }
}

interface Stretch {
  readonly from: number
  readonly to: number
  /** Defaults around it. */
  readonly depth: number
}

function expand(
  text: string,
  { from, to, depth }: Stretch,
  lookup: (name: string) => VariableValue,
  faults: VariableFault[],
): string {
  let result = ''
  let at = from
  while (at < to) {
    if (text.startsWith(ESCAPED_OPEN, at)) {
      result += OPEN
      at += ESCAPED_OPEN.length
    } else if (text.startsWith(OPEN, at)) {
      const close = closingBrace(text, at, to)
      if (depth === MAX_DEPTH) {
        faults.push({ start: at, end: to, is: `its defaults are nested deeper than ${MAX_DEPTH}` })
        return result
      }
      if (close === undefined) {
        faults.push({
          start: at,
          end: to,
          is: `"${clipped(text, at, to)}" has no closing brace`,
          hint: `A literal ${OPEN} is written ${ESCAPED_OPEN}`,
        })
        return result
      }
      result += expandOne(text, { from: at, to: close, depth }, lookup, faults)
      if (result.length > MAX_LENGTH) {
        faults.push({ start: at, end: close + 1, is: `it becomes longer than ${MAX_LENGTH} characters` })
        return ''
      }
      at = close + 1
    } else {
      result += text[at]
      at++
    }
  }
  return result
}

function clipped(text: string, from: number, to: number): string {
  return to - from <= SHOWN_CHARACTERS ? text.slice(from, to) : `${text.slice(from, from + SHOWN_CHARACTERS)}…`
}

function expandOne(
  text: string,
  { from: open, to: close, depth }: Stretch,
  lookup: (name: string) => VariableValue,
  faults: VariableFault[],
): string {
  const inner = open + OPEN.length
  const name = NAME.exec(text.slice(inner, close))?.[0] ?? ''
  const afterName = inner + name.length
  const hasDefault = text.startsWith(DEFAULT_MARK, afterName)
  const whole = { start: open, end: close + 1 }
  if (name === '' || (afterName !== close && !hasDefault)) {
    const is = `"${clipped(text, open, close + 1)}" is no variable, accepted are \${NAME} and \${NAME:-default}`
    faults.push({ ...whole, is, hint: `A literal ${OPEN} is written ${ESCAPED_OPEN}` })
    return ''
  }
  const value = lookup(name)
  if (value === 'too deep') {
    faults.push({ ...whole, tooDeep: true, is: `the variables that lead to \${${name}} through vars: are too many` })
    return ''
  }
  if (value === 'failed') {
    faults.push(whole)
    return ''
  }
  if (value !== undefined && (value.text !== '' || !hasDefault)) return value.text
  if (hasDefault) {
    return expand(text, { from: afterName + DEFAULT_MARK.length, to: close, depth: depth + 1 }, lookup, faults)
  }
  const hint = `Give it with --set ${name}=…, under vars:, in the environment, or as \${${name}:-default}; $\${${name}} stays as it is`
  faults.push({ ...whole, is: `\${${name}} is not set and has no default`, hint })
  return ''
}

/** The brace that closes the `${` at `open`, inner ones counted. */
function closingBrace(text: string, open: number, to: number): number | undefined {
  let depth = 0
  for (let at = open; at < to; at++) {
    if (text.startsWith(OPEN, at)) {
      depth++
      at++
    } else if (text[at] === '}') {
      depth--
      if (depth === 0) return at
    }
  }
  return undefined
}
