/** Looking into images from the library and the command line: what needs programs, spool files and the file system of the host. */
import type { Readable } from 'node:stream'
import type { PlanOptions } from './build/options.js'
import { type OpenDisk, openDisk } from './build.js'
import { statsAt } from './bytes/path-stats.js'
import { DiskloomError, FormatError, type Problem, type Warning } from './errors.js'
import { loadReadings } from './filesystems/registry.js'
import { makeCommandRunner } from './host/run-command.js'
import type { DiskImage } from './image/extent.js'
import { checkImage, type ImageFinding, imageFindingProblem } from './inspect/check-image.js'
import { compareWithPlan, partitionedAsPlanned } from './inspect/compare-with-plan.js'
import { type Extraction, extractNode, placeImage } from './inspect/extract.js'
import { parseMtdParts } from './inspect/mtd-parts.js'
import { type Place, withNames } from './inspect/named-disk.js'
import { type OpenImage, openDiskImage } from './inspect/open-image.js'
import { consult, type SecondOpinion } from './inspect/second-opinion/consult.js'
import type { DiskPlan } from './layout/disk-plan.js'
import { imageInFolder } from './proof/image-in-folder.js'
import { MANIFEST_NAME } from './proof/manifest-names.js'
import { manifestBeside } from './proof/manifest-of-source.js'
import { manifestPlaces } from './proof/manifest-places.js'
import { readZipMember } from './proof/zip-member.js'
import { readImageFile } from './readers/read-image-file.js'
import { WorkFolder } from './scratch/work-folder.js'
import type { FileNode } from './tree/file-tree.js'

export type { ImageFinding } from './inspect/check-image.js'
export { compareDisks, type DiskComparison } from './inspect/diff/compare-disks.js'
export { type DiskDifferences, isSame } from './inspect/diff/differences.js'
export { type Extraction, partitionImage, tarOf } from './inspect/extract.js'
export { type Inspection, inspectImage } from './inspect/inspection.js'
export type { Content } from './inspect/open-content.js'
export type { OpenImage, OpenPartition } from './inspect/open-image.js'

export interface OpenImageOptions {
  /** Which file of a zip; default: its image. */
  readonly entry?: string | undefined
  /** What `-` reads. */
  readonly stdin?: Readable | undefined
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Where the names of its partitions come from; default: the manifest that goes with it. */
  readonly names?: PartitionNames | undefined
}

/** What says where the partitions of an image are and what they are called. */
export type PartitionNames =
  | { readonly config: string; readonly set?: Readonly<Record<string, string>> | undefined }
  /** The kernel's words for raw flash: `mtdparts=…`. */
  | { readonly mtdparts: string }

/**
 * Opens an image in any format that `convert` reads, a bundle, or the folder that a build wrote; `-` is standard input. What is
 * compressed is unpacked into a spool file of TMPDIR, which goes with `close`. Rejects with FormatError for what is no image (a
 * damaged table or volume is no error here), IoError or InterruptedError.
 */
export function openImage(path: string, options: OpenImageOptions = {}): Promise<OpenImage> {
  return openNamed(path, options, 'leave')
}

/** `zeros`: what becomes of the holes of a raw image. */
async function openNamed(path: string, options: OpenImageOptions, zeros: 'leave' | 'holes'): Promise<OpenImage> {
  const { names, environment, signal } = options
  if (names !== undefined && 'config' in names) {
    const { plan, release } = await planWhole({ config: names.config, set: names.set, environment, signal })
    await release()
    return withNames(await openWithSectors(path, options, plan.sectorSize, zeros), placesOfPlan(plan))
  }
  const disk = await openWithSectors(path, options, undefined, zeros)
  try {
    if (names !== undefined) return withNames(disk, parseMtdParts(names.mtdparts, disk.view.sizeBytes))
    const found = manifestPlaces(path)
    return found?.diskBytes === disk.view.sizeBytes ? withNames(disk, found.places) : disk
  } catch (error) {
    disk.close()
    throw error
  }
}

