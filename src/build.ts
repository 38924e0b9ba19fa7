/**
 * The orchestra: config → payload → layout → outputs. Programs, threads and the clock are handed to the parts from here;
 * nothing below knows of a terminal.
 */
import type { KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import type { BudgetReport } from './build/budget.js'
import type { Depfile } from './build/depfile.js'
import { exportedDisk } from './build/exported-disk.js'
import { grownSpec } from './build/grow-last.js'
import { makeMeasuredVolumes, makePlacedVolumes } from './build/host-volumes.js'
import { locateError } from './build/located-error.js'
import type { BuildOptions, BuildPhase, BuildResult, PlanOptions, PlanResult } from './build/options.js'
import type { prepareGadget } from './build/prepare-gadget.js'
import { NO_GADGET, type PreparedGadget } from './build/prepared-gadget.js'
import { type PayloadReading, readPayloads } from './build/read-payloads.js'
import { openPayloads, sealPartitions } from './build/seal-partitions.js'
import { sourceDateEpoch } from './build/source-date-epoch.js'
import { checkPinning } from './build/unpinned.js'
import { WarningDesk } from './build/warning-desk.js'
import { warmUpThreads, writeOutputs } from './build/write-outputs.js'
import { loadConfig } from './config/load-config.js'
import type { BudgetSpec, GadgetSpec, ImageSpec, LoadedConfig } from './config/spec.js'
import { InterruptedError, LayoutError, type Warning } from './errors.js'
import { checkExports } from './gadget/mass-storage/check-exports.js'
import { makeCommandRunner } from './host/run-command.js'
import type { DiskPlan, LayoutEnvironment, Payload } from './layout/disk-plan.js'
import { leafPayloads } from './layout/measure-payload.js'
import { planDisk } from './layout/plan-disk.js'
import { OutputFolder } from './outputs/output-folder.js'
import type { Threads } from './outputs/threads.js'
import { writeWholeFile } from './outputs/whole-file.js'
import { startThreads } from './outputs/worker-threads.js'
import { PASSPHRASE_VARIABLE, readSigningKey } from './proof/signing-key.js'
import { WorkFolder } from './scratch/work-folder.js'
import { compareTimestamps, EPOCH_1980, type Timestamp } from './tree/file-tree.js'
import { XATTR_TOOL } from './tree/folder-xattrs.js'
import { measureTree } from './tree/tree-stats.js'

export type {
  BuildEvent,
  BuildOptions,
  BuildOutput,
  BuildPhase,
  BuildResult,
  OutputKind,
  PlanOptions,
  PlanResult,
} from './build/options.js'

/** Everything that is decided before the first byte of output. */
interface Prepared extends Omit<PayloadReading, 'warnings'> {
  /** What was laid out: the payloads, with those volumes in their places that had to be made to be measured. */
  readonly laidOut: readonly Payload[]
  readonly config: LoadedConfig
  readonly plan: DiskPlan
  readonly gadget: PreparedGadget
  readonly budget: BudgetReport | undefined
  /** Absolute. */
  readonly historyPath: string | undefined
  readonly epoch: Timestamp | undefined
  readonly desk: WarningDesk
  /** Until `release`. */
  readonly threads: Threads
}

/**
 * Lays out the disk and plans every volume; writes nothing. Errors as `build`, but for those of writing. What compressed
 * archives were unpacked to is gone afterwards: the plan's image can only be read where the payload has none.
 */
export async function plan(options: PlanOptions): Promise<PlanResult> {
  const { plan, desk, release } = await prepare(options)
  await release()
  desk.close()
  return { plan, warnings: desk.warnings }
}

/**
 * Builds what a config describes into `<out>/<image>/`.
 * Rejects with ConfigError, LayoutError, FormatError, IoError (problems carry position, frame and hint) or
 * InterruptedError; the folder is then as it was before.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now()
  const signingKey = options.signingKey === undefined ? undefined : readKey(options, options.signingKey)
  const prepared = await prepare(options, {
    unwritten: options.only === 'image',
    pinning: { only: options.only, isRequired: options.reproducible === true },
    onPayloads: (spec, payloads, threads) => warmUpThreads({ spec, payloads }, { threads, only: options.only }),
  })
  const { config, epoch } = prepared
  try {
    await assertHistory(prepared)
    const folderPath = join(resolve(options.out ?? 'out'), prepared.plan.spec.name)
    if (options.depfile !== undefined) prepared.desk.add((await planInputs(folderPath, prepared)).warnings)
    prepared.desk.close()
    const runner = makeCommandRunner(options.environment ?? process.env)
    const folder = await OutputFolder.open(folderPath, runner)
    try {
      const plan = await withHostVolumes(prepared, folder, options)
      options.onEvent?.({ kind: 'phase', phase: 'write', title: 'Weaving the image' })
      const { outputs, earlier } = await writeOutputs({
        plan,
        payloads: openPayloads(prepared.plan.spec, prepared.payloads),
        bundle: prepared.bundle,
        gadget: prepared.gadget,
        folder,
        runner,
        threads: prepared.threads,
        only: options.only,
        fullSha256: options.fullSha256 ?? false,
        signingKey,
        sourceDateEpoch: epoch?.seconds,
        modifiedSeconds: (epoch ?? newestTime(prepared)).seconds,
        signal: options.signal,
        onProgress: (doneBytes, totalBytes) => options.onEvent?.({ kind: 'progress', doneBytes, totalBytes }),
      })
      const { budget } = prepared
      const { historyPath } = prepared
      if (budget !== undefined && historyPath !== undefined) {
        const { writeSizeHistory } = await import('./build/size-history.js')
        writeSizeHistory(historyPath, budget.history)
      }
      if (options.depfile !== undefined) {
        writeWholeFile(options.depfile, (await planInputs(outputs[0]!.path, prepared)).bytes)
      }
      prepared.desk.addLate(changedResults(folder.path, earlier.changed))
      options.onEvent?.({ kind: 'phase', phase: 'finish', title: 'Done' })
      const seconds = (performance.now() - started) / 1000
      return {
        plan,
        warnings: prepared.desk.warnings,
        folder: folder.path,
        outputs,
        removed: earlier.removes,
        left: [...earlier.changed, ...earlier.foreign].sort(),
        seconds,
        growth: budget?.growth ?? [],
      }
    } finally {
      // What was committed stays; this takes the rest.
      await folder.discard()
    }
  } catch (error) {
    throw locateError(error, config)
  } finally {
    await prepared.release()
  }
}

/**
 * Every file and folder of the host that the result depends on: absolute paths in bytewise order, as bytes where a name is not
 * UTF-8. Errors as `plan`.
 */
export async function inputs(options: PlanOptions): Promise<readonly (string | Buffer)[]> {
  const prepared = await prepare(options)
  await prepared.release()
  const { collectInputs } = await import('./build/collect-inputs.js')
  return collectInputs(prepared.config, prepared)
}

/** A planned disk whose image can be read until `release`: for devices, in place of a folder of outputs. */
export interface OpenDisk extends PlanResult {
  /** One for each entry of `spec.partitions`. */
  readonly payloads: readonly Payload[]
  /** The plan with every volume made, also by the host's tools; for `growTo` bytes with the last partition up to the end. */
  finish(growTo: number | undefined): Promise<DiskPlan>
  release(): Promise<void>
}

/** Errors as `plan`. `workFolder` gives a folder for spool files, which the caller removes. */
export async function openDisk(options: PlanOptions, workFolder: () => string): Promise<OpenDisk> {
  const prepared = await prepare(options)
  const { plan, payloads, laidOut, config, epoch, desk, release } = prepared
  try {
    desk.close()
  } catch (error) {
    await release()
    throw error
  }
  return {
    plan,
    payloads,
    warnings: desk.warnings,
    async finish(growTo) {
      try {
        const grown = growTo === undefined ? plan : planDisk(grownSpec(plan, growTo), laidOut, layoutEnvironment(epoch))
        return await withHostVolumes({ ...prepared, plan: grown }, { workFolder }, options)
      } catch (error) {
        throw locateError(error, config)
      }
    },
    release,
  }
}

/** Before everything else is written: what is wrong with its place must not be found out after minutes of work. */
async function assertHistory({ budget, historyPath }: Prepared): Promise<void> {
  if (budget === undefined || historyPath === undefined) return
  const { assertHistoryWritable } = await import('./build/size-history.js')
  assertHistoryWritable(historyPath, budget.history)
}

/** Results of an earlier build that somebody has changed since: they are not ours to remove, and not of this build. */
function changedResults(folder: string, names: readonly string[]): Warning[] {
  return names.map((name) => ({
    finding: 'results-left',
    message: `${join(folder, name)} is not of this build: an earlier one wrote it, and it was changed since, so it stays`,
    hint: 'Remove it, or give it a name that no build uses',
  }))
}

/** The rule for Make and Ninja, with a warning for each name that it cannot hold. */
async function planInputs(target: string, prepared: Prepared): Promise<Depfile> {
  const { collectInputs } = await import('./build/collect-inputs.js')
  const { planDepfile } = await import('./build/depfile.js')
  return planDepfile(target, collectInputs(prepared.config, prepared), process.cwd())
}

/** Before everything else: a build of minutes must not end with a key that cannot be read. */
function readKey({ environment = process.env }: BuildOptions, path: string): KeyObject {
  return readSigningKey(path, environment[PASSPHRASE_VARIABLE])
}

/** The plan with the volumes of `engine: host` made, and encrypted what shall be; their spool files stand in the folder until it is committed. */
async function withHostVolumes(
  prepared: Prepared,
  folder: Pick<OutputFolder, 'workFolder'>,
  options: PlanOptions,
): Promise<DiskPlan> {
  const { plan, laidOut, epoch } = prepared
  const making = { ...hostVolumesOptions(options, 'write'), workFolder: () => folder.workFolder() }
  const layout = layoutEnvironment(epoch)
  const host = await makePlacedVolumes(plan, laidOut, making)
  const made = host.count === 0 ? plan : planDisk(plan.spec, host.payloads, layout, plan)
  if (made.seals.length === 0) return made
  return planDisk(plan.spec, await sealPartitions(made, host.payloads, making), layout, plan)
}

function hostVolumesOptions({ environment = process.env, signal, onEvent }: PlanOptions, phase: BuildPhase) {
  return {
    runner: makeCommandRunner(environment),
    signal,
    onVolume: (name: string) => onEvent?.({ kind: 'phase', phase, title: `Making "${name}" with the host's tools` }),
  }
}

function layoutEnvironment(epoch: Timestamp | undefined): LayoutEnvironment {
  return epoch === undefined ? {} : { time: epoch }
}

interface PrepareOptions {
  /** The board's files are not asked for. */
  readonly unwritten?: boolean
  /** What depends on this machine is told, or refused where that is required. */
  readonly pinning?: { readonly only: BuildOptions['only']; readonly isRequired: boolean }
  /** Called when the payload is known and nothing is planned. */
  readonly onPayloads?: (spec: ImageSpec, payloads: readonly Payload[], threads: Threads) => void
}

async function prepare(
  options: PlanOptions,
  { unwritten = false, pinning, onPayloads }: PrepareOptions = {},
): Promise<Prepared> {
  const environment = options.environment ?? process.env
  const { onEvent, signal } = options
  onEvent?.({ kind: 'phase', phase: 'config', title: 'Reading the config' })
  const config = loadConfig(options.config, {
    environment,
    ...(options.set !== undefined && { set: options.set }),
    ...(options.sizeBytes !== undefined && { sizeBytes: options.sizeBytes }),
    ...(options.outputs !== undefined && { outputs: options.outputs }),
  })
  const runner = makeCommandRunner(environment)
  const work = new WorkFolder(environment, runner)
  const threads = startThreads(availableParallelism())
  let releasePayloads: (() => Promise<void>) | undefined
  const release = async (): Promise<void> => {
    await Promise.all([threads.close(), releasePayloads?.()])
    await work.release()
  }
  const desk = new WarningDesk(config, {
    strict: options.strict,
    onWarning: (problem) => onEvent?.({ kind: 'warning', problem }),
  })
  try {
    const { spec } = config
    desk.add(config.warnings)
    const epoch = sourceDateEpoch(environment, spec.sourceDateEpoch)
    onEvent?.({ kind: 'phase', phase: 'payload', title: 'Measuring the payload' })
    if (pinning !== undefined)
      desk.add(checkPinning(spec, { ...pinning, epoch, readsXattrs: runner.locate(XATTR_TOOL) !== undefined }))
    const { variable } = config
    const workFolder = (): string => work.path()
    const readOptions = { clampTo: epoch, runner, workFolder, variable, signal, lister: threads }
    // Side by side, since both wait for programs; what is wrong with the payload is told first.
    const [payloadReading, gadgetMaking] = await Promise.allSettled([
      readPayloads(spec, readOptions).then((reading) => {
        onPayloads?.(spec, reading.payloads, threads)
        return reading
      }),
      makeGadget(spec.gadget, { ...readOptions, unwritten }),
    ])
    releasePayloads = async () => {
      const made = [payloadReading, gadgetMaking].filter((each) => each.status === 'fulfilled')
      await Promise.all(made.map(({ value }) => value.release()))
    }
    const reading = settledValue(payloadReading)
    desk.add(reading.warnings)
    const gadget = settledValue(gadgetMaking)
    desk.add(gadget.warnings)
    if (signal?.aborted) throw new InterruptedError()
    onEvent?.({ kind: 'phase', phase: 'layout', title: 'Laying out the disk' })
    const layout = layoutEnvironment(epoch)
    const laidOut = await makeMeasuredVolumes(spec, reading.payloads, {
      ...hostVolumesOptions(options, 'layout'),
      layout,
      workFolder,
    })
    const plan = planDisk(spec, laidOut, layout)
    const budgetSpec = budgetOf(spec, options)
    const historyPath = budgetSpec?.historyPath
    const budget = budgetSpec && (await import('./build/budget.js')).reportBudget(plan, budgetSpec)
    desk.add([...plan.warnings, ...(budget?.warnings ?? []), ...exportWarnings(spec, plan, reading.payloads)])
    return { ...reading, laidOut, config, plan, gadget, budget, historyPath, epoch, threads, desk, release }
  } catch (error) {
    desk.release()
    await release()
    throw locateError(error, config)
  }
}

/** With the place of the history that the caller chose. */
function budgetOf({ budget }: ImageSpec, { history }: PlanOptions): BudgetSpec | undefined {
  return history === undefined ? budget : { ...budget, historyPath: resolve(history) }
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

/** Its code is a tenth of a build's, and most disks have no such section. */
async function makeGadget(
  spec: GadgetSpec | undefined,
  options: Parameters<typeof prepareGadget>[1],
): Promise<PreparedGadget> {
  if (spec === undefined) return NO_GADGET
  const { prepareGadget } = await import('./build/prepare-gadget.js')
  return prepareGadget(spec, options)
}

/** Throws LayoutError for a LUN that no host could use, or that the board itself mounts. */
function exportWarnings({ gadget }: ImageSpec, plan: DiskPlan, payloads: readonly Payload[]): readonly Warning[] {
  if (gadget?.massStorage === undefined) return []
  const { problems, warnings } = checkExports(gadget.massStorage, exportedDisk(plan, payloads))
  if (problems.length > 0) throw new LayoutError(problems)
  return warnings
}

/** The newest time in the payload, for the entries of the zip where no SOURCE_DATE_EPOCH is set. */
function newestTime({ payloads }: Pick<PayloadReading, 'payloads'>): Timestamp {
  let newest = EPOCH_1980
  for (const payload of leafPayloads(payloads)) {
    const time =
      payload.kind === 'tree'
        ? measureTree(payload.tree).newest
        : payload.kind === 'file' && payload.file.mtimeNs !== undefined
          ? { seconds: Number(payload.file.mtimeNs / 1_000_000_000n), nanoseconds: 0 }
          : EPOCH_1980
    if (compareTimestamps(time, newest) > 0) newest = time
  }
  return newest
}
