/**
 * Finds everything in a volume that contradicts itself or the specification, as fsck.exfat goes
 * through it.
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import { Findings } from '../../../bytes/findings.js'
import { setChecksum } from '../checksums.js'
import { BENIGN, ENTRY_BYTES, FAT_BAD, GuidEntry, LabelEntry, MAX_LABEL_UNITS, SECONDARY } from '../disklayout.js'
import { usedRuns } from './allocation-bitmap.js'
import { readCaseTable } from './case-table.js'
import { checkBootRegions } from './check-boot.js'
import { checkDirectory } from './check-directory.js'
import { byFirst, type Claim, joined, missingFrom, overlaps } from './claimed-clusters.js'
import { type Allocation, type ClusterRun, clusterRuns, type ExfatReading, fatEntry } from './cluster-runs.js'
import { placeOf, rootPlace } from './read-directory.js'
import { MAX_DEPTH } from './read-tree.js'
import { type RootEntries, readRootEntries, VOLUME_ENTRIES } from './root-entries.js'
import { clusterOffset } from './volume-shape.js'

export function checkVolume(reading: ExfatReading): readonly FieldFinding[] {
  const findings = new Findings()
  checkBootRegions(reading, findings)
  const root = findings.attempt(() => readRootEntries(reading))
  if (root !== undefined) new VolumeCheck(reading, root, findings).run()
  return findings.list
}

/** No medium that is still in use has more of them in a row. */
const MOST_BAD_CLUSTERS = 65_536

class VolumeCheck {
  readonly #reading: ExfatReading
  readonly #root: RootEntries
  readonly #findings: Findings
  /** Runs of clusters, each with the structure that has it. */
  readonly #claims: Claim<Allocation>[] = []

  constructor(reading: ExfatReading, root: RootEntries, findings: Findings) {
    this.#reading = reading
    this.#root = root
    this.#findings = findings
  }

  run(): void {
    this.#checkRootEntries()
    const { bitmap, upCase } = this.#root
    const hasBitmap = bitmap === undefined || this.#claim(bitmap)
    const hasTable = upCase === undefined || this.#claim(upCase)
    const table = hasTable ? this.#findings.attempt(() => readCaseTable(this.#reading, this.#root)) : undefined
    this.#walk(table)
    this.#claims.sort(byFirst)
    for (const { cluster, first, second } of overlaps(this.#claims)) {
      const { structure, offset } = second
      const finding = {
        structure,
        offset,
        field: 'its clusters',
        found: `cluster ${cluster}, which ${first.structure} has`,
      }
      this.#findings.add({ ...finding, expected: 'clusters that nothing else has' })
    }
    if (hasBitmap) this.#findings.attempt(() => this.#compareBitmap())
  }

  #checkRootEntries(): void {
    const { root, labelAt, guidAt, repeated } = this.#root
    // With two FATs there are two bitmaps.
    const bitmaps = this.#reading.shape.boot.NumberOfFats
    const counts = new Map<string, number>()
    for (const { structure, offset } of repeated) {
      const count = (counts.get(structure) ?? 1) + 1
      counts.set(structure, count)
      if (structure === VOLUME_ENTRIES.bitmap && count <= bitmaps) continue
      this.#findings.add({ structure, offset, field: 'EntryType', found: 'a second one', expected: 'one in the root' })
    }
    if (labelAt !== undefined) {
      const { CharacterCount: found } = LabelEntry.decode(root.bytes, labelAt)
      const at = { structure: VOLUME_ENTRIES.label, offset: root.offsetOf(labelAt), field: 'CharacterCount' }
      if (found > MAX_LABEL_UNITS) this.#findings.add({ ...at, found, expected: `at most ${MAX_LABEL_UNITS}` })
    }
    if (guidAt !== undefined) {
      const { SetChecksum: found } = GuidEntry.decode(root.bytes, guidAt)
      const sum = setChecksum(root.bytes.subarray(guidAt, guidAt + ENTRY_BYTES))
      const at = { structure: VOLUME_ENTRIES.guid, offset: root.offsetOf(guidAt), field: 'SetChecksum' }
      if (found !== sum) this.#findings.add({ ...at, found, expected: String(sum) })
    }
  }

