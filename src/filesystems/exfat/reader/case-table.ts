/** Reads the up-case table that a volume carries. [EXFAT §7.2] */
import { fieldError } from '../../../bytes/field-error.js'
import { Findings } from '../../../bytes/findings.js'
import { tableChecksum } from '../checksums.js'
import { MAX_UP_CASE_BYTES } from '../disklayout.js'
import { decodeUpCaseTable } from '../up-case.js'
import { bytesOfRuns, clusterRuns, type ExfatReading } from './cluster-runs.js'
import { type RootEntries, readRootEntries } from './root-entries.js'

/**
 * FormatError where the volume has none, or its checksum is wrong, or it is longer than a table can
 * be.
 */
export function readCaseTable(reading: ExfatReading, { upCase }: RootEntries): Uint16Array {
  const { view, shape } = reading
  if (upCase === undefined) {
    const at = { structure: 'root directory', offset: shape.regionOffset, field: 'its up-case table' }
    throw fieldError(view.name, { ...at, found: 'missing', expected: 'one' })
  }
  const { structure, offset, checksum, lengthBytes } = upCase
  if (lengthBytes! > MAX_UP_CASE_BYTES || lengthBytes === 0) {
    const finding = { structure, offset, field: 'DataLength', found: lengthBytes! }
    throw fieldError(view.name, { ...finding, expected: `1 to ${MAX_UP_CASE_BYTES}` })
  }
  const bytes = bytesOfRuns(reading, clusterRuns(reading, upCase), structure, lengthBytes)
  const sum = tableChecksum(bytes)
  if (sum !== checksum) {
    throw fieldError(view.name, { structure, offset, field: 'TableChecksum', found: checksum, expected: String(sum) })
  }
  const table = decodeUpCaseTable(bytes)
  if (table === undefined) {
    const finding = { structure, offset, field: 'its content', found: 'units after the last one' }
    throw fieldError(view.name, { ...finding, expected: 'at most 65536 units, in whole pairs of bytes' })
  }
  return table
}

/**
 * Returns the table of the volume; undefined where it is damaged, so that the recommended one
 * serves.
 */
export function soundCaseTable(reading: ExfatReading): Uint16Array | undefined {
  return new Findings().attempt(() => readCaseTable(reading, readRootEntries(reading)))
}
