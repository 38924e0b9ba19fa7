/** A byte of the disk in words: which field of which structure, or which byte of which file. */
import { displayName } from '../bytes/text.js'
import { fieldAt, type Place } from '../filesystems/place.js'
import { fileSystemOfFormat, type ReadableFileSystem } from '../filesystems/registry.js'
import { type DiskImage, extentEnd, firstEndingAfter, type Source } from '../image/extent.js'
import type { ImageView } from '../image/image-view.js'
import type { DiskPlan, Payload, PlannedPartition, Region } from '../layout/disk-plan.js'
import { leafPayloads } from '../layout/measure-payload.js'
import { GptHeader, GptPartitionEntry } from '../tables/gpt/disklayout.js'
import { gptGeometry } from '../tables/gpt/geometry.js'
import { Mbr, MbrPartitionRecord } from '../tables/mbr/disklayout.js'
import { walkTree } from '../tree/file-tree.js'

interface FilePiece {
  readonly path: string
  /** In the source. */
  readonly start: number
  readonly length: number
  /** In the file of the volume. */
  readonly fileOffset: number
}

export class DiskPlaces {
  readonly #plan: DiskPlan
  readonly #image: DiskImage
  readonly #payloads: readonly Payload[]
  readonly #view: ImageView
  readonly #readings: readonly ReadableFileSystem[]
  /** Per partition: what a source's bytes are in the volume. Made when a difference is found there. */
  readonly #pieces = new Map<number, Map<unknown, FilePiece[]>>()

  /** `view`: the disk as it should be. `readings`: those of the registry. */
  constructor(
    plan: DiskPlan,
    payloads: readonly Payload[],
    { view, readings }: { readonly view: ImageView; readonly readings: readonly ReadableFileSystem[] },
  ) {
    this.#plan = plan
    this.#image = plan.image()
    this.#payloads = payloads
    this.#view = view
    this.#readings = readings
  }

  /** What stands at `offset`, and where it ends. */
  at(offset: number): Place {
    const region = this.#plan.regions.find(({ startByte, endByte }) => startByte <= offset && offset < endByte)
    // Layout covers the disk with regions; a table under a boot blob is asked as what lies on top.
    if (region === undefined) return { what: 'nothing that the plan knows', start: offset, end: offset + 1 }
    if (region.index !== undefined) return this.#inPartition(this.#plan.partitions[region.index]!, offset)
    if (region.kind === 'table')
      return this.#plan.table === 'gpt' ? this.#inGpt(offset, region) : mbrPlace(offset, region)
    return { what: 'a gap between partitions', start: region.startByte, end: region.endByte }
  }

