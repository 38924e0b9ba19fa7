/** The picture of an image that somebody made: each volume's own structures say what is used, and for what. */

import { basename } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { DiskloomError } from '../errors.js'
import type { DiskPicture, PictureFact, PicturePart, PictureStretch } from '../pictures/disk-picture.js'
import { factsOf, figuresOf, flagWords } from '../pictures/facts.js'
import { folderSizes } from '../pictures/folder-sizes.js'
import { inspectImage, type PartitionInspection, TABLE_NAMES } from './inspection.js'
import type { OpenImage, OpenPartition } from './open-image.js'

/** Of 128 entries, the header and the protective MBR; at the end the same without the latter. [UEFI 2.10 §5.3] */
const GPT_SECTORS = 34
const DEFAULT_SECTOR_BYTES = 512

/** Volumes that cannot be read show no stretches; where partitions overlap the later one gives way. Reads every volume whole. */
export function pictureOfImage(disk: OpenImage): DiskPicture {
  const inspection = inspectImage(disk)
  const { table, sizeBytes } = inspection
  const sectorSize = table?.sectorSize ?? DEFAULT_SECTOR_BYTES
  const parts: PicturePart[] = []
  let end = 0
  const room = (upTo: number): void => {
    if (upTo > end)
      appendAll(parts, tableAndGap({ startByte: end, endByte: upTo }, { sizeBytes, sectorSize, kind: table?.kind }))
  }
  const inOrder = disk.partitions
    .map((partition, index) => ({ partition, told: inspection.partitions[index]! }))
    .sort((a, b) => a.partition.startByte - b.partition.startByte)
  for (const { partition, told } of inOrder) {
    if (partition.startByte < end || partition.startByte >= sizeBytes) continue
    room(partition.startByte)
    parts.push(partOf(partition, told, Math.min(told.endByte, sizeBytes)))
    end = Math.min(told.endByte, sizeBytes)
  }
  room(sizeBytes)
  const id = table && { name: table.kind === 'mbr' ? 'disk signature' : 'disk uuid', value: table.id }
  return {
    name: basename(inspection.name),
    sizeBytes,
    sectorSize,
    table: table === undefined ? 'no partition table' : TABLE_NAMES[table.kind],
    facts: id === undefined ? [] : [id],
    rest: 'free',
    parts,
  }
}

function partOf(
  { startByte, number, content }: OpenPartition,
  told: PartitionInspection,
  endByte: number,
): PicturePart {
  const { volume } = content()
  const read = volume && attempt(() => ({ used: volume.usedStretches(), tree: volume.tree() }))
  return {
    kind: 'partition',
    name: told.name === '' ? told.format : told.name,
    content: told.format,
    startByte,
    endByte,
    stretches: (read?.used ?? []).flatMap((stretch) => onDisk(stretch, startByte, endByte)),
    facts: partitionFacts(told),
    ...(number !== undefined && { number }),
    ...(read && { folders: folderSizes(read.tree) }),
  }
}

function onDisk({ offset, length, use }: PictureStretch, startByte: number, endByte: number): PictureStretch[] {
  const from = startByte + offset
  const until = Math.min(from + length, endByte)
  return until > from ? [{ offset: from, length: until - from, use }] : []
}

/** A damaged volume is told of by `inspect`; its picture stays empty. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof DiskloomError) return undefined
    throw error
  }
}

function partitionFacts(told: PartitionInspection): PictureFact[] {
  const { type, uuid, volumeUuid, label, volume, problem } = told
  return factsOf([
    ['type', type?.name],
    ['flags', flagWords({ bootable: told.bootable === true, logical: told.logical === true })],
    ['uuid', uuid],
    ['label', label],
    ['file system uuid', volumeUuid],
    ['state', volume?.state],
    ...(volume === undefined ? [] : figuresOf(volume.facts)),
    ['problem', problem],
  ])
}

interface TableFacts {
  readonly sizeBytes: number
  readonly sectorSize: number
  readonly kind: 'gpt' | 'mbr' | 'hybrid' | undefined
}

/** What no partition covers: the table's sectors at either end of the disk, and gaps. */
function tableAndGap(
  { startByte, endByte }: { startByte: number; endByte: number },
  { sizeBytes, sectorSize, kind }: TableFacts,
): PicturePart[] {
  const first = kind === undefined || startByte > 0 ? 0 : kind === 'mbr' ? sectorSize : GPT_SECTORS * sectorSize
  const last = kind === undefined || kind === 'mbr' || endByte < sizeBytes ? 0 : (GPT_SECTORS - 1) * sectorSize
  const gapStart = Math.min(endByte, startByte + first)
  const gapEnd = Math.max(gapStart, endByte - last)
  return [
    ...tablePart('partition table', startByte, gapStart),
    ...(gapEnd > gapStart
      ? [
          {
            kind: 'gap',
            name: '',
            content: '',
            startByte: gapStart,
            endByte: gapEnd,
            stretches: [],
            facts: [],
          } as const,
        ]
      : []),
    ...tablePart('backup of the table', gapEnd, endByte),
  ]
}

function tablePart(name: string, startByte: number, endByte: number): PicturePart[] {
  if (startByte >= endByte) return []
  const stretches: PictureStretch[] = [{ offset: startByte, length: endByte - startByte, use: 'table' }]
  return [{ kind: 'table', name, content: '', startByte, endByte, stretches, facts: [] }]
}
