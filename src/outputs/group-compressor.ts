/** How the sinks reach the compressors that JavaScript has none of. `build` hands in the runner of the host's programs. */
import { IoError } from '../errors.js'

/** What the host's command runner does, as far as outputs need it. */
export interface ProgramRunner {
  run(
    command: string,
    args: readonly string[],
    options?: { readonly input?: Uint8Array; readonly signal?: AbortSignal },
  ): Promise<{ readonly status: number; readonly stdout: Uint8Array; readonly stderr: string }>
}

export interface HostCompressorOptions {
  /** From the fastest to the densest, as the program counts. */
  readonly level: number
  readonly runner: ProgramRunner
  /** The most programs at once; default: one a processor. */
  readonly processes?: number | undefined
}

/** Gives what `command` makes of `input`. IoError where it is missing (naming its Debian package) or fails. */
export async function compressByProgram(
  runner: ProgramRunner,
  [command, ...args]: readonly [string, ...string[]],
  input: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { status, stdout, stderr } = await runner.run(command, args, { input, signal })
  if (status !== 0) {
    const reason = stderr.trim().split('\n')[0] || `it ended with ${status}`
    throw new IoError(`Cannot compress with ${command}: ${reason}`, { details: { command, args, status } })
  }
  return stdout
}
