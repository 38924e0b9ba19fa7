/**
 * Checks the entry sets of one directory: names, hashes, lengths, flags and times. [EXFAT §7.4,
 * §7.6, §7.7]
 */
import type { Findings } from '../../../bytes/findings.js'
import { displayName } from '../../../bytes/text.js'
import { nameHash } from '../checksums.js'
import { ALLOCATION_POSSIBLE, NO_FAT_CHAIN } from '../disklayout.js'
import { decodeExfatTime } from '../times.js'
import { upCase } from '../up-case.js'
import type { ExfatReading } from './cluster-runs.js'
import { type DirectoryPlace, type ExfatEntry, entriesOf, readDirectory } from './read-directory.js'

export interface DirectoryCheck {
  readonly findings: Findings
  /** The up-case table of the volume; undefined: the recommended one. */
  readonly table: Uint16Array | undefined
  /** Receives entries in use that belong to no file, by type and byte of the volume. */
  readonly others: (type: number, offset: number) => void
}

/** Returns the entries that can be followed. FormatError where the directory cannot be read. */
export function checkDirectory(
  reading: ExfatReading,
  place: DirectoryPlace,
  { findings, table, others }: DirectoryCheck,
): readonly ExfatEntry[] {
  const directory = readDirectory(reading, place)
  const entries: ExfatEntry[] = []
  const names = new Map<string, string>()
  const found = entriesOf(
    place,
    directory,
    (finding) => findings.add(finding),
    (type, at) => others(type, directory.offsetOf(at)),
  )
  for (const entry of found) {
    checkEntry(reading, entry, findings)
    const { structure, offset } = entry.allocation
    const key = upCase(Buffer.from(entry.name, 'latin1').toString(), table)
    const hash = nameHash(Buffer.from(key, 'utf16le'))
    if (hash !== entry.stream.NameHash) {
      const finding = { structure, offset: entry.streamOffset, field: 'NameHash', found: entry.stream.NameHash }
      findings.add({ ...finding, expected: String(hash) })
    }
    const other = names.get(key)
    if (other !== undefined) {
      findings.add({ structure, offset, field: 'FileName', found: `that of "${other}"`, expected: 'another name' })
    }
    names.set(key, displayName(entry.name))
    entries.push(entry)
  }
  return entries
}

function checkEntry({ shape }: ExfatReading, entry: ExfatEntry, findings: Findings): void {
  const { isDirectory, file, stream, allocation } = entry
  const { DataLength, ValidDataLength, FirstCluster, GeneralSecondaryFlags } = stream
  const { structure, offset } = allocation
  const add = (field: string, found: number, expected: string): void => {
    findings.add({ structure, offset: entry.streamOffset, field, found, expected })
  }
  if (ValidDataLength > DataLength) add('ValidDataLength', ValidDataLength, `at most DataLength, ${DataLength}`)
  if (DataLength === 0 && FirstCluster !== 0) add('FirstCluster', FirstCluster, '0 for no bytes')
  if (DataLength === 0 && (GeneralSecondaryFlags & NO_FAT_CHAIN) !== 0) {
    add('GeneralSecondaryFlags', GeneralSecondaryFlags, 'no NoFatChain for no bytes')
  }
  if ((GeneralSecondaryFlags & ALLOCATION_POSSIBLE) === 0) {
    add('GeneralSecondaryFlags', GeneralSecondaryFlags, 'AllocationPossible')
  }
  if (isDirectory && (DataLength === 0 || DataLength % shape.clusterBytes !== 0)) {
    add('DataLength', DataLength, `whole clusters of ${shape.clusterBytes} bytes`)
  }
  if (isDirectory && ValidDataLength !== DataLength) {
    add('ValidDataLength', ValidDataLength, `DataLength of a directory, ${DataLength}`)
  }
  const times = [
    ['CreateTimestamp', file.CreateTimestamp, file.Create10msIncrement, file.CreateUtcOffset],
    ['LastModifiedTimestamp', file.LastModifiedTimestamp, file.LastModified10msIncrement, file.LastModifiedUtcOffset],
    ['LastAccessedTimestamp', file.LastAccessedTimestamp, 0, file.LastAccessedUtcOffset],
  ] as const
  for (const [field, timestamp, increment, utcOffset] of times) {
    if (decodeExfatTime({ timestamp, increment }, utcOffset) !== undefined) continue
    findings.add({ structure, offset, field, found: timestamp, expected: 'a time from 1980 to 2107' })
  }
}
