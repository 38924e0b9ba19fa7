/**
 * Reads FAT12, FAT16 and FAT32 as mkfs.fat, mtools, Linux, Windows and boot loaders make them: sectors of 512 to 4096 bytes,
 * any cluster size, one to four FATs, mirrored or not, long names, the lower-case flags of Windows NT, names of code page 437.
 * Shares its records with the writer and nothing else.  [FATGEN]
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import { Findings } from '../../../bytes/findings.js'
import type { ByteString } from '../../../bytes/text.js'
import type { ImageView } from '../../../image/image-view.js'
import type { FileNode, FileTree } from '../../../tree/file-tree.js'
import type { NodeDetails, UsedStretch, VolumeReader, VolumeSummary } from '../../volume-reader.js'
import { checkReserved } from './check-boot.js'
import { checkFats } from './check-fats.js'
import { checkTree } from './check-tree.js'
import { type FatReading, startReading } from './fat-reading.js'
import { describeNode } from './node-details.js'
import { TreeReader } from './read-tree.js'
import { findUsedStretches } from './used-stretches.js'
import { readShape } from './volume-shape.js'
import { summarize } from './volume-summary.js'

export interface FatReadOptions {
  /** The zone in which the volume's times were written, minutes east of UTC (default: UTC): it does not tell. */
  readonly offsetMinutes?: number
}

/** A boot sector stands there, or FAT32's backup of it, from which a volume of this size can be read. */
export function isFatVolume(view: ImageView): boolean {
  return new Findings().attempt(() => readShape(view)) !== undefined
}

/** FormatError where neither the boot sector nor FAT32's backup of it can be followed. */
export function openFatVolume(view: ImageView, { offsetMinutes = 0 }: FatReadOptions = {}): VolumeReader {
  return new FatVolumeReader(startReading(view, offsetMinutes))
}

class FatVolumeReader implements VolumeReader {
  readonly #reading: FatReading
  #summary: VolumeSummary | undefined

  constructor(reading: FatReading) {
    this.#reading = reading
  }

  /** Counted in the FAT when it is first asked for: FSInfo is only a hint. */
  get summary(): VolumeSummary {
    this.#summary ??= summarize(this.#reading)
    return this.#summary
  }

  find(path: readonly ByteString[]): FileNode | undefined {
    const tree = new TreeReader(this.#reading)
    const located = tree.locate(path)
    return located && tree.node(located)
  }

  details(path: readonly ByteString[]): NodeDetails | undefined {
    const located = new TreeReader(this.#reading).locate(path)
    return located && describeNode(this.#reading, located)
  }

  tree(): FileTree {
    return new TreeReader(this.#reading).tree()
  }

  usedStretches(): readonly UsedStretch[] {
    return findUsedStretches(this.#reading)
  }

  check(): readonly FieldFinding[] {
    const findings = new Findings()
    checkReserved(this.#reading, findings)
    checkFats(this.#reading, findings)
    checkTree(this.#reading, findings)
    return findings.list
  }
}
