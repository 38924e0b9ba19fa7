/** The partition table of an image against its manifest: whatever its reader finds wrong with it, and every partition. */
import { appendAll } from '../bytes/append-all.js'
import type { FieldFinding } from '../bytes/field-error.js'
import { Findings } from '../bytes/findings.js'
import type { Problem } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { ImageView } from '../image/image-view.js'
import { readGpt } from '../tables/gpt/reader.js'
import { readMbr } from '../tables/mbr/reader.js'
import type { ReadPartition, ReadTable } from '../tables/read-table.js'
import type { Manifest } from './manifest-schema.js'

/** `image` specifies what there is of the table. */
export function checkTable(manifest: Manifest, image: DiskImage): Problem[] {
  const { table: kind, name, sector_size } = manifest.image
  if (kind === 'none' || kind === 'mtd') return []
  const view = ImageView.of(image, name)
  const fatal = new Findings()
  const table = fatal.attempt(() => (kind === 'gpt' ? readGpt(view, sector_size) : readMbr(view, sector_size)))
  const findings = [...fatal.list, ...(table?.findings ?? [])].map(findingText)
  if (table !== undefined) {
    appendAll(findings, kind === 'gpt' ? gptDifferences(manifest, table) : mbrDifferences(manifest, table))
  }
  return findings.map((finding) => ({ message: `Cannot verify the ${kind.toUpperCase()} of ${name}: ${finding}` }))
}

/** The message has said which table it is about. */
function findingText({ structure, field, found, expected }: FieldFinding): string {
  return `${field} of the ${structure.replace('GPT ', '')} is ${found}, ${expected} is expected`
}

function gptDifferences({ image, partitions }: Manifest, table: ReadTable): string[] {
  const differences: string[] = []
  if (table.kind === 'hybrid') differences.push('its MBR names partitions too')
  if (table.id !== image.disk_guid) differences.push(`DiskGUID is ${table.id}, ${image.disk_guid} is expected`)
  const found = new Map(table.partitions.map((partition) => [partition.number, partition]))
  for (const { number, ...partition } of partitions) {
    if (number === undefined) continue
    const entry = found.get(number)
    found.delete(number)
    if (entry === undefined) {
      differences.push(`there is no entry ${number}`)
      continue
    }
    const pairs: [
      field: string,
      has: string | number | bigint | undefined,
      said: string | number | bigint | undefined,
    ][] = [
      ['PartitionTypeGUID', entry.type, partition.type],
      ['UniquePartitionGUID', entry.uuid, partition.uuid],
      ['StartingLBA', firstSector(entry, table), partition.first_sector],
      ['EndingLBA', lastSector(entry, table), partition.last_sector],
      ['Attributes', entry.attributes, BigInt(partition.attributes ?? 0)],
      ['PartitionName', entry.name, partition.name],
    ]
    for (const [field, has, said] of pairs) {
      if (has !== said) differences.push(`${field} of entry ${number} is ${has}, ${said} is expected`)
    }
  }
  for (const number of found.keys()) {
    differences.push(`entry ${number} is in use, the manifest has no partition of that number`)
  }
  return differences
}

function mbrDifferences({ image, partitions }: Manifest, table: ReadTable): string[] {
  const differences: string[] = []
  if (table.id !== image.mbr_signature) {
    differences.push(`the disk signature is ${table.id}, ${image.mbr_signature} is expected`)
  }
  const found = new Map(table.partitions.map((partition) => [partition.number, partition]))
  for (const { number, first_sector, last_sector, type } of partitions) {
    if (number === undefined) continue
    const record = found.get(number)
    found.delete(number)
    const said = `sectors ${first_sector} to ${last_sector} of type ${type}`
    const has = record && `sectors ${firstSector(record, table)} to ${lastSector(record, table)} of type ${record.type}`
    if (has !== said) differences.push(`partition ${number} has ${has ?? 'no record'}, ${said} is expected`)
  }
  for (const number of found.keys()) {
    differences.push(`partition ${number} has a record, the manifest does not name it`)
  }
  return differences
}

function firstSector({ startByte }: ReadPartition, { sectorSize }: ReadTable): number {
  return startByte / sectorSize
}

function lastSector({ startByte, sizeBytes }: ReadPartition, { sectorSize }: ReadTable): number {
  return (startByte + sizeBytes) / sectorSize - 1
}
