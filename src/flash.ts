/** From a config or an image to devices: everything is inspected, planned and asked before the first byte is written. */
import { realpath } from 'node:fs/promises'
import { extname } from 'node:path'
import { HeldWarnings } from './build/held-warnings.js'
import type { BuildEvent, PlanOptions } from './build/options.js'
import { openDisk } from './build.js'
import { jsonText } from './bytes/json-text.js'
import {
  DiskloomError,
  errnoOf,
  InterruptedError,
  IoError,
  LayoutError,
  type Problem,
  systemReason,
  UsageError,
} from './errors.js'
import { type Disk, inspectDisk, listDisks } from './flash/disks.js'
import { fileTargetRefusals, inspectFileTarget, openFileTarget } from './flash/file-target.js'
import { type FittedImage, fitImage } from './flash/fit-image.js'
import { type FlashJob, flashDevice } from './flash/flash-device.js'
import { assertCanGrow } from './flash/grow-ext.js'
import { type ImageTable, type PartitionPlace, readerOf, readTable } from './flash/image-table.js'
import { judgeTable, refusedTable } from './flash/judge-table.js'
import { warningIfOlder } from './flash/older-release.js'
import { openDevice } from './flash/open-device.js'
import type { FlashedRelease, FlashReceipt } from './flash/receipt.js'
import { type Refusal, type RefusalOptions, refusalsOf } from './flash/refusals.js'
import type { FlashPhase } from './flash/write-device.js'
import { makeCommandRunner } from './host/run-command.js'
import type { DiskImage } from './image/extent.js'
import type { DiskPlan } from './layout/disk-plan.js'
import { writeWholeFile } from './outputs/whole-file.js'
import { imageByBmap } from './proof/apply-bmap.js'
import { imageInFolder } from './proof/image-in-folder.js'
import { namedByManifest } from './proof/manifest-places.js'
import { manifestToFlash } from './proof/manifest-to-flash.js'
import { verifiedCopy } from './proof/verified-copy.js'
import { readImageFile } from './readers/read-image-file.js'
import { WorkFolder } from './scratch/work-folder.js'
import type { CommandRunner } from './tree/command-runner.js'

export type { Disk } from './flash/disks.js'
export type { FlashJob } from './flash/flash-device.js'
export type { FlashReceipt } from './flash/receipt.js'
export type { Refusal, RefusalReason } from './flash/refusals.js'

export interface FlashOptions extends Pick<PlanOptions, 'set' | 'environment' | 'signal' | 'strict'> {
  /** A config (`.yaml`, `.yml`, `.cfg`), an image in any format that is read, or the folder of a build; `-` is standard input. */
  readonly source: string
  /** Which file of a zip or tar; default: its image. */
  readonly member?: string | undefined
  /** Write the bytes of the image as they are, whatever they are and whatever is wrong with their table. */
  readonly asIs?: boolean | undefined
  /** The targets are plain files, which are made where they are missing. */
  readonly file?: boolean | undefined
  /** A block map of the image: only what it maps is written. */
  readonly bmap?: string | undefined
  /** Public key, as a path: the source's manifest must be signed with it, and only what it specifies is written. */
  readonly key?: string | undefined
  /** The least version that the manifest must have; with `key`. */
  readonly minVersion?: string | undefined
  /** Paths of whole disks; links (/dev/disk/by-id/…) are followed. */
  readonly devices: readonly string[]
  /** The last partition takes what is left of the device, with its file system. */
  readonly grow: boolean
  /** Read everything back from the medium. */
  readonly verify: boolean
  readonly allowFixed: boolean
  /** Called once, when all that can be judged beforehand is well; rejecting ends the work with nothing written. */
  readonly confirm: (jobs: readonly FlashJob[]) => Promise<void>
  /** Gets a receipt a line, for each device that was written, also where another one failed. */
  readonly receiptFile?: string | undefined
  readonly onEvent?: ((event: FlashEvent) => void) | undefined
}

export type FlashEvent =
  | BuildEvent
  | { readonly kind: 'flash-phase'; readonly device: string; readonly phase: FlashPhase | 'grow' }
  | {
      readonly kind: 'flash-progress'
      readonly device: string
      readonly doneBytes: number
      readonly totalBytes: number
    }
  | { readonly kind: 'flashed'; readonly receipt: FlashReceipt }

