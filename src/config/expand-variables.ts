/**
 * `${NAME}` and `${NAME:-default}` in one text. `$${` stays `${`, a `$` before anything else is itself. The default is used
 * where the variable is unset or empty, as in the shell, and may hold variables in turn.
 */

/** What a name stands for; `failed` where its own definition could not be read (and has been reported there). */
export type VariableValue = { readonly text: string } | 'failed' | undefined

/** Something wrong in a text, as a stretch of it. */
export interface VariableFault {
  readonly start: number
  readonly end: number
  /** The second half of "Cannot expand …: ". Missing where it was reported elsewhere. */
  readonly is?: string
  readonly hint?: string
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/
const OPEN = '${'
const ESCAPED_OPEN = '$${'
const DEFAULT_MARK = ':-'
/** Far above any path; variables that double each other would fill the memory. */
const MAX_LENGTH = 65_536

export function expandVariables(
  text: string,
  lookup: (name: string) => VariableValue,
): { text: string; faults: VariableFault[] } {
  const faults: VariableFault[] = []
  return { text: expand(text, 0, text.length, lookup, faults), faults }
}

function expand(
  text: string,
  from: number,
  to: number,
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
      if (close === undefined) {
        faults.push({
          start: at,
          end: to,
          is: `"${text.slice(at, to)}" has no closing brace`,
          hint: `A literal ${OPEN} is written ${ESCAPED_OPEN}`,
        })
        return result
      }
      result += expandOne(text, at, close, lookup, faults)
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

function expandOne(
  text: string,
  open: number,
  close: number,
  lookup: (name: string) => VariableValue,
  faults: VariableFault[],
): string {
  const inner = open + OPEN.length
  const name = NAME.exec(text.slice(inner, close))?.[0] ?? ''
  const afterName = inner + name.length
  const hasDefault = text.startsWith(DEFAULT_MARK, afterName)
  const whole = { start: open, end: close + 1 }
  if (name === '' || (afterName !== close && !hasDefault)) {
    const is = `"${text.slice(open, close + 1)}" is no variable, accepted are \${NAME} and \${NAME:-default}`
    faults.push({ ...whole, is, hint: `A literal ${OPEN} is written ${ESCAPED_OPEN}` })
    return ''
  }
  const value = lookup(name)
  if (value === 'failed') {
    faults.push(whole)
    return ''
  }
  if (value !== undefined && (value.text !== '' || !hasDefault)) return value.text
  if (hasDefault) return expand(text, afterName + DEFAULT_MARK.length, close, lookup, faults)
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
