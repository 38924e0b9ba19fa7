/**
 * An image, opened: its partition table, and what each partition holds. Everything that looks inside begins here. Volumes are
 * opened when somebody asks for them, so that one file of one partition costs only the way there.
 */

import type { ReadableFileSystem } from '../filesystems/registry.js'
import type { DiskImage } from '../image/extent.js'
import { ImageView } from '../image/image-view.js'
import type { ReadPartition, ReadTable } from '../tables/read-table.js'
import { readTable } from '../tables/table-reader.js'
import { type Content, openContent } from './open-content.js'

export interface OpenPartition {
  /** As Linux counts; undefined where the disk has no table and is one volume. */
  readonly number?: number
  /** '' where it has none. */
  readonly name: string
  readonly startByte: number
  readonly sizeBytes: number
  /** Its entry in the table. */
  readonly entry?: ReadPartition
  /** Its bytes; where the entry goes past the end of the disk, those that are there. */
  readonly view: ImageView
  /** Read at the first call. IoError where it cannot be. */
  content(): Content
}

export interface OpenImage {
  /** For messages. */
  readonly name: string
  /** What it was packed in, outermost first: `zst of raw`. */
  readonly format: string
  readonly image: DiskImage
  readonly view: ImageView
  /** Undefined where the disk has none. */
  readonly table?: ReadTable
  readonly partitions: readonly OpenPartition[]
  /** What a manifest or a config names outside the table: boot blobs. */
  readonly outside?: readonly OpenPartition[]
  /** What a stretch of the disk holds, wherever it lies. IoError where it cannot be read. */
  contentOf(view: ImageView): Content
  /** Lets go of all files; nothing of the image can be read afterwards. */
  close(): void
}

export interface DiskNames {
  readonly name: string
  readonly format: string
  /** The readers of the registry (loadReadings). */
  readonly readings: readonly ReadableFileSystem[]
  /** Where a config says it; an MBR does not (see `readMbr`). */
  readonly sectorSize?: number
  /** Called by `close`. */
  readonly release?: () => void
}

/** FormatError never: a damaged table or volume says so in its findings. IoError where the image cannot be read. */
export function openDiskImage(image: DiskImage, { name, format, readings, sectorSize, release }: DiskNames): OpenImage {
  const contentOf = (stretch: ImageView): Content => openContent(stretch, readings)
  const view = ImageView.of(image, name)
  const table = readTable(view, sectorSize)
  return {
    name,
    format,
    image,
    view,
    ...(table !== undefined && { table }),
    partitions:
      table === undefined
        ? [wholeDisk(view, contentOf)]
        : table.partitions.map((entry) => partitionOf(entry, view, contentOf)),
    contentOf,
    close() {
      view.close()
      release?.()
    },
  }
}

type ContentOf = (view: ImageView) => Content

function wholeDisk(view: ImageView, contentOf: ContentOf): OpenPartition {
  return { name: '', startByte: 0, sizeBytes: view.sizeBytes, view, content: once(() => contentOf(view)) }
}

function partitionOf(entry: ReadPartition, disk: ImageView, contentOf: ContentOf): OpenPartition {
  const { number, name, startByte, sizeBytes } = entry
  const there = Math.max(0, Math.min(sizeBytes, disk.sizeBytes - startByte))
  const called = `partition ${number}${name === '' ? '' : ` "${name}"`} of ${disk.name}`
  const view = disk.part(there === 0 ? 0 : startByte, there, called)
  return { number, name, startByte, sizeBytes, entry, view, content: once(() => contentOf(view)) }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