function placesOfPlan({ partitions }: DiskPlan): Place[] {
  return partitions.map(({ number, name, startByte, endByte }) => ({
    ...(number !== undefined && { number }),
    name,
    startByte,
    sizeBytes: endByte - startByte,
  }))
}

/** `sectorSize`: as a config has it. */
async function openWithSectors(
  path: string,
  options: OpenImageOptions,
  sectorSize: number | undefined,
  zeros: 'leave' | 'holes' = 'leave',
): Promise<OpenImage> {
  const { environment = process.env, entry, stdin, signal } = options
  const runner = makeCommandRunner(environment)
  const work = new WorkFolder(environment, runner)
  try {
    const file = await imageInFolder(path)
    const opened = await readImageFile(file, {
      workFolder: () => work.path(),
      runner,
      // Looking at one file must not cost the whole disk.
      zeros,
      // What is damaged, cut off or unknown can be looked at; what is something else cannot.
      demand: 'look',
      ...(entry !== undefined && { entry }),
      ...(stdin && { stdin }),
      ...(signal && { signal }),
    })
    const release = (): void => {
      opened.release()
      // The removal is done when the call returns; only the search for abandoned folders may go on.
      void work.release()
    }
    const name = path === '-' ? 'standard input' : path
    const names = { name, format: opened.format, readings: await loadReadings(), release }
    const disk = openDiskImage(opened.image, { ...names, ...(sectorSize !== undefined && { sectorSize }) })
    if (sectorSize !== undefined || disk.table?.kind !== 'mbr') return disk
    // An MBR does not say how long its sectors are; the manifest of the build does.
    const said = sectorSizeBeside(file)
    return said === undefined || said === disk.table.sectorSize
      ? disk
      : openDiskImage(opened.image, { ...names, sectorSize: said })
  } catch (error) {
    await work.release()
    throw error
  }
}

/** What a manifest that comes with the image says, where one can be read. */
function sectorSizeBeside(path: string): number | undefined {
  if (path === '-') return undefined
  try {
    return manifestBeside(path)?.image.sector_size
  } catch (error) {
    // "verify" says what is wrong with it; an image can be looked at without one.
    if (error instanceof DiskloomError) return undefined
    throw error
  }
}

