/** The command line, run in this process: what it prints and how it ends. */
import { runCommandLine } from '../../src/cli/command-line.js'
import { capturedTerminal } from './captured-terminal.js'

export interface CliResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export async function runCli(...args: string[]): Promise<CliResult> {
  const terminal = capturedTerminal({ environment: { ...(process.env as Record<string, string>), NO_COLOR: '1' } })
  const status = await runCommandLine(args, terminal)
  return { status, ...terminal.written }
}

/** The same for what must succeed; gives standard output. */
export async function cli(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runCli(...args)
  if (status !== 0) throw new Error(`diskloom ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

/** The objects of `--json`, with their `event`. */
export async function cliJson(...args: string[]): Promise<Record<string, unknown>[]> {
  const stdout = await cli(...args, '--json')
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
