/** The SHA-256 of every payload file: from the pass where it gave one, by a read of its own otherwise. */
import { createHash } from 'node:crypto'
import { displayName } from '../bytes/text.js'
import type { DiskImage, SourceFile } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { Payload } from '../layout/disk-plan.js'
import { fileDigest } from '../outputs/file-digest.js'
import { walkTree } from '../tree/file-tree.js'

export interface PayloadFileEntry {
  /** In the volume, without a leading slash; of a raw payload its base name. */
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

const CHUNK_BYTES = 1 << 20

export class ContentDigests {
  readonly #known: Map<SourceFile, string>
  readonly #contents = new Map<DiskImage, string>()

  /** `known`: sums that the pass made. */
  constructor(known: ReadonlyMap<SourceFile, string>) {
    this.#known = new Map(known)
  }

  ofFile(file: SourceFile): string {
    let sum = this.#known.get(file)
    if (sum === undefined) {
      sum = fileDigest(file)
      this.#known.set(file, sum)
    }
    return sum
  }

  /** The files of one partition, in bytewise order of their paths. */
  ofPayload(payload: Payload, rawName: string): PayloadFileEntry[] {
    if (payload.kind === 'file') {
      return [{ path: rawName, sizeBytes: payload.file.sizeBytes, sha256: this.ofFile(payload.file) }]
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
    const [only] = content.extents
    if (
      only?.source.kind === 'file' &&
      only.length === content.sizeBytes &&
      only.source.file.sizeBytes === only.length
    ) {
      return this.ofFile(only.source.file)
    }
    let sum = this.#contents.get(content)
    if (sum === undefined) {
      sum = digestOf(content)
      this.#contents.set(content, sum)
    }
    return sum
  }
}

function digestOf(content: DiskImage): string {
  const hash = createHash('sha256')
  const reader = new PayloadReader()
  try {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, content.sizeBytes))
    for (let done = 0; done < content.sizeBytes; done += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, content.sizeBytes - done))
      readImage(content, done, part, reader)
      hash.update(part)
    }
    reader.close()
  } finally {
    reader.abandon()
  }
  return hash.digest('hex')
}
