/** From a tree and a size to a volume with every decision made. */

import { formatSize } from '../../bytes/format-size.js'
import { type Guid, uuidToBytes, uuidV5 } from '../../bytes/guid.js'
import { LayoutError, type Warning } from '../../errors.js'
import type { FileTree } from '../../tree/file-tree.js'
import type { PlannedVolume, VolumeEnvironment } from '../volume.js'
import { createDirectoryHasher } from './directory-hash.js'
import { encodeVolume } from './encode-volume.js'
import { chooseFeatures, type FeatureSet, listFeatures } from './features.js'
import { type Geometry, planGeometry } from './geometry.js'
import { type GroupLayout, planGroupLayout } from './group-layout.js'
import { clampTime, timeRange } from './inode-time.js'
import { FEWEST_BLOCKS_WITH_JOURNAL } from './journal-size.js'
import type { ExtFormatOptions } from './options.js'
import { surveyTree, type TreeSurvey } from './tree-survey.js'
import { measureDemand, type VolumeDemand } from './volume-demand.js'
import { placeVolume, type VolumePlacement } from './volume-placement.js'
import type { VolumePlan } from './volume-plan.js'

/** What does not change with the volume's size; made once for a plan, or for a whole search. */
export class ExtPlanner {
  readonly options: ExtFormatOptions
  readonly survey: TreeSurvey
  readonly #environment: VolumeEnvironment
  readonly #features: FeatureSet
  readonly #hashSeed: Guid
  readonly #demands = new Map<string, VolumeDemand>()

  constructor(tree: FileTree, options: ExtFormatOptions, environment: VolumeEnvironment) {
    this.options = options
    this.#environment = environment
    this.#features = chooseFeatures(options)
    this.#hashSeed = options.hash_seed ?? uuidV5(environment.uuid, 'ext/hash_seed')
    this.survey = surveyTree(tree, {
      lostAndFound: options.lost_and_found ?? true,
      time: environment.time,
      anyNumberOfDirectories: this.#features.has('dir_nlink'),
    })
  }