  #walk(table: Uint16Array | undefined): void {
    const open = [{ place: rootPlace(this.#reading), depth: 0 }]
    /** First clusters of directories that were read. */
    const seen = new Set<number>()
    for (let next = open.pop(); next !== undefined && !this.#findings.isFull; next = open.pop()) {
      const { place, depth } = next
      const { structure, offset, firstCluster } = place.allocation
      if (depth === MAX_DEPTH) {
        const finding = { structure, offset, field: 'its depth', found: `${MAX_DEPTH} directories` }
        this.#findings.add({ ...finding, expected: 'fewer' })
        continue
      }
      // A directory that was read already is not followed: it could contain itself.
      if (!this.#claim(place.allocation) || seen.has(firstCluster)) continue
      seen.add(firstCluster)
      const entries = this.#findings.attempt(() =>
        checkDirectory(this.#reading, place, {
          findings: this.#findings,
          table,
          others: (type, at) => this.#checkOther(type, { structure, offset: at, isRoot: depth === 0 }),
        }),
      )
      for (const entry of entries ?? []) {
        for (const allocation of entry.vendorAllocations) this.#claim(allocation)
        if (entry.isDirectory) open.push({ place: placeOf(entry), depth: depth + 1 })
        else this.#claim(entry.allocation)
      }
    }
  }

  /**
   * An entry in use that is no file's: those of the volume belong into the root, and secondary ones
   * into a set.
   */
  #checkOther(
    type: number,
    { structure, offset, isRoot }: { structure: string; offset: number; isRoot: boolean },
  ): void {
    const finding = { structure: `entry in ${structure}`, offset, field: 'EntryType', found: type }
    if ((type & SECONDARY) !== 0) {
      this.#findings.add({ ...finding, expected: 'a primary entry, since no set comes before' })
    } else if (VOLUME_ENTRIES.isOne(type)) {
      if (!isRoot) this.#findings.add({ ...finding, expected: 'a file, since this is not the root' })
    } else if ((type & BENIGN) === 0) {
      this.#findings.add({ ...finding, expected: 'an entry of the specification' })
    }
  }

  /** Notes the clusters; false where they cannot be followed. */
  #claim(allocation: Allocation): boolean {
    const runs = this.#findings.attempt(() => clusterRuns(this.#reading, allocation))
    for (const { first, count } of runs ?? []) this.#claims.push({ first, count, owner: allocation })
    return runs !== undefined
  }

  /** Neighbours that differ in the same way are one finding. */
  #compareBitmap(): void {
    const used = (): Iterable<ClusterRun> => usedRuns(this.#reading, this.#root)
    const claimed = joined(this.#claims)
    for (const run of missingFrom(used(), claimed)) {
      if (this.#isBad(run)) continue
      this.#differs(run, 'marked as used', 'a structure that has it, or free')
    }
    for (const run of missingFrom(claimed, used())) {
      const from = clusterOffset(this.#reading.shape, run.first)
      this.#differs(run, 'marked as free', `used, since a structure has it from byte ${from} on`)
    }
  }

  /**
   * Clusters that cannot be written are marked as used, and by their entries in the FAT. [EXFAT
   * §4.1.3]
   */
  #isBad({ first, count }: ClusterRun): boolean {
    if (count > MOST_BAD_CLUSTERS) return false
    for (let cluster = first; cluster < first + count; cluster++) {
      if (fatEntry(this.#reading, cluster) !== FAT_BAD) return false
    }
    return true
  }

  #differs({ first, count }: ClusterRun, found: string, expected: string): void {
    if (this.#findings.isFull) return
    const { structure, offset } = this.#root.bitmap!
    const field = count === 1 ? `cluster ${first}` : `clusters ${first} to ${first + count - 1}`
    this.#findings.add({ structure, offset, field, found, expected })
  }
}