export interface Candidate {
  readonly disk: Disk
  /** Empty: it can be flashed. */
  readonly refusals: readonly Refusal[]
}

/** Every disk of this machine, with the reasons against those that must not be written. */
export async function devices(
  options: Pick<PlanOptions, 'environment'> & RefusalOptions = {},
): Promise<readonly Candidate[]> {
  const disks = await listDisks(makeCommandRunner(options.environment ?? process.env))
  return disks.map((disk) => ({ disk, refusals: refusalsOf(disk, options) }))
}

/**
 * Writes the source to every device, all of them at the same time; a failing one does not stop the others. Resolves with a
 * receipt for each when all are done; otherwise rejects with everything that went wrong (what succeeded was told by event).
 */
export async function flash(given: FlashOptions): Promise<readonly FlashReceipt[]> {
  const held = new HeldWarnings(given.strict ?? false, (problem) => given.onEvent?.({ kind: 'warning', problem }))
  const options: FlashOptions = {
    ...given,
    onEvent: (event) => (event.kind === 'warning' ? held.take(event.problem) : given.onEvent?.(event)),
  }
  const runner = makeCommandRunner(options.environment ?? process.env)
  const source = await openSource(options, runner)
  try {
    const disks = await (options.file === true
      ? inspectFiles(options, source)
      : inspectAll(options, source.sizeBytes, runner))
    const jobs: FlashJob[] = []
    const { built } = source
    for (const disk of disks) {
      const warning = built && warningIfOlder(built, disk, options.receiptFile)
      if (warning !== undefined) options.onEvent?.({ kind: 'warning', problem: warning })
      jobs.push({ disk, source: options.source, release: built, ...(await source.fit(disk)) })
    }
    held.assertNone()
    await options.confirm(jobs)
    return await flashAll(jobs, options, runner)
  } finally {
    held.release()
    await source.release()
  }
}

interface OpenSource {
  /** What a device must hold at least. */
  readonly sizeBytes: number
  /** For a target that has no sectors of its own. */
  readonly sectorBytes: number
  /** What its signed manifest says. */
  readonly built?: FlashedRelease | undefined
  fit(disk: Disk): Promise<Omit<FlashJob, 'disk' | 'source' | 'release'>>
  release(): Promise<void>
}

const CONFIG_EXTENSIONS: readonly string[] = ['.yaml', '.yml', '.cfg']

async function openSource(options: FlashOptions, runner: CommandRunner): Promise<OpenSource> {
  if (!CONFIG_EXTENSIONS.includes(extname(options.source).toLowerCase())) return openImage(options, runner)
  if (options.key !== undefined || options.minVersion !== undefined) {
    throw new UsageError('Cannot verify a config by --key: an image or a bundle that was signed is accepted')
  }
  if (options.bmap !== undefined) {
    throw new UsageError('Cannot use a block map with a config: it says itself what matters')
  }
  for (const [flag, value] of [
    ['--as-is', options.asIs],
    ['--member', options.member],
  ]) {
    if (value !== undefined && value !== false) throw new UsageError(`Cannot use ${flag} with a config: it is no image`)
  }
  return openConfig(options, runner)
}

async function openConfig(
  { source, grow, set, environment, signal, strict, onEvent }: FlashOptions,
  runner: CommandRunner,
): Promise<OpenSource> {
  const work = new WorkFolder(environment ?? process.env, runner)
  const disk = await openDisk({ config: source, set, environment, signal, strict, onEvent }, () => work.path())
  /** Volumes by the host's tools are made once for all devices that get the same disk. */
  const finished = new Map<number | undefined, Promise<DiskPlan>>()
  const finish = (growTo: number | undefined): Promise<DiskPlan> => {
    let plan = finished.get(growTo)
    if (plan === undefined) {
      plan = disk.finish(growTo)
      finished.set(growTo, plan)
    }
    return plan
  }
  return {
    sizeBytes: disk.plan.sizeBytes,
    sectorBytes: disk.plan.sectorSize,
    async fit({ path, sizeBytes, sectorBytes }) {
      const { table, sectorSize } = disk.plan
      if (table !== 'none' && sectorSize !== sectorBytes) {
        throw new LayoutError(
          `Cannot flash ${source} to ${path}: it is planned for sectors of ${sectorSize} bytes, the device has sectors of ${sectorBytes}`,
          { hint: `Set "sector_size: ${sectorBytes}" in the config.` },
        )
      }
      const plan = await finish(grow ? sizeBytes : undefined)
      const image = plan.image()
      const read = readerOf(image)
      const fitted = fitImage(image, readTable(image, sectorBytes), read, { sizeBytes, sectorBytes }, { grow: false })
      const partitions = plan.partitions.map(({ number, name, startByte, endByte }) => ({
        number,
        name,
        startByte,
        endByte,
      }))
      return { ...fitted, grown: grownBetween(disk.plan, plan), partitions, growsFileSystem: false }
    },
    async release() {
      await disk.release()
      await work.release()
    },
  }
}

