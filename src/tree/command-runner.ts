/** How the payload's readers reach another program. `host/run-command.ts` is the only implementation; it is handed in. */

export interface CommandResult {
  /** Exit code. A program that a signal ended counts as 128 + the signal's number, as in a shell. */
  readonly status: number
  readonly stdout: Buffer
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  /** On top of the runner's own environment (fixed locale and time zone). */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Bytes for the program's standard input; empty when missing. Chunks that are made one by one: each is used up before
   * the next is asked for, so their maker may use one buffer; what it throws ends the program and is what `run` rejects with.
   */
  readonly input?: string | Uint8Array | Iterable<Uint8Array>
  /** An open file as standard input, in place of `input`. */
  readonly stdinFd?: number
  /** An open file that takes standard output, in place of the result's `stdout`. */
  readonly stdoutFd?: number
  /** Ends the program and everything that it started; the promise then rejects with InterruptedError. */
  readonly signal?: AbortSignal
  /** How an abort ends it; default SIGTERM, and SIGKILL where that is not heeded. */
  readonly endBy?: 'SIGTERM' | 'SIGKILL'
}

export interface CommandRunner {
  /** Absolute path of a program, or undefined where it is not installed. */
  locate(command: string): string | undefined
  /** Runs a program to its end; any exit code is the caller's to judge. IoError, with the package's name, where it is missing. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<CommandResult>
}
