/** Every directory, entry and chain, and what the FAT has besides.  [FATGEN §4, §6, §7] */
import type { FieldFinding } from '../../../bytes/field-error.js'
import { Findings, MAX_FINDINGS } from '../../../bytes/findings.js'
import { BAD_CLUSTER, FIRST_CLUSTER } from '../disklayout.js'
import { checkEntries } from './check-entries.js'
import { ClusterClaims, conflictFindings } from './cluster-claims.js'
import type { FatReading } from './fat-reading.js'
import {
  bytesOfRuns,
  type Directory,
  type DirectoryPlace,
  type FatEntry,
  mostClusters,
  ownerOfFile,
  parseDirectory,
  placeOfEntry,
  readDirectoryBytes,
  rootPlace,
  tooLong,
} from './read-directory.js'
import { MAX_DEPTH } from './read-tree.js'

export function checkTree(reading: FatReading, findings: Findings): void {
  const claims = new ClusterClaims(reading)
  walk(reading, claims, findings)
  if (claims.conflicts.length > 0) {
    // Who was there first is asked once more, since remembering it for every cluster would cost more than the volume.
    const conflicts = claims.conflicts.slice(0, MAX_FINDINGS)
    const again = new ClusterClaims(reading, new Set(conflicts.map(({ cluster }) => cluster)))
    walk(reading, again, new Findings())
    findings.addAll(conflictFindings(reading, conflicts, again.owners))
  }
  findings.attempt(() => checkLost(reading, claims, findings))
}

interface OpenDirectory {
  readonly place: DirectoryPlace
  readonly parent: DirectoryPlace | undefined
  readonly depth: number
}

function walk(reading: FatReading, claims: ClusterClaims, findings: Findings): void {
  const open: OpenDirectory[] = [{ place: rootPlace(reading), parent: undefined, depth: 0 }]
  for (let next = open.pop(); next !== undefined && !findings.isFull; next = open.pop()) {
    const { place, parent, depth } = next
    if (depth === MAX_DEPTH) {
      findings.add({ ...place.owner, found: `${MAX_DEPTH} directories deep`, expected: 'fewer' })
      continue
    }
    const directory = findings.attempt(() => readClaimed(reading, place, claims, findings))
    if (directory === undefined) continue
    checkEntries(place, parent, directory, findings)
    for (const entry of directory.entries) {
      if (entry.isDirectory) open.push({ place: placeOfEntry(place, entry), parent: place, depth: depth + 1 })
      else findings.attempt(() => checkFile(reading, place, entry, claims, findings))
    }
  }
}

/** Undefined where its first cluster is not its own. */
function readClaimed(
  reading: FatReading,
  place: DirectoryPlace,
  claims: ClusterClaims,
  findings: Findings,
): Directory | undefined {
  const report = (finding: FieldFinding): void => findings.add(finding)
  if (place.path === '' && place.firstCluster === 0) {
    return parseDirectory(reading, place, readDirectoryBytes(reading, place), report)
  }
  const { list } = claims.claim(place.firstCluster, place.owner, findings)
  if (list.count === 0) return undefined
  if (list.count > mostClusters(reading)) {
    findings.add(tooLong(place))
    return undefined
  }
  return parseDirectory(reading, place, bytesOfRuns(reading, place.owner.structure, list.runs, list.count), report)
}

function checkFile(
  { shape }: FatReading,
  parent: DirectoryPlace,
  entry: FatEntry,
  claims: ClusterClaims,
  findings: Findings,
): void {
  const owner = ownerOfFile(parent, entry)
  const sizeBytes = entry.record.DIR_FileSize
  const wanted = Math.ceil(sizeBytes / shape.clusterBytes)
  if (wanted === 0 && entry.firstCluster === 0) return
  if (wanted === 0) {
    findings.add({ ...owner, found: entry.firstCluster, expected: '0, since DIR_FileSize is 0,' })
  }
  const { list, isSound } = claims.claim(entry.firstCluster, owner, findings)
  if (!isSound || wanted === 0 || list.count === wanted) return
  const found = `${list.count} clusters long`
  findings.add({ ...owner, field: 'its chain of clusters', found, expected: `${wanted} for ${sizeBytes} bytes` })
}

/** Used, says the FAT, and nobody's. Neighbours are one finding. */
function checkLost({ shape, fat }: FatReading, claims: ClusterClaims, findings: Findings): void {
  let first = 0
  let count = 0
  const tell = (): void => {
    if (count === 0) return
    const found = count === 1 ? 'in use' : `the first of ${count} clusters in use`
    const structure = `FAT ${shape.activeFat + 1}`
    findings.add({
      structure,
      offset: fat.offsetOf(first),
      field: `entry ${first}`,
      found,
      expected: 'a cluster of some file, or 0',
    })
  }
  fat.eachUsed((cluster, entry) => {
    if (entry === BAD_CLUSTER[shape.width] || claims.has(cluster)) return
    if (cluster === first + count && first >= FIRST_CLUSTER) {
      count++
      return
    }
    tell()
    first = cluster
    count = 1
  })
  tell()
}