/** The partition that has another end in `after`. */
function grownBetween(before: DiskPlan, after: DiskPlan): PartitionPlace | undefined {
  const index = after.partitions.findIndex(({ endByte }, at) => endByte > before.partitions[at]!.endByte)
  const partition = after.partitions[index]
  if (partition === undefined) return undefined
  const { number, name, startByte, endByte } = partition
  return { number, name, startByte, endByte }
}

async function openImage(options: FlashOptions, runner: CommandRunner): Promise<OpenSource> {
  const releases: (() => void | Promise<void>)[] = []
  const release = async (): Promise<void> => {
    for (const each of releases.splice(0).reverse()) await each()
  }
  const { bmap, grow, member, asIs = false, environment, signal, onEvent } = options
  const source = await imageInFolder(options.source)
  const work = new WorkFolder(environment ?? process.env, runner)
  const manifest = manifestToFlash(source, options)
  const opened = await readImageFile(source, {
    workFolder: () => work.path(),
    runner,
    entry: member,
    demand: asIs ? 'nothing' : 'proof',
    ...(signal && { signal }),
  }).catch(async (error: unknown) => {
    await work.release()
    throw error
  })
  releases.push(() => work.release(), opened.release)
  let image: DiskImage
  let isDamaged: boolean
  try {
    const { errors, warnings } = judgeTable(opened.verdict, source)
    if (errors.length > 0 && !asIs) throw refusedTable(errors)
    isDamaged = errors.length > 0
    for (const problem of warnings) {
      onEvent?.({ kind: 'warning', problem: { ...problem, finding: 'table-damage' } })
    }
    image = bmap === undefined ? opened.image : await imageByBmap(bmap, opened.image, source)
    if (manifest !== undefined) {
      // A raw image may be the copy of a card; what else is in it is not written.
      const unspecified = opened.formats[0] === 'raw' ? 'any' : 'zeros'
      const verified = await verifiedCopy(image, manifest, { unspecified, folder: () => work.path(), signal })
      releases.push(verified.release)
      image = verified.image
    }
  } catch (error) {
    await release()
    throw error
  }
  const read = readerOf(image)
  // A table that contradicts itself cannot be followed: bytes that somebody wants as they are go where they are.
  const tableFor = (sectorBytes: number): ImageTable =>
    isDamaged ? { kind: 'none', partitions: [] } : readTable(image, sectorBytes)
  return {
    sizeBytes: image.sizeBytes,
    built: manifest && {
      image: manifest.image.name,
      version: manifest.image.version ?? null,
      source_date_epoch: manifest.source_date_epoch,
    },
    get sectorBytes() {
      const table = tableFor(DEFAULT_SECTOR_BYTES)
      return table.kind === 'gpt' ? table.sectorBytes : DEFAULT_SECTOR_BYTES
    },
    async fit({ sizeBytes, sectorBytes }) {
      const table = tableFor(sectorBytes)
      const fitted: FittedImage = fitImage(image, table, read, { sizeBytes, sectorBytes }, { grow })
      const { grown } = fitted
      if (grown !== undefined) assertCanGrow(grown, read, runner)
      const partitions = table.partitions.map((place) =>
        grown !== undefined && place.number === grown.number ? grown : place,
      )
      const called = namedByManifest(options.source, partitions, image.sizeBytes)
      return { ...fitted, partitions: disjoint(called, sizeBytes), growsFileSystem: grown !== undefined }
    },
    release,
  }
}

/** Of a plain file, where the image does not tell. */
const DEFAULT_SECTOR_BYTES = 512

