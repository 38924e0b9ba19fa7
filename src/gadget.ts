/** The board files of a config's `gadget:` section alone: no payload is read, no disk laid out. */
import { join, resolve } from 'node:path'
import { locateError, locateProblem } from './build/located-error.js'
import type { BuildOptions, BuildOutput } from './build/options.js'
import { loadConfig } from './config/load-config.js'
import { ConfigError, InterruptedError, type Problem } from './errors.js'
import { planCheckedGadget } from './gadget/plan-checked.js'
import { makeCommandRunner } from './host/run-command.js'
import { bytesDigest } from './outputs/file-digest.js'
import { OutputFolder } from './outputs/output-folder.js'
import { writeWholeFile } from './outputs/whole-file.js'

export type GadgetOptions = Pick<BuildOptions, 'config' | 'out' | 'set' | 'environment' | 'signal'>

export interface GadgetResult {
  /** Absolute path of `<out>/<image>`, whose folder `gadget` has the files. */
  readonly folder: string
  readonly outputs: readonly BuildOutput[]
  readonly warnings: readonly Problem[]
}

/**
 * Writes into `<out>/<image>/gadget/` what `build` would write there. Rejects as `build` does; ConfigError also for a
 * config without the section.
 */
export async function gadget(options: GadgetOptions): Promise<GadgetResult> {
  const { environment = process.env, set, signal } = options
  const config = loadConfig(options.config, { environment, ...(set !== undefined && { set }) })
  const { spec } = config
  try {
    if (spec.gadget === undefined) {
      throw new ConfigError(`Cannot make the board files of ${options.config}: it has no gadget section`)
    }
    const { files, warnings } = await planCheckedGadget(spec.gadget, makeCommandRunner(environment), signal)
    if (signal?.aborted) throw new InterruptedError()
    const folder = OutputFolder.open(join(resolve(options.out ?? 'out'), spec.name))
    try {
      for (const { path, bytes } of files) writeWholeFile(folder.stage(path), bytes)
      folder.commit()
    } finally {
      folder.discard()
    }
    return {
      folder: folder.path,
      outputs: files.map(({ path, bytes }) => ({
        path: join(folder.path, path),
        kind: 'gadget',
        sizeBytes: bytes.length,
        sha256: bytesDigest(bytes),
      })),
      warnings: [...config.warnings, ...warnings].map((problem) => locateProblem(problem, config)),
    }
  } catch (error) {
    throw locateError(error, config)
  }
}
