/** What the command line knows of the world outside: streams, their width and colours, the environment, the interrupt. */

export interface OutputStream {
  /** `done` is called, with the error if there was one, when the text has been taken. */
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface Terminal {
  /** Results. */
  readonly stdout: OutputStream
  /** Progress, warnings, errors. */
  readonly stderr: OutputStream
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /** Asks on standard error and gives the line that is typed; missing where nobody could answer. InterruptedError on a signal. */
  readonly ask?: (question: string) => Promise<string>
}

const DEFAULT_COLUMNS = 80
const LEAST_COLUMNS = 40

/** Columns of text that a line may have: the terminal's, else COLUMNS, else 80. */
export function columnsOf(stream: OutputStream, environment: Terminal['environment']): number {
  // `script` and some CI runners report 0.
  const columns = stream.columns || Number(environment.COLUMNS) || DEFAULT_COLUMNS
  return Math.max(LEAST_COLUMNS, columns)
}

/** Whether escape sequences may be written: to a terminal unless NO_COLOR or TERM=dumb, and anywhere with FORCE_COLOR. */
export function hasColour(stream: OutputStream, environment: Terminal['environment']): boolean {
  if (environment.NO_COLOR) return false
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0'
  return stream.isTTY === true && environment.TERM !== 'dumb'
}

/** SGR codes of [ECMA-48 §8.3.117]. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

export type Style = keyof typeof CODES
export type Paint = (style: Style, text: string) => string

/** Paints text where the stream shows it; gives it back as it is elsewhere. */
export function paintFor(stream: OutputStream, environment: Terminal['environment']): Paint {
  if (!hasColour(stream, environment)) return (_, text) => text
  return (style, text) => `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`
}

/** Waits until the stream has taken the bytes, which may be used again then; false where nobody reads it any more. */
export function writeBytes(stream: OutputStream, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => stream.write(bytes, (error) => resolve(error === undefined || error === null)))
}
