/** The SHA-256 of every payload file: from the pass where it gave one, by a read of its own otherwise. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { displayName } from '../bytes/text.js'
import type { VolumeSpec } from '../config/spec.js'
import type { DiskImage, SourceFile } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { Payload } from '../layout/disk-plan.js'
import { leafPayloads } from '../layout/measure-payload.js'
import type { FileRange } from '../outputs/digests.js'
import { fileDigest } from '../outputs/file-digest.js'
import { walkTree } from '../tree/file-tree.js'

export interface PayloadFileEntry {
  /** In the volume, without a leading slash; of a raw payload its base name. On UBI below the volume's name. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

const CHUNK_BYTES = 1 << 20

/** The files of trees that stand as one stretch in an archive. */
export function* archiveMembers(payloads: readonly Payload[]): Generator<FileRange> {
  for (const payload of leafPayloads(payloads)) {
    if (payload.kind !== 'tree') continue
    for (const [, node] of walkTree(payload.tree)) {
      const range = node.type === 'file' ? rangeOf(node.content) : undefined
      if (range !== undefined && range.length < range.file.sizeBytes) yield range
    }
  }
}

export class ContentDigests {
  /** By file, then by the first byte of the range. */
  readonly #known = new Map<SourceFile, Map<number, { readonly length: number; readonly sum: string }>>()
  readonly #contents = new Map<DiskImage, string>()
  /** Kept open over the members of an archive. */
  readonly #reader = new PayloadReader()
  readonly #buffer = new Uint8Array(CHUNK_BYTES)

  /** `sums`: of `ranges`, as the pass made them. */
  constructor(ranges: readonly FileRange[], sums: readonly string[]) {
    ranges.forEach((range, index) => {
      this.#keep(range, sums[index]!)
    })
  }

  ofFile(file: SourceFile): string {
    const range = { file, offset: 0, length: file.sizeBytes }
    return this.#knownSum(range) ?? this.#keep(range, fileDigest(file))
  }

  /** Checks the last file that was read, and lets it go. */
  close(): void {
    this.#reader.close()
  }

  /** The files of one partition, in bytewise order of their paths; those of UBI volume by volume. */
  ofPayload(payload: Payload, volume: VolumeSpec): PayloadFileEntry[] {
    if (payload.kind === 'file') {
      const path = basename(String(payload.file.path))
      return [{ path, sizeBytes: payload.file.sizeBytes, sha256: this.ofFile(payload.file) }]
    }
    if (payload.kind === 'volumes' && volume.kind === 'ubi') {
      return volume.volumes.flatMap(({ name, volume: inner }, index) =>
        this.ofPayload(payload.payloads[index]!, inner).map((entry) => ({ ...entry, path: `${name}/${entry.path}` })),
      )
    }
    if (payload.kind !== 'tree') return []
    const entries: PayloadFileEntry[] = []
    for (const [path, node] of walkTree(payload.tree)) {
      if (node.type !== 'file') continue
      const { content } = node
      entries.push({ path: displayName(path), sizeBytes: content.sizeBytes, sha256: this.#ofContent(content) })
    }
    return entries
  }

  /** Hard links share their content, so it is read once. */
  #ofContent(content: DiskImage): string {
    const range = rangeOf(content)
    const known = range && this.#knownSum(range)
    if (known !== undefined) return known
    let sum = this.#contents.get(content)
    if (sum === undefined) {
      sum = this.#read(content)
      this.#contents.set(content, sum)
    }
    return sum
  }

  #knownSum({ file, offset, length }: FileRange): string | undefined {
    const known = this.#known.get(file)?.get(offset)
    return known?.length === length ? known.sum : undefined
  }

  #keep({ file, offset, length }: FileRange, sum: string): string {
    const ofFile = this.#known.get(file) ?? new Map<number, { length: number; sum: string }>()
    this.#known.set(file, ofFile)
    ofFile.set(offset, { length, sum })
    return sum
  }

  #read(content: DiskImage): string {
    const hash = createHash('sha256')
    try {
      for (let done = 0; done < content.sizeBytes; done += this.#buffer.length) {
        const part = this.#buffer.subarray(0, Math.min(this.#buffer.length, content.sizeBytes - done))
        readImage(content, done, part, this.#reader)
        hash.update(part)
      }
    } catch (error) {
      this.#reader.abandon()
      throw error
    }
    return hash.digest('hex')
  }
}

/** A content that is one stretch of one file, without a hole. */
function rangeOf({ sizeBytes, extents }: DiskImage): FileRange | undefined {
  const [only] = extents
  if (only?.source.kind !== 'file' || only.length !== sizeBytes) return undefined
  return { file: only.source.file, offset: only.source.offset, length: sizeBytes }
}
