/** A terminal for the command line that remembers what was written to it. */
import type { ProcessStreams } from '../../src/cli/terminal.js'

export interface CapturedTerminal extends ProcessStreams {
  readonly written: { stdout: string; stderr: string }
}

/** Pipes unless `tty`; no variables but those given. */
export function capturedTerminal(
  options: { tty?: boolean; columns?: number; environment?: Record<string, string>; signal?: AbortSignal } = {},
): CapturedTerminal {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array, done?: () => void) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
      done?.()
      return true
    },
    ...(options.tty !== undefined && { isTTY: options.tty }),
    ...(options.columns !== undefined && { columns: options.columns }),
  })
  return {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    environment: options.environment ?? {},
    signal: options.signal ?? new AbortController().signal,
    written,
  }
}
