/** The board files of a config's `gadget:` section alone: no payload of a partition is read, no disk laid out. */
import { join, resolve } from 'node:path'
import { locateError } from './build/located-error.js'
import type { BuildOptions, BuildOutput } from './build/options.js'
import { prepareGadget } from './build/prepare-gadget.js'
import type { PreparedGadget } from './build/prepared-gadget.js'
import { sourceDateEpoch } from './build/source-date-epoch.js'
import { WarningDesk } from './build/warning-desk.js'
import { assertGadgetPrograms, type WeaveTools, writeGadgetImage } from './build/write-gadget-image.js'
import { loadConfig } from './config/load-config.js'
import { ConfigError, InterruptedError, type Warning } from './errors.js'
import { makeCommandRunner } from './host/run-command.js'
import { bytesDigest } from './outputs/file-digest.js'
import { OutputFolder } from './outputs/output-folder.js'
import { INLINE_THREADS } from './outputs/threads.js'
import { writeWholeFile } from './outputs/whole-file.js'
import { WorkFolder } from './scratch/work-folder.js'

export type GadgetOptions = Pick<BuildOptions, 'config' | 'out' | 'set' | 'environment' | 'signal' | 'strict'>

export interface GadgetResult {
  /** Absolute path of `<out>/<image>`, whose folder `gadget` has the files. */
  readonly folder: string
  readonly outputs: readonly BuildOutput[]
  readonly warnings: readonly Warning[]
}

/**
 * Writes into `<out>/<image>/gadget/` what `build` would write there. Rejects as `build` does; ConfigError also for a
 * config without the section.
 */
export async function gadget(options: GadgetOptions): Promise<GadgetResult> {
  const { environment = process.env, set, signal } = options
  const config = loadConfig(options.config, { environment, ...(set !== undefined && { set }) })
  const { spec, variable } = config
  const runner = makeCommandRunner(environment)
  const work = new WorkFolder(environment, runner)
  // Partitions are not read, so what the config accepts of them cannot be judged here.
  const desk = new WarningDesk(config, { strict: options.strict })
  let prepared: PreparedGadget | undefined
  try {
    if (spec.gadget === undefined) {
      throw new ConfigError(`Cannot make the board files of ${options.config}: it has no gadget section`)
    }
    const clampTo = sourceDateEpoch(environment, spec.sourceDateEpoch)
    prepared = await prepareGadget(spec.gadget, { clampTo, runner, variable, workFolder: () => work.path(), signal })
    assertGadgetPrograms(prepared.images, runner)
    desk.add([...config.warnings, ...prepared.warnings])
    desk.assertNone()
    if (signal?.aborted) throw new InterruptedError()
    const folder = await OutputFolder.open(join(resolve(options.out ?? 'out'), spec.name), runner)
    try {
      const outputs = await writeResults(prepared, folder, { threads: INLINE_THREADS, runner, signal })
      await folder.commit()
      return { folder: folder.path, outputs, warnings: desk.warnings }
    } finally {
      await folder.discard()
    }
  } catch (error) {
    throw locateError(error, config)
  } finally {
    await prepared?.release()
    await work.release()
  }
}

async function writeResults(
  { files, images }: PreparedGadget,
  folder: OutputFolder,
  tools: WeaveTools,
): Promise<BuildOutput[]> {
  const outputs: BuildOutput[] = files.map(({ path, bytes }) => {
    writeWholeFile(folder.stage(path), bytes)
    return { path: join(folder.path, path), kind: 'gadget', sizeBytes: bytes.length, sha256: bytesDigest(bytes) }
  })
  for (const image of images) {
    const written = await writeGadgetImage(image, folder.stage(image.path), tools)
    outputs.push({ path: join(folder.path, image.path), kind: 'gadget', ...written })
  }
  return outputs
}
