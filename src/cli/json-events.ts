/** `--json`: one object per line on standard output, each with its `event`. */
import { jsonText } from '../bytes/json-text.js'
import type { Problem, Warning } from '../errors.js'
import { DiskloomError } from '../errors.js'
import type { TextOutput } from './terminal.js'

export function writeEvent(stdout: TextOutput, event: string, fields: object): void {
  stdout.line(jsonText({ event, ...fields }, { replacer: bigintAsHex }))
}

/** Where a value stands in the config says more than its path in the schema, which is ours. */
export function problemFields({ finding, message, hint, position }: Problem): object {
  return { finding, message, hint, position }
}

/** An `accepted` event where the config accepts the warning, else a `warning`. */
export function writeWarningEvent(stdout: TextOutput, warning: Warning): void {
  if (warning.accepted === undefined) writeEvent(stdout, 'warning', problemFields(warning))
  else writeEvent(stdout, 'accepted', { ...problemFields(warning), reason: warning.accepted })
}

export function writeErrorEvent(stdout: TextOutput, error: unknown): void {
  if (error instanceof DiskloomError) {
    writeEvent(stdout, 'error', { code: error.code, problems: error.problems.map(problemFields) })
  } else {
    writeEvent(stdout, 'error', {
      code: 'BUG',
      problems: [{ message: String(error), stack: error instanceof Error ? error.stack : undefined }],
    })
  }
}

/** 64-bit flag words do not fit a JSON number everywhere. */
function bigintAsHex(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value
}