export interface ExtractOptions {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Puts a node of a volume at `path` of the host: a folder with all that is in it, or one file. `path` must not be there yet, but
 * for a file that is replaced and an empty folder that is filled. Nothing outside it is touched whatever the image says. What
 * this user may not make or keep is in the notes. Rejects with FormatError, IoError or InterruptedError; nothing is left then.
 */
export function extract(node: FileNode, path: string, options: ExtractOptions = {}): Promise<Extraction> {
  const { environment = process.env, signal } = options
  return extractNode(node, path, { runner: makeCommandRunner(environment), signal })
}

/** `image` as a sparse file at `path`; zeros that matter are holes too. Rejects as `extract`; nothing is left behind then. */
export function extractImage(
  image: DiskImage,
  path: string,
  signal?: AbortSignal | undefined,
  { environment = process.env }: Pick<ExtractOptions, 'environment'> = {},
): Promise<Extraction> {
  return placeImage(image, path, { runner: makeCommandRunner(environment), signal })
}

export interface CheckOptions extends OpenImageOptions {
  /** A config: whether the image holds what it says. */
  readonly config?: string | undefined
  /** Variables of that config. */
  readonly set?: Readonly<Record<string, string>> | undefined
  /** Default true: readers that share no code with these are asked too. */
  readonly secondOpinion?: boolean | undefined
}

export interface CheckedImage {
  /** What contradicts itself. */
  readonly findings: readonly ImageFinding[]
  /** What is not as the config says. */
  readonly differences: readonly Problem[]
  /** What two readers disagree about. */
  readonly disagreements: readonly Problem[]
  /** What is odd or unclean and no damage, and what was passed over, with the reason. */
  readonly notes: readonly Warning[]
  /** What was looked at. */
  readonly checked: readonly string[]
  /** What is known by its signs and not looked into. */
  readonly named: readonly string[]
  /** Who else was asked, about what. */
  readonly asked: readonly string[]
}

/**
 * Checks an image against itself (table, superblocks, every inode and chain), with `config` also against what that says, and
 * asks other readers about it. What is wrong is in the result; rejects as `openImage`, with `config` also as `plan`.
 */
export async function checkImageFile(path: string, options: CheckOptions = {}): Promise<CheckedImage> {
  const { config, secondOpinion = true, set, environment, signal } = options
  const planned = config === undefined ? undefined : await planWhole({ config, set, environment, signal })
  try {
    const disk = await openWithSectors(path, options, planned?.plan.sectorSize)
    try {
      const partitioned = planned === undefined ? disk : partitionedAsPlanned(disk, planned.plan)
      const { findings, harmless, checked, named } = checkImage(partitioned)
      const differences = planned === undefined ? [] : differencesFrom(planned, disk, signal)
      const opinion = secondOpinion ? await consult(partitioned, { signal }) : NO_OPINION
      const { disagreements, asked } = opinion
      const odd = harmless.map((each): Warning => ({ ...imageFindingProblem(disk.name, each), finding: 'image-odd' }))
      const notes = [...odd, ...opinion.notes]
      return { findings, differences, disagreements, notes, checked, named, asked }
    } finally {
      disk.close()
    }
  } finally {
    await planned?.release()
  }
}

const NO_OPINION: SecondOpinion = { disagreements: [], notes: [], asked: [] }

function differencesFrom(
  { plan, payloads }: OpenDisk,
  disk: OpenImage,
  signal: AbortSignal | undefined,
): readonly Problem[] {
  try {
    return compareWithPlan(disk, { plan, payloads, signal })
  } catch (error) {
    // A volume that cannot be read to its end holds nothing that can be compared.
    if (error instanceof FormatError) return error.problems
    throw error
  }
}

/** A plan whose payload can be read until its release. */
async function planWhole(options: PlanOptions): Promise<OpenDisk> {
  const { environment = process.env } = options
  const workFolder = new WorkFolder(environment, makeCommandRunner(environment))
  const disk = await openDisk(options, () => workFolder.path())
  return {
    ...disk,
    async release() {
      await disk.release()
      await workFolder.release()
    },
  }
}

/** Words by which a path is taken for a config. */
const CONFIG_NAME = /\.(?:ya?ml|cfg)$/i

/**
 * Opens an image as `openImage` does, or what a config would build: its image value is read like any other, and no byte of it is
 * written (but for volumes of `engine: host`, which are made in a spool). Rejects as either.
 */
export async function openImageOrConfig(
  path: string,
  options: OpenImageOptions & Pick<PlanOptions, 'set'> = {},
): Promise<OpenImage & { release(): Promise<void> }> {
  if (!CONFIG_NAME.test(path)) {
    const disk = await openNamed(path, options, 'holes')
    return { ...disk, release: async () => disk.close() }
  }
  const { set, environment, signal } = options
  const planned = await planWhole({ config: path, set, environment, signal })
  try {
    const plan = await planned.finish(undefined)
    const { sectorSize } = plan
    const disk = openDiskImage(plan.image(), {
      name: path,
      format: 'config',
      readings: await loadReadings(),
      sectorSize,
    })
    return {
      ...disk,
      async release() {
        disk.close()
        await planned.release()
      },
    }
  } catch (error) {
    await planned.release()
    throw error
  }
}

/** Whether a path is what `verifyRelease` checks: a folder that a build wrote, or a zip with a manifest; standard input is. */
export function holdsRelease(path: string): boolean {
  if (path === '-') return true
  const stats = statsAt(path)
  if (stats?.isDirectory() === true) return true
  if (stats?.isFile() !== true) return false
  return readZipMember(path, MANIFEST_NAME, MAX_MANIFEST_BYTES) !== undefined
}

/** Of 500,000 files. */
const MAX_MANIFEST_BYTES = 256 << 20
