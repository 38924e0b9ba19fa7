/** The package and the command as they are shipped: compiled, with their worker threads. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Diskloom from '../../src/index.js'

export const PROJECT = join(import.meta.dirname, '..', '..')
export const CONFIGS = join(PROJECT, 'configs')
const MAIN = join(PROJECT, 'dist/cli/main.js')

/** Where the package's face is, as a URL. */
export const PACKAGE = pathToFileURL(join(PROJECT, 'dist/index.js')).href

/** What `import … from 'diskloom'` gives. */
export function importPackage(): Promise<typeof Diskloom> {
  return import(/* @vite-ignore */ PACKAGE)
}

export interface CommandResult {
  status: number
  stdout: string
  stderr: string
}

export interface CommandOptions {
  /** On top of the test's own environment. */
  env?: Record<string, string>
  /** File mode mask of the process, as octal text. */
  umask?: string
  cwd?: string
}

/** Runs `diskloom ARGS…` to its end; the exit code is the caller's to judge. */
export function runCommand(args: string[], options: CommandOptions = {}): CommandResult {
  const [file, list] = commandLine(args, options.umask)
  const result = spawnSync(file, list, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    cwd: options.cwd,
  })
  if (result.error) throw result.error
  return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr }
}

/** `diskloom ARGS…` that must succeed; gives its standard output. */
export function diskloom(args: string[], options: CommandOptions = {}): string {
  const [file, list] = commandLine(args, options.umask)
  return execFileSync(file, list, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    cwd: options.cwd,
    stdio: 'pipe',
  })
}

/** `diskloom ARGS…` as a process to send signals to. */
export function startCommand(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
}

function commandLine(args: string[], umask: string | undefined): [file: string, args: string[]] {
  if (umask === undefined) return [process.execPath, [MAIN, ...args]]
  return ['sh', ['-c', `umask ${umask} && exec "$@"`, 'sh', process.execPath, MAIN, ...args]]
}
