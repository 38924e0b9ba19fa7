/** Checks the two boot regions: signatures, checksums, and whether they agree. [EXFAT §3] */
import type { Findings } from '../../../bytes/findings.js'
import { bootChecksum } from '../checksums.js'
import {
  BOOT_REGION_SECTORS,
  CHECKSUM_SECTOR,
  EXTENDED_BOOT_SECTORS,
  EXTENDED_BOOT_SIGNATURE,
  ExfatBootSector,
  FAT_END,
  FAT_ENTRY_BYTES,
  FAT_MEDIA_ENTRY,
  PERCENT_UNKNOWN,
} from '../disklayout.js'
import type { ExfatReading } from './cluster-runs.js'
import { shapeAt } from './volume-shape.js'

const WHOLE_PERCENT = 100

export function checkBootRegions(reading: ExfatReading, findings: Findings): void {
  const { view, shape } = reading
  const regionBytes = BOOT_REGION_SECTORS * shape.sectorSize
  if (shape.regionOffset !== 0) {
    findings.attempt(() => shapeAt(view, 0))
  } else {
    checkRegion(reading, 'boot region', 0, findings)
    const { PercentInUse } = shape.boot
    if (PercentInUse > WHOLE_PERCENT && PercentInUse !== PERCENT_UNKNOWN) {
      const expected = `0 to ${WHOLE_PERCENT}, or ${PERCENT_UNKNOWN}`
      findings.add({ structure: 'boot sector', offset: 0, field: 'PercentInUse', found: PercentInUse, expected })
    }
  }
  checkRegion(reading, 'backup boot region', regionBytes, findings)
  if (shape.regionOffset === 0) compareRegions(reading, regionBytes, findings)
  checkReservedEntries(reading, findings)
}

function checkRegion({ view, shape }: ExfatReading, structure: string, start: number, findings: Findings): void {
  const { sectorSize } = shape
  const region = view.read(start, BOOT_REGION_SECTORS * sectorSize, structure)
  const bytes = new DataView(region.buffer, region.byteOffset, region.length)
  for (let sector = 1; sector <= EXTENDED_BOOT_SECTORS; sector++) {
    const at = (sector + 1) * sectorSize - 4
    const found = bytes.getUint32(at, true)
    if (found === EXTENDED_BOOT_SIGNATURE) continue
    const field = `ExtendedBootSignature of sector ${sector}`
    findings.add({ structure, offset: start + at, field, found, expected: String(EXTENDED_BOOT_SIGNATURE) })
  }
  const expected = bootChecksum(region.subarray(0, CHECKSUM_SECTOR * sectorSize))
  for (let at = CHECKSUM_SECTOR * sectorSize; at < region.length; at += 4) {
    const found = bytes.getUint32(at, true)
    if (found === expected) continue
    findings.add({ structure, offset: start + at, field: 'its checksum', found, expected: String(expected) })
    return
  }
}

/** VolumeFlags and PercentInUse change in use, in the main boot sector alone. */
const MAY_DIFFER: readonly string[] = ['VolumeFlags', 'PercentInUse']

function compareRegions({ view }: ExfatReading, backupOffset: number, findings: Findings): void {
  const main = view.read(0, ExfatBootSector.SIZE, 'boot sector')
  const backup = view.read(backupOffset, ExfatBootSector.SIZE, 'backup boot sector')
  for (const [field, [at, size]] of Object.entries(ExfatBootSector.FIELDS)) {
    const [a, b] = [main, backup].map((sector) => Buffer.from(sector.subarray(at, at + size)).toString('hex'))
    if (MAY_DIFFER.includes(field) || a === b) continue
    const name = field.replace(/^_/, '')
    const offset = backupOffset + at
    findings.add({ structure: 'backup boot sector', offset, field: name, found: `0x${b}`, expected: `0x${a}` })
  }
}

function checkReservedEntries({ view, shape }: ExfatReading, findings: Findings): void {
  const first = Buffer.from(view.read(shape.fatOffset, 2 * FAT_ENTRY_BYTES, 'FAT'))
  for (const [index, expected] of [FAT_MEDIA_ENTRY, FAT_END].entries()) {
    const found = first.readUInt32LE(index * FAT_ENTRY_BYTES)
    if (found === expected) continue
    const offset = shape.fatOffset + index * FAT_ENTRY_BYTES
    findings.add({ structure: 'FAT', offset, field: `FatEntry[${index}]`, found, expected: String(expected) })
  }
}
