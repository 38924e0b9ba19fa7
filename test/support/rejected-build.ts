/** Builds that must fail: what they say, and that they leave nothing. */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { type BuildOptions, build } from '../../src/build.js'
import { DiskloomError, type ErrorCode } from '../../src/errors.js'

/** What stands beside the config: text, a sparse file by its size, a symlink by its target, or a folder by itself. */
export type Fixture = string | { sizeBytes: number } | { linkTo: string } | 'folder' | Buffer

export interface RejectedBuild {
  config: string
  /** Name of the config file; default `board.yaml`. */
  configName?: string
  files?: Record<string, Fixture>
  options?: Partial<BuildOptions>
  /** What the fixtures cannot say. */
  beforeBuild?: (folder: string) => void
  /** Called when everything is decided and the first byte is about to be written. */
  beforeWrite?: (folder: string) => void
}

/** Makes the config and what stands beside it in a folder of its own under `scratch`. */
export function makeProject(scratch: string, { config, configName = 'board.yaml', files = {} }: RejectedBuild): string {
  const folder = mkdtempSync(join(scratch, 'case-'))
  for (const [name, fixture] of Object.entries({ ...files, [configName]: config })) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    if (fixture === 'folder') mkdirSync(path, { recursive: true })
    else if (typeof fixture === 'string' || Buffer.isBuffer(fixture)) writeFileSync(path, fixture)
    else if ('linkTo' in fixture) symlinkSync(fixture.linkTo, path)
    else {
      writeFileSync(path, '')
      truncateSync(path, fixture.sizeBytes)
    }
  }
  return folder
}

/** The error of a build that must fail; everything that was in the output folder before is still all that is there. */
export async function rejectionOf(
  scratch: string,
  rejected: RejectedBuild,
): Promise<DiskloomError & { folder: string }> {
  const folder = makeProject(scratch, rejected)
  const { configName = 'board.yaml', options, beforeWrite } = rejected
  rejected.beforeBuild?.(folder)
  const out = options?.out ?? join(folder, 'out')
  const before = listNames(out)
  let error: unknown
  try {
    await build({
      environment: {},
      ...options,
      config: join(folder, configName),
      out,
      onEvent: (event) => {
        options?.onEvent?.(event)
        if (event.kind === 'phase' && event.phase === 'write') beforeWrite?.(folder)
      },
    })
  } catch (caught) {
    error = caught
  }
  if (!(error instanceof DiskloomError)) throw error ?? new Error('the build went through')
  expect(listNames(out)).toEqual(before)
  return Object.assign(error, { folder })
}

/** Every path under a folder, or undefined where it does not exist. */
export function listNames(folder: string): string[] | undefined {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** The messages of an error, one a line, with the folder of the case taken out. */
export function messagesOf(error: DiskloomError & { folder: string }): string {
  return error.problems.map(({ message }) => message.replaceAll(`${error.folder}/`, '')).join('\n')
}

export type { ErrorCode }