  /** A volume of this size and what the tree takes in it. Throws LayoutError where no volume of the size can be. */
  layOut(sizeBytes: number): LaidOut {
    const geometry = planGeometry(sizeBytes, this.options, {
      features: this.#features,
      sectorSize: this.#environment.sectorSize,
    })
    const layout = planGroupLayout(geometry, this.options.stride ?? 0)
    const groupBlocks = layout.used.countWithin(geometry.firstDataBlock, geometry.blockCount)
    return { geometry, layout, groupBlocks, demand: this.#demandFor(geometry) }
  }

  /** Places the tree, whether it fits or not. Once for each `LaidOut`: its layout becomes the volume's. */
  place(laidOut: LaidOut): Attempt {
    const { geometry, layout, demand } = laidOut
    return { ...laidOut, placement: placeVolume(geometry, layout, this.survey, demand) }
  }

  #demandFor({ blockSize, inodeSize, features }: Geometry): VolumeDemand {
    // Geometry may drop orphan_file with the journal.
    const key = `${blockSize} ${inodeSize} ${features.has('orphan_file')}`
    const known = this.#demands.get(key)
    if (known !== undefined) return known
    const hasher = createDirectoryHasher(uuidToBytes(this.#hashSeed))
    const demand = measureDemand(this.survey, { blockSize, inodeSize, features, hasher })
    this.#demands.set(key, demand)
    return demand
  }

  /** mke2fs says so too: an ext4 that checks itself for minutes after a power cut is not what its name promises. */
  #journalWarnings({ features, blockCount, blockSize }: Geometry): Warning[] {
    if (!this.#features.has('has_journal') || features.has('has_journal')) return []
    return [
      {
        finding: 'ext-no-journal',
        message: `No room for a journal in ${this.options.type} of ${blockCount} blocks of ${formatSize(blockSize)}: volumes of ${FEWEST_BLOCKS_WITH_JOURNAL} blocks and more have one`,
        hint: 'fs: ext2 or options: { journal_size: 0 } say that none is wanted',
        path: ['fs'],
      },
    ]
  }

  /** The volume of an attempt that fits. */
  finish(sizeBytes: number, { geometry, layout, groupBlocks, demand, placement }: Attempt): PlannedVolume {
    const { uuid, time } = this.#environment
    const { label = '', lazy_itable_init = false, stride = 0, stripe_width = 0 } = this.options
    const plan: VolumePlan = {
      sizeBytes,
      geometry,
      layout,
      survey: this.survey,
      demand,
      placement,
      label,
      uuid,
      hashSeed: uuidToBytes(this.#hashSeed),
      time,
      lazyInodeTables: lazy_itable_init,
      stride,
      stripeWidth: stripe_width,
    }
    const { blockSize, blockCount, firstDataBlock } = geometry
    return {
      format: formatName(geometry.features),
      sizeBytes: blockCount * blockSize,
      facts: {
        block_size: blockSize,
        blocks: blockCount,
        inodes: geometry.inodeCount,
        free_blocks: blockCount - firstDataBlock - layout.used.countWithin(firstDataBlock, blockCount),
        free_inodes: geometry.inodeCount - demand.inodes,
        inode_size: geometry.inodeSize,
        blocks_per_group: geometry.blocksPerGroup,
        inodes_per_group: geometry.inodesPerGroup,
        groups: geometry.groupCount,
        journal_blocks: geometry.journalBlocks,
        reserved_blocks: geometry.reservedBlockCount,
        features: listFeatures(geometry.features),
        label,
        uuid,
      },
      warnings: [...this.#journalWarnings(geometry), ...timeWarnings(this.survey, geometry.inodeSize)],
      encode: () => encodeVolume(plan, groupBlocks + geometry.journalBlocks + firstDataBlock),
    }
  }
}

export interface LaidOut {
  readonly geometry: Geometry
  readonly layout: GroupLayout
  /** Blocks of the groups' own structures. */
  readonly groupBlocks: number
  readonly demand: VolumeDemand
}

export interface Attempt extends LaidOut {
  readonly placement: VolumePlacement
}

/** Blocks for the payload and what maps it. */
export function payloadBlocksOf({ geometry, groupBlocks }: LaidOut): number {
  return geometry.blockCount - geometry.firstDataBlock - groupBlocks - geometry.journalBlocks
}

/** False only where the tree cannot fit; maps of files may still take too much. Costs no placing. */
export function mayFit(laidOut: LaidOut): boolean {
  const { demand, geometry } = laidOut
  return demand.inodes <= geometry.inodeCount && demand.areaBlocks + demand.fileBlocks <= payloadBlocksOf(laidOut)
}

export function fits({ geometry, demand, placement }: Attempt): boolean {
  return placement.missingBlocks === 0 && demand.inodes <= geometry.inodeCount
}

/** What the volume is, by its features: what decides which driver takes it. */
function formatName(features: FeatureSet): string {
  const isExt4 = (['extent', 'flex_bg', 'huge_file', 'uninit_bg', 'metadata_csum', '64bit'] as const).some((feature) =>
    features.has(feature),
  )
  return isExt4 ? 'ext4' : features.has('has_journal') ? 'ext3' : 'ext2'
}

const LISTED = 5

/** The error of a payload that is larger than its volume. `ways`: a size, and options for this size, that would do. */
export function payloadTooLarge(
  planner: ExtPlanner,
  sizeBytes: number,
  attempt: Attempt,
  { smallestBytes, options }: { smallestBytes: number | undefined; options: object | undefined },
): LayoutError {
  const { geometry, demand, placement } = attempt
  const { blockSize } = geometry
  const space = payloadBlocksOf(attempt)
  const neededBytes = (space + placement.missingBlocks) * blockSize
  // Group structures and journal alone may be larger than the volume.
  const availableBytes = Math.max(0, space) * blockSize
  const largest = largestFiles(planner.survey, demand, blockSize)
  const lacks: string[] = []
  if (placement.missingBlocks > 0) {
    const own = `${formatSize(attempt.groupBlocks * blockSize)} of group structures`
    const journal =
      geometry.journalBlocks === 0 ? '' : ` and a journal of ${formatSize(geometry.journalBlocks * blockSize)}`
    lacks.push(
      `needs ${neededBytes} bytes (${formatSize(neededBytes)}), has ${availableBytes} bytes (${formatSize(availableBytes)}) beside ${own}${journal}`,
    )
  }
  if (demand.inodes > geometry.inodeCount) lacks.push(`needs ${demand.inodes} inodes, has ${geometry.inodeCount}`)
  const what = largest.map(({ path, bytes }) => `${path} (${formatSize(bytes)})`).join(', ')
  const chosen = Object.entries(options ?? {}).map(([key, value]) => `${key}: ${value}`)
  const hints = [
    ...(chosen.length === 0 ? [] : [`options: { ${chosen.join(', ')} } makes it fit ${formatSize(sizeBytes)}.`]),
    ...(smallestBytes === undefined
      ? []
      : [`A volume of ${smallestBytes} bytes (${formatSize(smallestBytes)}) would hold it.`]),
  ]
  return new LayoutError(
    {
      message:
        `Cannot fit the payload into an ${planner.options.type} volume of ${formatSize(sizeBytes)}: ${lacks.join(' and ')}` +
        (what === '' ? '' : `; the largest are ${what}`),
      ...(hints.length > 0 && { hint: hints.join(' ') }),
    },
    {
      details: {
        neededBytes,
        availableBytes,
        neededInodes: demand.inodes,
        availableInodes: geometry.inodeCount,
        largest,
        smallestBytes,
      },
    },
  )
}

function largestFiles(survey: TreeSurvey, demand: VolumeDemand, blockSize: number): { path: string; bytes: number }[] {
  const top: number[] = []
  demand.blocks.forEach((blocks, node) => {
    if (blocks === 0) return
    const at = top.findIndex((other) => demand.blocks[other]! < blocks)
    if (at >= 0) top.splice(at, 0, node)
    else top.push(node)
    top.length = Math.min(top.length, LISTED)
  })
  return top.map((node) => ({ path: survey.pathOf(node) || '/', bytes: demand.blocks[node]! * blockSize }))
}

/** Times that inodes of this size cannot hold are clamped, and said to be. */
function timeWarnings(survey: TreeSurvey, inodeSize: number): Warning[] {
  const outside: number[] = []
  survey.nodes.forEach(({ mtime }, index) => {
    if (clampTime(mtime, inodeSize) !== mtime) outside.push(index)
  })
  if (outside.length === 0) return []
  const { min, max } = timeRange(inodeSize)
  const named = outside.slice(0, LISTED).map((node) => `"${survey.pathOf(node)}"`)
  return [
    {
      finding: 'ext-times',
      message:
        `Modification times of ${outside.length} files are outside what inodes of ${inodeSize} bytes hold ` +
        `(${min} to ${max} seconds) and are clamped: ${named.join(', ')}`,
    },
  ]
}