  #inPartition(partition: PlannedPartition, offset: number): Place {
    const { startByte, endByte, index, volume } = partition
    const name = partition.name === '' ? `partition ${partition.number ?? index + 1}` : `partition "${partition.name}"`
    const inside = this.#inFile(partition, offset)
    if (inside !== undefined) return { ...inside, what: `${name}, ${inside.what}` }
    if (volume === undefined) return { what: name, start: startByte, end: endByte }
    const fileSystem = fileSystemOfFormat(volume.format)
    const reading = this.#readings.find((readable) => readable.fileSystem === fileSystem)?.reading
    const view = this.#view.part(startByte, endByte - startByte, name)
    const place = reading?.locate?.(offset - startByte, view)
    if (place === undefined) return { what: `${name}, ${volume.format}`, start: startByte, end: endByte }
    return { what: `${name}, ${place.what}`, start: startByte + place.start, end: startByte + place.end }
  }

  #inFile({ index, startByte, fs, payload }: PlannedPartition, offset: number): Place | undefined {
    const extent = this.#image.extents[firstEndingAfter(this.#image.extents, offset)]
    if (extent === undefined || extent.offset > offset) return undefined
    if (payload === 'raw') {
      if (extent.source.kind !== 'file') return undefined
      return { what: `file ${fs}`, start: startByte, end: extentEnd(extent), countsFrom: startByte }
    }
    const source = sourceKey(extent.source)
    if (source === undefined) return undefined
    const at = source.start + offset - extent.offset
    const piece = this.#piecesOf(index)
      .get(source.key)
      ?.find(({ start, length }) => start <= at && at < start + length)
    if (piece === undefined) return undefined
    const pieceStart = offset - (at - piece.start)
    return {
      what: `file ${piece.path}`,
      start: Math.max(extent.offset, pieceStart),
      end: Math.min(extentEnd(extent), pieceStart + piece.length),
      countsFrom: pieceStart - piece.fileOffset,
    }
  }

  #piecesOf(index: number): Map<unknown, FilePiece[]> {
    let pieces = this.#pieces.get(index)
    if (pieces === undefined) {
      pieces = new Map()
      this.#pieces.set(index, pieces)
      const nodes = leafPayloads([this.#payloads[index]!]).flatMap((payload) =>
        payload.kind === 'tree' ? [...walkTree(payload.tree)] : [],
      )
      for (const [path, node] of nodes) {
        if (node.type !== 'file') continue
        for (const { offset, length, source } of node.content.extents) {
          const key = sourceKey(source)
          if (key === undefined) continue
          const piece = { path: displayName(path), start: key.start, length, fileOffset: offset }
          const list = pieces.get(key.key)
          if (list === undefined) pieces.set(key.key, [piece])
          else list.push(piece)
        }
      }
    }
    return pieces
  }

  #inGpt(offset: number, region: Region): Place {
    const { sizeBytes, sectorSize, spec } = this.#plan
    const geometry = gptGeometry(sizeBytes, {
      sectorSize,
      entries: spec.gpt.entries,
      ...(spec.gpt.entriesAtBytes !== undefined && { entriesAtBytes: spec.gpt.entriesAtBytes }),
    })
    const lba = Math.floor(offset / sectorSize)
    if (lba === 0) return mbrPlace(offset, region, 'protective MBR')
    const copies = [
      { what: 'primary GPT', header: geometry.headerLba, array: geometry.arrayLba },
      { what: 'backup GPT', header: geometry.backupHeaderLba, array: geometry.backupArrayLba },
    ]
    for (const { what, header, array } of copies) {
      if (lba === header) return fieldAt(GptHeader, header * sectorSize, offset, `${what}, header`)
      const arrayByte = array * sectorSize
      const number = Math.floor((offset - arrayByte) / GptPartitionEntry.SIZE) + 1
      if (number >= 1 && number <= geometry.entries) {
        const start = arrayByte + (number - 1) * GptPartitionEntry.SIZE
        return fieldAt(GptPartitionEntry, start, offset, `${what}, entry ${number}`)
      }
    }
    return { what: region.name, start: region.startByte, end: region.endByte }
  }
}

/** Sector 0, or an extended boot record, which has the same form. */
function mbrPlace(offset: number, region: Region, name = region.name): Place {
  const at = offset - region.startByte
  const [recordsAt] = Mbr.FIELDS.PartitionRecord!
  const index = Math.floor((at - recordsAt) / MbrPartitionRecord.SIZE)
  const [signatureAt] = Mbr.FIELDS.Signature!
  if (at >= recordsAt && at < signatureAt) {
    const start = region.startByte + recordsAt + index * MbrPartitionRecord.SIZE
    return fieldAt(MbrPartitionRecord, start, offset, `${name}, record ${index + 1}`)
  }
  return fieldAt(Mbr, region.startByte, offset, name)
}

/** What tells one source from another, and the place in it. A slice of a buffer is a part of that buffer. */
function sourceKey(source: Source): { key: unknown; start: number } | undefined {
  if (source.kind === 'file') return { key: source.file, start: source.offset }
  if (source.kind === 'bytes') return { key: source.bytes.buffer, start: source.bytes.byteOffset }
  return undefined
}
