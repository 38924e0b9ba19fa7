/** What the command line knows of the world outside: streams, their width and colours, the environment, the interrupt. */
import { visibleDocument, visibleLine } from '../bytes/visible-text.js'

export interface OutputStream {
  /** `done` is called, with the error if there was one, when the text has been taken. */
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The streams of the process, or of a test. Only openTerminal writes to them. */
export interface ProcessStreams {
  /** Results. */
  readonly stdout: OutputStream
  /** Progress, warnings, errors. */
  readonly stderr: OutputStream
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /**
   * Asks on standard error and gives the line that is typed; missing where nobody could answer. InterruptedError on a
   * signal.
   */
  readonly ask?: (question: string) => Promise<string>
}

/**
 * The sink of everything that a command prints. Foreign text may be part of any line: the sink makes it visible, so a
 * name with an escape sequence or a newline in it changes neither the terminal nor the structure of the output. It does
 * so for pipes as well, because logs are read on terminals; the exact form of a name is in `--json`.
 */
export interface TextOutput {
  readonly isTTY?: boolean
  readonly columns?: number | undefined
  /** Writes one line, painted or not. A newline inside it is foreign and is escaped. */
  line(text: string): void
  lines(texts: Iterable<string>): void
  /** Writes text in a syntax of its own (JSON, YAML, Markdown), which has escaped the newlines of foreign text. */
  document(text: string): void
  /** Moves up by a number of lines that were written before, and writes these over them. Only for terminals. */
  redraw(linesUp: number, texts: readonly string[]): void
  /**
   * Writes content as it is, and waits until the stream has taken the bytes, which may be used again then; gives false
   * where the reader of the stream has gone.
   */
  bytes(bytes: Uint8Array): Promise<boolean>
}

/** What commands print to. */
export interface Terminal extends Omit<ProcessStreams, 'stdout' | 'stderr'> {
  readonly stdout: TextOutput
  readonly stderr: TextOutput
}

export function openTerminal({ stdout, stderr, environment, signal, ask }: ProcessStreams): Terminal {
  return {
    stdout: textOutput(stdout),
    stderr: textOutput(stderr),
    environment,
    signal,
    ...(ask !== undefined && { ask: (question: string) => ask(visibleLine(question)) }),
  }
}

function textOutput(stream: OutputStream): TextOutput {
  const line = (text: string): void => void stream.write(`${shown(text, visibleLine)}\n`)
  return {
    ...(stream.isTTY !== undefined && { isTTY: stream.isTTY }),
    // A window may be resized.
    get columns() {
      return stream.columns
    },
    line,
    lines(texts) {
      for (const text of texts) line(text)
    },
    document: (text) => void stream.write(shown(text, visibleDocument)),
    redraw(linesUp, texts) {
      const up = linesUp === 0 ? '' : `\x1b[${linesUp}A`
      stream.write(`${up}${texts.map((text) => `\x1b[2K${shown(text, visibleLine)}\n`).join('')}`)
    },
    bytes: (bytes) =>
      new Promise((resolve) => stream.write(bytes, (error) => resolve(error === undefined || error === null))),
  }
}

/** What of a stream decides how text looks on it. */
type Shown = Pick<TextOutput, 'isTTY' | 'columns'>

const DEFAULT_COLUMNS = 80
const LEAST_COLUMNS = 40

/** Columns of text that a line may have: the terminal's, else COLUMNS, else 80. */
export function columnsOf(stream: Shown, environment: Terminal['environment']): number {
  // `script` and some CI runners report 0.
  const columns = stream.columns || Number(environment.COLUMNS) || DEFAULT_COLUMNS
  return Math.max(LEAST_COLUMNS, columns)
}

/** Whether escape sequences may be written: to a terminal unless NO_COLOR or TERM=dumb, and anywhere with FORCE_COLOR. */
export function hasColour(stream: Shown, environment: Terminal['environment']): boolean {
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

/**
 * Stands for the start of a colour's sequence until the sink writes it. Foreign text cannot hold it, because it is drawn
 * when the process starts, so an escape sequence in a name is never taken for one of ours.
 */
const MARK = `\x1b${Math.random().toString(36).slice(2)}:`
const PAINTED = new RegExp(`${MARK}(\\d+);`)

/**
 * Returns a function that paints text where the stream shows colours, and gives it back as it is elsewhere. Painted text
 * is for a TextOutput, which writes the sequences.
 */
export function paintFor(stream: Shown, environment: Terminal['environment']): Paint {
  if (!hasColour(stream, environment)) return (_, text) => text
  return (style, text) => `${MARK}${CODES[style][0]};${text}${MARK}${CODES[style][1]};`
}

/** Makes foreign text visible, and sequences of the paint. */
function shown(text: string, visible: (text: string) => string): string {
  if (!text.includes(MARK)) return visible(text)
  return text
    .split(PAINTED)
    .map((part, at) => (at % 2 === 0 ? visible(part) : `\x1b[${part}m`))
    .join('')
}
