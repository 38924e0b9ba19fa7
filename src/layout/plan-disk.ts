/** From the config's meaning and the measured payload to a disk with every decision made. */
import { appendAll } from '../bytes/append-all.js'
import type { ImageSpec, LuksSpec, VerityVolumeSpec } from '../config/spec.js'
import { type ConfigPath, invariant, type Problem, type Warning } from '../errors.js'
import type { FreeSpace, PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { DiskImage } from '../image/extent.js'
import { ProblemCollector } from '../problem-collector.js'
import { ATTRIBUTE_LEGACY_BOOT } from '../tables/gpt/disklayout.js'
import { alignmentWarnings } from './alignment-warnings.js'
import { composeDisk } from './compose.js'
import type {
  DiskPlan,
  LayoutEnvironment,
  PayloadMeasure,
  Payloads,
  PlacedPartition,
  Placement,
  PlannedPartition,
  PlannedSeal,
} from './disk-plan.js'
import { explainingHoles } from './explain-holes.js'
import { HashPartitions } from './hash-partitions.js'
import { deriveIdentifiers, firstFourBytes, givenUuid, type Identifiers } from './identifiers.js'
import { insideBytes, planSealed, smallestSealedBytes } from './luks.js'
import { measurePayload, payloadWord } from './measure-payload.js'
import { type Numbering, numberPartitions, partitionText, placeWord } from './numbering.js'
import { PartitionContents } from './partition-contents.js'
import { partitionType } from './partition-type.js'
import { type PlacementContext, type PlacementResult, placeRegions } from './place-disk.js'
import { bytesText, placeUnit, type Stretch, sectorsDo } from './sectors.js'
import { coverableBytes, coveredIndex, sectorsAround } from './verity.js'
import { chooseSmallestVolume, isFormatted, type PlannedSpec, planChosenVolume } from './volumes.js'

/**
 * Gives everything its place and plans no volume: for the host engine, which must know offset and size first.
 * Throws LayoutError with all problems at once.
 */
export function placeDisk(spec: ImageSpec, payloads: Payloads, environment: LayoutEnvironment = {}): Placement {
  return new Planner(spec, payloads, environment).place()
}

/**
 * Decides everything about the disk. Pure. Throws LayoutError (FormatError, where formats alone refused) with all
 * problems at once, each with the path of its config value. `placement` spares measuring again what placeDisk measured.
 */
export function planDisk(
  spec: ImageSpec,
  payloads: Payloads,
  environment: LayoutEnvironment = {},
  placement?: Placement,
): DiskPlan {
  return new Planner(spec, payloads, environment).plan(placement)
}

/**
 * What each volume takes from outside, by index in `spec.partitions`, but for its place, which is given as 0: for volumes that
 * are made before anything has one.
 */
export function volumeEnvironments(
  spec: ImageSpec,
  payloads: Payloads,
  environment: LayoutEnvironment,
): (index: number) => VolumeEnvironment {
  const planner = new Planner(spec, payloads, environment)
  return (index) => planner.volumeEnvironment(index, 0)
}

/** Of an encrypted partition, whatever is in it. */
const LUKS_WORD = 'luks2'

/** What stands in a partition, wherever that is. */
type PlannedContent = Pick<PlannedPartition, 'type' | 'volume'> & {
  /** What stands in an encrypted one. */
  readonly inside?: PlannedVolume
}

class Planner {
  readonly #spec: ImageSpec
  readonly #payloads: Payloads
  readonly #environment: LayoutEnvironment
  readonly #identifiers: Identifiers
  readonly #numbering: Numbering
  /** By index, once they are asked for. */
  readonly #measures = new Map<number, PayloadMeasure>()
  /** Volumes of partitions whose size is `auto`, by index, once they are measured. */
  readonly #chosen = new Map<number, NonNullable<PlacedPartition['chosen']>>()
  readonly #problems = new ProblemCollector()
  readonly #warnings: Warning[] = []
  readonly #hashes: HashPartitions

  constructor(spec: ImageSpec, payloads: Payloads, environment: LayoutEnvironment) {
    invariant(payloads.length === spec.partitions.length, 'one payload for each partition')
    this.#spec = spec
    this.#payloads = payloads
    this.#environment = environment
    this.#identifiers = deriveIdentifiers(spec.seed)
    this.#numbering = numberPartitions(spec)
    this.#hashes = new HashPartitions(spec)
  }

  place(): Placement {
    const { placement } = this.#tryPlace()
    this.#problems.throwIfAny()
    invariant(placement !== undefined, 'a disk without a placement has problems')
    return placement
  }

  plan(known?: Placement): DiskPlan {
    const spec = this.#spec
    for (const { index, chosen } of known?.partitions ?? []) if (chosen !== undefined) this.#chosen.set(index, chosen)
    const { placement, stretches } = known ? { placement: known, stretches: known.partitions } : this.#tryPlace()
    // Payload and types are judged wherever there is a place, so that all problems come at once.
    const contents = spec.partitions.map((_, index) => this.#planContent(index, stretches))
    this.#problems.throwIfAny()
    invariant(placement !== undefined, 'a disk without a placement has problems')
    appendAll(this.#warnings, alignmentWarnings(spec, placement.partitions))
    const inside = new PartitionContents(
      spec,
      this.#payloads,
      placement.partitions.map((placed, index) => ({ ...placed, ...contents[index]! })),
    )
    this.#hashes.contents = inside
    const mbrSignature = spec.mbrSignature ?? firstFourBytes(this.#diskGuid())
    const partitions = placement.partitions.map((placed) =>
      this.#finishPartition(placed, contents[placed.index]!, mbrSignature),
    )
    const plan = {
      ...placement,
      spec,
      sectorSize: spec.sectorSize,
      table: spec.table,
      ...(spec.table === 'gpt' && { diskGuid: this.#diskGuid() }),
      ...(spec.table === 'mbr' && { mbrSignature }),
      partitions,
      seals: this.#seals(inside),
      covers: this.#hashes.covers,
      warnings: this.#warnings,
    }
    let image: DiskImage | undefined
    return {
      ...plan,
      image: () => {
        image ??= composeDisk(plan, (index) => inside.of(index))
        return image
      },
      sketch: () => image ?? composeDisk(plan, (index) => inside.sketchOf(index)),
    }
  }

  #seals(contents: PartitionContents): PlannedSeal[] {
    return this.#spec.partitions.flatMap(({ luks }, index): PlannedSeal[] => {
      if (luks === undefined) return []
      return [{ index, luks, uuid: this.#luksUuid(index, luks), inside: () => contents.insideOf(index) }]
    })
  }

  #luksUuid(index: number, { uuid }: LuksSpec): string {
    const { name } = this.#spec.partitions[index]!
    return uuid?.toLowerCase() ?? this.#identifiers.luks(placeWord(this.#numbering, index), name)
  }

  #tryPlace(): PlacementResult {
    const context: PlacementContext = {
      measure: (index, startByte, placed) => this.#attempt(index, () => this.#smallestBytes(index, startByte, placed)),
      environmentOf: (index, startByte) => this.volumeEnvironment(index, startByte),
    }
    const result = placeRegions(this.#spec, context)
    for (const problem of result.problems) this.#problems.add(problem)
    if (result.placement === undefined) return result
    const partitions = result.placement.partitions.map((placed) => {
      const chosen = this.#chosen.get(placed.index)
      return chosen === undefined ? placed : { ...placed, chosen }
    })
    return { ...result, placement: { ...result.placement, partitions } }
  }

  #smallestBytes(index: number, startByte: number, placed: readonly (Stretch | undefined)[]): number | undefined {
    const { volume, free, luks } = this.#spec.partitions[index]!
    if (volume.kind === 'verity') return this.#hashes.smallestBytes(volume, placed)
    const bytes = isFormatted(volume)
      ? this.#chooseVolume(index, { volume, startByte, free })
      : this.#measureOf(index).bytes
    return coverableBytes(this.#spec, index, luks === undefined ? bytes : smallestSealedBytes(bytes, luks))
  }

  /** Returns the volume's smallest size, and keeps the options that go with it. */
  #chooseVolume(
    index: number,
    { volume, startByte, free }: { volume: PlannedSpec; startByte: number; free: FreeSpace | undefined },
  ): number {
    const environment = this.volumeEnvironment(index, startByte)
    const grainBytes = Math.max(environment.sectorSize, this.#spec.mtd?.eraseBlockBytes ?? 0)
    const { sizeBytes, ...chosen } = chooseSmallestVolume(volume, this.#payloads[index]!, environment, {
      free,
      grainBytes,
    })
    if (chosen.choices.length > 0) this.#chosen.set(index, chosen)
    return sizeBytes
  }

  #measureOf(index: number): PayloadMeasure {
    let measure = this.#measures.get(index)
    if (measure === undefined) {
      measure = measurePayload(this.#payloads[index]!)
      this.#measures.set(index, measure)
    }
    return measure
  }

  /** The volume and the type of a partition; without a place only the type can be told. */
  #planContent(index: number, stretches: readonly (Stretch | undefined)[]): PlannedContent {
    const partition = this.#spec.partitions[index]!
    const { volume, inside } = this.#planWhole(index, stretches)
    for (const warning of [...(volume?.warnings ?? []), ...(inside?.warnings ?? [])])
      this.#warnings.push(this.#inPartition(index, warning))
    const type = this.#attempt(index, () => partitionType(this.#spec.table, partition, volume), ['type'])
    return { ...(type && { type }), ...(volume && { volume }), ...(inside && { inside }) }
  }

  /** What a partition is as a whole, and for an encrypted one what it is inside. */
  #planWhole(
    index: number,
    stretches: readonly (Stretch | undefined)[],
  ): Pick<PlannedContent, 'inside'> & { readonly volume?: PlannedVolume | undefined } {
    const { volume: asked, luks } = this.#spec.partitions[index]!
    const stretch = stretches[index]
    if (asked.kind === 'verity') return { volume: this.#planHashes(index, asked, stretches) }
    if (stretch === undefined) return {}
    if (luks === undefined) return { volume: this.#planVolume(index, stretch) }
    const sizeBytes = stretch.endByte - stretch.startByte
    const insideSize = this.#attempt(index, () => insideBytes(sizeBytes, luks))
    if (insideSize === undefined) return {}
    const payload = this.#payloads[index]!
    const uuid = this.#luksUuid(index, luks)
    const volume = planSealed(
      { luks, uuid, inside: asked.kind === 'raw' ? 'raw' : payloadWord(asked) },
      payload,
      sizeBytes,
    )
    if (payload.kind === 'sealed') return { volume }
    const inside = this.#planVolume(index, { ...stretch, startByte: stretch.endByte - insideSize })
    return { volume, ...(inside && { inside }) }
  }

  #planVolume(index: number, stretch: Stretch): PlannedVolume | undefined {
    const { volume } = this.#spec.partitions[index]!
    const payload = this.#payloads[index]!
    const sizeBytes = stretch.endByte - stretch.startByte
    if (isFormatted(volume)) {
      const environment = this.volumeEnvironment(index, stretch.startByte)
      return this.#attempt(index, () =>
        explainingHoles(this.#spec.partitions[index]!, payload, () =>
          planChosenVolume(this.#chosen.get(index) ?? { volume, choices: [] }, payload, sizeBytes, environment),
        ),
      )
    }
    if (payload.kind === 'file' && payload.file.sizeBytes > sizeBytes) {
      this.#problems.add(this.#tooLarge(index, stretch, payload.file.sizeBytes))
    }
    return undefined
  }

  /** Where both have their places. */
  #planHashes(
    index: number,
    volume: VerityVolumeSpec,
    stretches: readonly (Stretch | undefined)[],
  ): PlannedVolume | undefined {
    const own = stretches[index]
    const data = stretches[coveredIndex(this.#spec, volume)]
    if (own === undefined || data === undefined) return undefined
    const environment = this.volumeEnvironment(index, own.startByte)
    return this.#attempt(index, () => this.#hashes.plan(index, volume, { own, data, environment }))
  }

  #finishPartition(placed: PlacedPartition, content: PlannedContent, mbrSignature: number): PlannedPartition {
    const { index, number } = placed
    const { type, volume: outside } = content
    const { volume, attributes, bootable, luks } = this.#spec.partitions[index]!
    const uuid = this.#partitionUuid(index, mbrSignature)
    const flags = attributes | (bootable ? ATTRIBUTE_LEGACY_BOOT : 0n)
    return {
      ...placed,
      ...(type && { type }),
      ...(outside && { volume: outside }),
      ...(uuid !== undefined && { uuid }),
      attributes: keepsAttributes(this.#spec.table) && number !== undefined ? flags : 0n,
      bootable,
      payload: luks === undefined ? volume.kind : 'luks',
      payloadBytes: this.#measureOf(index).bytes,
      fs: luks === undefined ? payloadWord(volume) : LUKS_WORD,
    }
  }

  #diskGuid(): string {
    return this.#spec.uuid?.toLowerCase() ?? this.#identifiers.disk
  }

  #partitionUuid(index: number, mbrSignature: number): string | undefined {
    const { name, uuid } = this.#spec.partitions[index]!
    const number = this.#numbering.numbers[index]
    if (number === undefined || this.#spec.table === 'none' || this.#spec.table === 'mtd') return undefined
    if (this.#spec.table === 'gpt') {
      return (
        uuid?.toLowerCase() ??
        this.#hashes.uuidOf(index) ??
        this.#identifiers.partition(placeWord(this.#numbering, index), name)
      )
    }
    return `${hex(mbrSignature, 8)}-${hex(number, 2)}`
  }

  volumeEnvironment(index: number, startByte: number): VolumeEnvironment {
    const { name, volume, luks } = this.#spec.partitions[index]!
    const { sourceDateEpoch } = this.#spec
    const configured = sourceDateEpoch === undefined ? undefined : { seconds: sourceDateEpoch, nanoseconds: 0 }
    return {
      time: this.#environment.time ?? configured ?? this.#measureOf(index).newest,
      uuid: givenUuid(volume) ?? this.#identifiers.volume(placeWord(this.#numbering, index), name),
      // An opened volume is a disk of its own.
      offsetBytes: luks === undefined ? startByte : 0,
      sectorSize: sectorsAround(this.#spec, index),
    }
  }

  #tooLarge(index: number, stretch: Stretch, neededBytes: number): Problem {
    const { configPath, volume } = this.#spec.partitions[index]!
    const available = bytesText(stretch.endByte - stretch.startByte)
    return {
      message: `Cannot copy ${payloadWord(volume)} into ${partitionText(this.#spec, index)}: it has ${bytesText(neededBytes)}, ${sectorsDo(stretch, placeUnit(this.#spec), 'hold')} ${available}`,
      path: [...configPath, 'fs'],
    }
  }

  /**
   * What `make` gives; where it refuses, undefined, and its problems are kept with the partition's name and path. `path`:
   * of what is tried, for problems that have none.
   */
  #attempt<T>(index: number, make: () => T, path: ConfigPath = []): T | undefined {
    return this.#problems.attemptNow(make, (problem) => this.#inPartition(index, { path, ...problem }))
  }

  /** Formats know the partition neither by name nor by place: their paths begin at it. */
  #inPartition<Found extends Problem>(index: number, problem: Found): Found {
    const message = `${capitalised(partitionText(this.#spec, index))}: ${problem.message}`
    return { ...problem, path: [...this.#spec.partitions[index]!.configPath, ...(problem.path ?? [])], message }
  }
}

/** On flash one of them is told, read_only. */
function keepsAttributes(table: ImageSpec['table']): boolean {
  return table === 'gpt' || table === 'mtd'
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