/** Hybrid and hand-made tables may have partitions over one another or past the end: those are not told apart. */
function disjoint(partitions: readonly PartitionPlace[], sizeBytes: number): PartitionPlace[] {
  const result: PartitionPlace[] = []
  for (const place of partitions.toSorted((a, b) => a.startByte - b.startByte)) {
    if (place.startByte >= (result.at(-1)?.endByte ?? 0) && place.endByte <= sizeBytes) result.push(place)
  }
  return result
}

/** All devices are judged before the error, so that all reasons are told at once. */
async function inspectAll(options: FlashOptions, neededBytes: number, runner: CommandRunner): Promise<Disk[]> {
  const problems: Problem[] = []
  const disks = new Map<string, Disk>()
  for (const device of options.devices) {
    const path = await resolveDevice(device)
    const disk = await inspectDisk(runner, path)
    if (disks.has(disk.majorMinor)) throw new UsageError(`Cannot flash to ${device}: the same device is given twice`)
    disks.set(disk.majorMinor, disk)
    for (const { text, hint } of refusalsOf(disk, { neededBytes, allowFixed: options.allowFixed })) {
      problems.push({ message: `Cannot flash to ${path}: ${text}`, ...(hint !== undefined && { hint }) })
    }
  }
  if (problems.length > 0) throw new IoError(problems)
  return [...disks.values()]
}

/** The same for plain files. */
async function inspectFiles(options: FlashOptions, { sizeBytes, sectorBytes }: OpenSource): Promise<Disk[]> {
  const problems: Problem[] = []
  const disks = new Map<string, Disk>()
  for (const path of options.devices) {
    const disk = await inspectFileTarget(path, { sizeBytes, sectorBytes })
    if (disks.has(disk.path)) throw new UsageError(`Cannot flash to ${path}: the same file is given twice`)
    disks.set(disk.path, disk)
    for (const { text, hint } of await fileTargetRefusals(disk, { source: options.source, neededBytes: sizeBytes })) {
      problems.push({ message: `Cannot flash to ${path}: ${text}`, ...(hint !== undefined && { hint }) })
    }
  }
  if (problems.length > 0) throw new IoError(problems)
  return [...disks.values()]
}

async function resolveDevice(device: string): Promise<string> {
  return realpath(device).catch((error: unknown) => {
    throw new IoError(`Cannot flash to ${device}: ${systemReason(error)}`, {
      hint: '"diskloom devices" lists the disks of this machine',
      details: { path: device, errno: errnoOf(error) },
      cause: error,
    })
  })
}

async function flashAll(
  jobs: readonly FlashJob[],
  { verify, file, signal, onEvent, receiptFile }: FlashOptions,
  runner: CommandRunner,
): Promise<FlashReceipt[]> {
  const outcomes = await Promise.allSettled(
    jobs.map(async (job) => {
      const device = job.disk.path
      const receipt = await flashDevice(job, {
        open: (disk) => (file === true ? openFileTarget(disk, runner) : openDevice(disk, runner)),
        runner,
        verify,
        signal,
        now: () => new Date(),
        onPhase: (phase) => onEvent?.({ kind: 'flash-phase', device, phase }),
        onProgress: (doneBytes, totalBytes) => onEvent?.({ kind: 'flash-progress', device, doneBytes, totalBytes }),
      })
      onEvent?.({ kind: 'flashed', receipt })
      return receipt
    }),
  )
  const receipts = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value)
  if (receiptFile !== undefined && receipts.length > 0) {
    writeWholeFile(receiptFile, Buffer.from(receipts.map((receipt) => `${jsonText(receipt)}\n`).join('')))
  }
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown)
  if (failures.length > 0) throw joined(failures)
  return receipts
}

/** One error of all; a bug of ours, where there is one, goes first. */
function joined(failures: readonly unknown[]): unknown {
  const [only] = failures
  if (failures.length === 1) return only
  const bug = failures.find((failure) => !(failure instanceof DiskloomError))
  if (bug !== undefined) return bug
  const errors = failures as DiskloomError[]
  if (errors.every(({ code }) => code === 'INTERRUPTED')) {
    return new InterruptedError(errors.map(({ message }) => message).join('; '))
  }
  return new IoError(
    errors.flatMap(({ problems }) => problems),
    { cause: only },
  )
}
