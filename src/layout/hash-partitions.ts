/** Hash partitions of one disk while it is planned: sized and planned like others, made of the contents when those are there. */
import type { ImageSpec, VerityVolumeSpec } from '../config/spec.js'
import { invariant, LayoutError } from '../errors.js'
import { planVerity, smallestVerityBytes } from '../filesystems/verity/plan.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { PlannedCover } from './disk-plan.js'
import { partitionText } from './numbering.js'
import type { PartitionContents } from './partition-contents.js'
import type { Stretch } from './sectors.js'
import { coveredIndex, rootHashUuid, verityOptions } from './verity.js'

/** Where a hash partition and what it covers stand. */
interface CoverPlaces {
  readonly own: Stretch
  readonly data: Stretch
  readonly environment: VolumeEnvironment
}

export class HashPartitions {
  /** Set when everything is planned; before that no content can be asked for. */
  contents: PartitionContents | undefined
  readonly #spec: ImageSpec
  readonly #covers: PlannedCover[] = []

  constructor(spec: ImageSpec) {
    this.#spec = spec
  }

  /** What is planned so far, in the order of the list. */
  get covers(): readonly PlannedCover[] {
    return this.#covers
  }

  /** Undefined where the place of the data has a problem, which is known. LayoutError where it is listed later. */
  smallestBytes(volume: VerityVolumeSpec, placed: readonly (Stretch | undefined)[]): number | undefined {
    const dataIndex = coveredIndex(this.#spec, volume)
    if (dataIndex >= placed.length) {
      throw new LayoutError([
        {
          message: `Cannot measure the hash tree: ${partitionText(this.#spec, dataIndex)}, which it covers, has no place yet`,
          hint: `List it after "${volume.covers}", or give it a size`,
          path: ['size'],
        },
      ])
    }
    const data = placed[dataIndex]
    return data && smallestVerityBytes(data.endByte - data.startByte, verityOptions(this.#spec, volume))
  }

  /** Errors as planVerity. */
  plan(index: number, volume: VerityVolumeSpec, { own, data, environment }: CoverPlaces): PlannedVolume {
    const dataIndex = coveredIndex(this.#spec, volume)
    const covered = {
      sizeBytes: data.endByte - data.startByte,
      content: () => {
        invariant(this.contents !== undefined, 'hashes are made when everything is planned')
        return this.contents.of(dataIndex)
      },
    }
    const sizeBytes = own.endByte - own.startByte
    const planned = planVerity(covered, sizeBytes, verityOptions(this.#spec, volume), environment)
    this.#covers.push({ index, dataIndex, volume: planned })
    return planned
  }

  /** The UUID of a hash partition that asks for the root hash's, or of what it covers. Reads what is covered. */
  uuidOf(index: number): string | undefined {
    for (const cover of this.#covers) {
      const { volume } = this.#spec.partitions[cover.index]!
      if (volume.kind !== 'verity' || volume.options.uuids_from_root_hash !== true) continue
      if (cover.index === index) return rootHashUuid(cover.volume.rootHash(), 'hashes')
      if (cover.dataIndex === index) return rootHashUuid(cover.volume.rootHash(), 'data')
    }
    return undefined
  }
}
