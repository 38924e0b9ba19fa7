/** The other tools that judge what we write: how to call them, and what happens where one is missing. */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'

/** Tools stand in /sbin too, which is not on everybody's PATH. The locale and time zone are fixed. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', TZ: 'UTC' }

const found = new Map<string, boolean>()

/** A command, or the absolute path of a file that a package brings. */
export function hasTool(tool: string): boolean {
  let here = found.get(tool)
  if (here === undefined) {
    here = tool.startsWith('/')
      ? existsSync(tool)
      : spawnSync('sh', ['-c', `command -v ${tool}`], { env: ENVIRONMENT }).status === 0
    found.set(tool, here)
  }
  return here
}

/** True where loop devices and mounts may be used. */
export function canMount(): boolean {
  return process.getuid?.() === 0 && hasTool('losetup') && hasTool('mount')
}

/**
 * `describe` for tests that need other tools. Where one is missing the suite is skipped with the reason in its name on a
 * laptop, and fails under CI=true (nothing is skipped there).
 */
export function describeWithTools(
  name: string,
  tools: string[],
  body: () => void,
  options: { root?: boolean } = {},
): void {
  const missing = tools.filter((tool) => !hasTool(tool))
  if (options.root === true && !canMount()) missing.push('root with loop devices')
  if (missing.length === 0) {
    describe(name, body)
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it('has its tools', () => {
        throw new Error(`missing: ${missing.join(', ')} (npm run check installs them)`)
      })
    })
  } else {
    describe.skip(`${name} (missing: ${missing.join(', ')})`, body)
  }
}

export interface ToolResult {
  status: number
  stdout: string
  stderr: string
}

/** Runs a tool to its end; any exit code is the caller's to judge. */
export function runTool(
  tool: string,
  args: string[],
  options: { input?: string | Uint8Array; cwd?: string } = {},
): ToolResult {
  const result = spawnSync(tool, args, { env: ENVIRONMENT, maxBuffer: 1 << 30, encoding: 'utf8', ...options })
  if (result.error) throw result.error
  return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr }
}

/** Runs a tool that must succeed and gives its standard output as text. */
export function tool(name: string, ...args: string[]): string {
  return execFileSync(name, args, { env: ENVIRONMENT, maxBuffer: 1 << 30, encoding: 'utf8', stdio: 'pipe' })
}

/**
 * Runs several tools at once and gives what each prints; rejects with what the first failing one said. For tools that
 * take long, so that they share the processors.
 */
export function runTogether(...commands: string[][]): Promise<string[]> {
  const run = ([file, ...args]: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(file!, args, { env: ENVIRONMENT, maxBuffer: 1 << 30 }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stdout}${stderr}`)),
      )
    })
  return Promise.all(commands.map(run))
}

/** A folder that goes with the test file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'diskloom-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
