/** The one place for large temporary files: every command has its own private folder there, made when it is first asked for. */
import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import type { CommandRunner } from '../tree/command-runner.js'
import { PrivateFolder } from './private-folder.js'

type Environment = Readonly<Record<string, string | undefined>>

export const ELSEWHERE = 'Choose another folder with TMPDIR'

export class WorkFolder {
  readonly #environment: Environment
  readonly #runner: CommandRunner
  #folder: PrivateFolder | undefined

  /** TMPDIR comes from `environment`; `runner` runs flock(1). */
  constructor(environment: Environment, runner: CommandRunner) {
    this.#environment = environment
    this.#runner = runner
  }

  /** Makes the folder at the first call, and removes those of commands that were killed. Throws IoError. */
  path(): string {
    this.#folder ??= PrivateFolder.make(temporaryFolder(this.#environment), { runner: this.#runner, hint: ELSEWHERE })
    return this.#folder.path
  }

  /** Removes the folder. Safe to call twice. */
  async release(): Promise<void> {
    const folder = this.#folder
    this.#folder = undefined
    await folder?.release()
  }
}

/** Returns TMPDIR, else /var/tmp where that can be written: /tmp often is memory. */
export function temporaryFolder(environment: Environment): string {
  if (environment.TMPDIR) return environment.TMPDIR
  try {
    accessSync(LARGE_TEMPORARY_FILES, constants.W_OK)
    return LARGE_TEMPORARY_FILES
  } catch {
    return tmpdir()
  }
}

const LARGE_TEMPORARY_FILES = '/var/tmp'
