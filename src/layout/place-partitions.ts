/**
 * Start and end of every partition and blob, from what the config says about each. Pure arithmetic: what cannot be is
 * collected as problems, and a partition with a problem has no place.
 */
import { alignDown, alignUp } from '../bytes/align.js'
import type { ImageSpec, SizeSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { BOOT_CODE_BYTES } from '../tables/mbr/disklayout.js'
import { endBeforeLogical, MIN_EBR_DISTANCE_SECTORS } from './extended.js'
import { partitionText } from './numbering.js'
import { bytesText, type Stretch } from './sectors.js'
import type { TableFrame } from './table-frame.js'

/** Place of a partition whose start is left out, and grain of percentages: what every partitioner of today uses. */
export const DEFAULT_ALIGN_BYTES = 1024 * 1024

/**
 * The smallest size in bytes that holds the payload of the partition at `index`, were it to begin at `startByte`.
 * Undefined where that has failed and the problem is already known. `placed`: those before it in the list.
 */
export type Measure = (index: number, startByte: number, placed: readonly (Stretch | undefined)[]) => number | undefined

export interface PlacedStretches {
  /** By index in `spec.partitions`. */
  readonly stretches: readonly (Stretch | undefined)[]
  readonly problems: readonly Problem[]
}

export function placePartitions(spec: ImageSpec, frame: TableFrame, measure: Measure): PlacedStretches {
  const placer = new Placer(spec, frame, measure)
  for (const index of spec.partitions.keys()) placer.place(index)
  return { stretches: placer.stretches, problems: placer.problems }
}

class Placer {
  readonly problems: Problem[] = []
  /** In the order of the list. */
  readonly stretches: (Stretch | undefined)[] = []
  readonly #spec: ImageSpec
  readonly #measure: Measure
  /** End of the usable space; infinite while the disk has no size. */
  readonly #usableEndByte: number
  /** Where what is listed so far ends at the latest: an omitted start comes after it. */
  #cursorByte: number
  /** Index of the partition that has taken all the rest. */
  #restIndex: number | undefined

  constructor(spec: ImageSpec, frame: TableFrame, measure: Measure) {
    this.#spec = spec
    this.#measure = measure
    this.#usableEndByte = spec.sizeBytes === undefined ? Number.POSITIVE_INFINITY : spec.sizeBytes - frame.endBytes
    this.#cursorByte = frame.usableStartByte
  }

  place(index: number): void {
    this.stretches.push(this.#stretch(index))
  }

  #stretch(index: number): Stretch | undefined {
    const startByte = this.#start(index)
    if (startByte === undefined) return undefined
    const endByte = this.#end(index, startByte)
    if (endByte === undefined) return undefined
    this.#cursorByte = Math.max(this.#cursorByte, endByte)
    const stretch = { startByte, endByte }
    return this.#isWhole(index, stretch) ? stretch : undefined
  }

  #start(index: number): number | undefined {
    const partition = this.#spec.partitions[index]!
    const { start } = partition
    if (start === undefined) return this.#omittedStart(index)
    if (start.kind === 'bytes') return start.bytes
    if (start.kind === 'percent') return this.#percent(index, start.percent, 'start')
    return this.#refuse(index, 'start', `\`start: ${start.kind}\` is no place, accepted are bytes, sectors and %`)
  }

  #omittedStart(index: number): number | undefined {
    const {
      align = this.#spec.mtd?.eraseBlockBytes ?? DEFAULT_ALIGN_BYTES,
      endExclusive,
      size,
      inTable,
      logical,
    } = this.#spec.partitions[index]!
    const { sectorSize } = this.#spec
    if (!(align > 0) || align % sectorSize !== 0) {
      return this.#refuse(
        index,
        'align',
        `\`align\` is ${align} bytes, accepted are whole sectors of ${sectorSize} bytes`,
      )
    }
    if (endExclusive?.kind === 'bytes' && size?.kind === 'bytes') return endExclusive.bytes - size.bytes
    if (this.#restIndex !== undefined && this.#cursorByte >= this.#usableEndByte) {
      const before = partitionText(this.#spec, this.#restIndex)
      return this.#refuse(
        index,
        undefined,
        `it has no start, and ${before} before it takes the rest of the disk`,
        `Give ${before} a size, or this one a start`,
      )
    }
    const aligned = alignUp(this.#cursorByte, align)
    // Its boot record stands aligned too, one unit before it, as fdisk has it.
    return inTable && logical ? alignUp(aligned + MIN_EBR_DISTANCE_SECTORS * sectorSize, align) : aligned
  }

  #end(index: number, startByte: number): number | undefined {
    const { endExclusive, size } = this.#spec.partitions[index]!
    if (endExclusive?.kind === 'bytes') return endExclusive.bytes
    if (endExclusive?.kind === 'percent') return this.#percent(index, endExclusive.percent, 'end')
    const extent = size ?? endExclusive ?? this.#impliedSize(index)
    switch (extent?.kind) {
      case undefined:
        return this.#refuse(
          index,
          undefined,
          'it has neither `end` nor `size`',
          'Only the last partition and a raw file may leave both out; `size: auto` is the smallest that fits',
        )
      case 'bytes':
        return startByte + extent.bytes
      case 'percent': {
        const sizeBytes = this.#percent(index, extent.percent, 'size')
        return sizeBytes === undefined ? undefined : startByte + sizeBytes
      }
      case 'rest':
        return this.#rest(index, startByte)
      case 'auto':
        return this.#auto(index, startByte)
    }
  }

  /** A raw file has its own length; the last one takes the rest, or what it needs where the disk has no size. */
  #impliedSize(index: number): SizeSpec | undefined {
    const { kind } = this.#spec.partitions[index]!.volume
    if (kind === 'raw' || kind === 'verity') return { kind: 'auto' }
    const isLast = index === this.#spec.partitions.length - 1
    return isLast ? { kind: this.#spec.sizeBytes === undefined ? 'auto' : 'rest' } : undefined
  }

  #auto(index: number, startByte: number): number | undefined {
    const { volume, inTable } = this.#spec.partitions[index]!
    if (volume.kind === 'none') {
      return this.#refuse(index, 'size', '`size: auto` needs a payload to measure, and it has none', 'Give it a size')
    }
    const sizeBytes = this.#measure(index, startByte, this.stretches)
    if (sizeBytes === undefined) return undefined
    const endByte = startByte + sizeBytes
    if (!inTable && endByte <= BOOT_CODE_BYTES) return BOOT_CODE_BYTES
    return alignUp(endByte, this.#grain)
  }

  /** Up to the next thing with a start of its own, else to the end of what the table leaves. */
  #rest(index: number, startByte: number): number | undefined {
    if (this.#spec.sizeBytes === undefined) {
      return this.#refuse(index, 'size', '`rest` needs a disk with a size', 'Set `size:` of the image, or use `auto`')
    }
    let endByte = this.#usableEndByte
    for (const [other, { start, inTable, logical }] of this.#spec.partitions.entries()) {
      const fixed = other === index ? undefined : this.#fixedByte(start)
      if (fixed === undefined || fixed <= startByte) continue
      const hasEbr = inTable && logical
      endByte = Math.min(endByte, hasEbr ? endBeforeLogical(fixed, startByte, this.#spec.sectorSize) : fixed)
    }
    this.#restIndex = index
    const end = alignDown(endByte, this.#grain)
    if (end > startByte) return end
    return this.#refuse(
      index,
      undefined,
      `nothing is left for it: it starts at ${bytesText(startByte)} and the usable space ends at ${bytesText(end)}`,
    )
  }

  #fixedByte(start: SizeSpec | undefined): number | undefined {
    if (start?.kind === 'bytes') return start.bytes
    const { sizeBytes, sectorSize } = this.#spec
    return start?.kind === 'percent' && sizeBytes !== undefined
      ? percentOf(start.percent, sizeBytes, sectorSize)
      : undefined
  }

  #percent(index: number, percent: number, key: string): number | undefined {
    const { sizeBytes, sectorSize } = this.#spec
    if (sizeBytes === undefined) {
      return this.#refuse(index, key, `\`${key}: ${percent}%\` needs a disk with a size`, 'Set `size:` of the image')
    }
    // "To the very end" means what the table leaves; as a size it would be the whole disk, which never fits.
    if (percent === 100 && key === 'end') return alignDown(this.#usableEndByte, sectorSize)
    return percentOf(percent, sizeBytes, sectorSize)
  }

  /** Sectors are whole, and the end is after the start. */
  #isWhole(index: number, { startByte, endByte }: Stretch): boolean {
    const { sectorSize, partitions } = this.#spec
    const { inTable, volume } = partitions[index]!
    const before = this.problems.length
    if (startByte < 0) {
      this.#refuse(index, 'size', `it would start ${-startByte} bytes before the disk does`)
    } else if (endByte === startByte) {
      const what = volume.kind === 'raw' ? 'the file is empty' : 'its size is 0'
      this.#refuse(index, undefined, `${what}, at least one sector of ${sectorSize} bytes is accepted`)
    } else if (endByte < startByte) {
      this.#refuse(index, 'end', `it ends before byte ${endByte}, ahead of its start at byte ${startByte}`)
    } else if (inTable) {
      this.#requireSector(index, 'start', startByte)
      this.#requireSector(index, 'end', endByte)
    }
    return this.problems.length === before
  }

  /** What partitions begin and end with. */
  get #grain(): number {
    return this.#spec.mtd?.eraseBlockBytes ?? this.#spec.sectorSize
  }

  #requireSector(index: number, key: 'start' | 'end', atByte: number): void {
    const { sectorSize, partitions, mtd } = this.#spec
    const grain = this.#grain
    if (atByte % grain === 0) return
    const shown = key === 'end' && partitions[index]!.endExclusive === undefined ? 'size' : key
    const below = alignDown(atByte, grain)
    if (mtd !== undefined) {
      const hex = (bytes: number): string => `0x${bytes.toString(16)}`
      this.#refuse(
        index,
        shown,
        `its ${key} is at ${hex(atByte)}, which is inside an erase block of ${bytesText(grain)}`,
        `The nearest erase blocks begin at ${hex(below)} and ${hex(below + grain)}`,
      )
      return
    }
    this.#refuse(
      index,
      shown,
      `its ${key} is at byte ${atByte}, which is inside a sector of ${sectorSize} bytes`,
      key === 'end'
        ? `In bytes end is the last byte of the partition: ${below - 1} and ${below + sectorSize - 1} end a sector`
        : `The nearest sectors begin at bytes ${below} and ${below + sectorSize}`,
    )
  }

  #refuse(index: number, key: string | undefined, reason: string, hint?: string): undefined {
    const { configPath } = this.#spec.partitions[index]!
    const path = key === undefined ? configPath : [...configPath, key]
    const message = `Cannot place ${partitionText(this.#spec, index)}: ${reason}`
    this.problems.push(hint === undefined ? { message, path } : { message, hint, path })
    return undefined
  }
}

/** Down to 1 MiB, so that one partition's end and the next one's start meet there; to sectors on a tiny disk. */
function percentOf(percent: number, diskBytes: number, sectorSize: number): number {
  const exact = (diskBytes * percent) / 100
  return alignDown(exact, exact >= DEFAULT_ALIGN_BYTES ? DEFAULT_ALIGN_BYTES : sectorSize)
}
