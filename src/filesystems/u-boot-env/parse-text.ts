/**
 * The text form of an environment, as mkenvimage takes it: `name=value` a line, `#` before a comment, a backslash at the end of
 * a line for a line feed inside a value. Stricter than mkenvimage, which writes whatever stands there.
 */

/** A line that is none, counted from 1. */
export interface TextFault {
  readonly line: number
  readonly message: string
  readonly hint?: string
}

export interface ParsedEnvironment {
  /** `name=value`, one character a byte, in the order of the text. */
  readonly variables: readonly string[]
  readonly faults: readonly TextFault[]
}

/** `text`: one character a byte. */
export function parseEnvironmentText(text: string): ParsedEnvironment {
  const variables: string[] = []
  const faults: TextFault[] = []
  const lineOf = new Map<string, number>()
  for (const { line, content } of joinedLines(text)) {
    if (content.startsWith('#') || content.trim() === '') continue
    const equals = content.indexOf('=')
    const name = equals < 0 ? content : content.slice(0, equals)
    const fault = faultOf(name, content, equals)
    const first = lineOf.get(name)
    if (fault !== undefined) {
      faults.push({ line, ...fault })
    } else if (first !== undefined) {
      faults.push({ line, message: `"${name}" is set a second time, line ${first} sets it already` })
    } else {
      lineOf.set(name, line)
      variables.push(content)
    }
  }
  return { variables, faults }
}

interface TextLine {
  readonly line: number
  readonly content: string
}

/** A comment is a line of its own, whatever it ends with. */
function* joinedLines(text: string): Generator<TextLine> {
  let joined: { line: number; content: string } | undefined
  for (const [index, content] of text.split('\n').entries()) {
    if (joined === undefined) joined = { line: index + 1, content }
    else joined.content += `\n${content}`
    if (joined.content.endsWith('\\') && !joined.content.startsWith('#')) {
      joined.content = joined.content.slice(0, -1)
      continue
    }
    yield joined
    joined = undefined
  }
  if (joined !== undefined) yield { ...joined, content: `${joined.content}\\` }
}

function faultOf(name: string, content: string, equals: number): Omit<TextFault, 'line'> | undefined {
  if (equals < 0) return { message: `"${shown(content)}" has no =, name=value is accepted` }
  if (equals === 0) return { message: `"${shown(content)}" has no name before the =, name=value is accepted` }
  if (!/^[\x21-\x7e]+$/.test(name)) {
    return { message: `"${shown(name)}" is no name, accepted are printable ASCII characters without blanks` }
  }
  if (content.includes('\0')) return { message: `the value of "${name}" holds a NUL, which would end it` }
  if (content.endsWith('\r')) {
    return { message: `the value of "${name}" ends with a carriage return`, hint: 'Lines end with a line feed alone' }
  }
  if (content.endsWith('\\')) return { message: `the value of "${name}" goes on behind the end of the text` }
  if (equals === content.length - 1) {
    return { message: `"${name}" has no value, and U-Boot knows no empty variable`, hint: 'Leave the line out' }
  }
  return undefined
}

const MOST_SHOWN = 40

function shown(text: string): string {
  const short = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  return short.replace(/[^\x20-\x7e…]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
