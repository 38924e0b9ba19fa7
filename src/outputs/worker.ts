/** A worker thread: compresses blocks, reads windows of small files, lists folders, hashes outputs, or keeps digests of one pass. Started by `startThreads`. */
import { parentPort } from 'node:worker_threads'
import { crc32 } from '../bytes/crc32.js'
import { invariant } from '../errors.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readExtents } from '../image/read.js'
import { listFolder, packListing } from '../tree/folder-listing.js'
import { deflateBlock, deflateClusters } from './deflate-block.js'
import { loadDeflateEncoder } from './deflate-encoder.js'
import { Digests } from './digests.js'
import { fileDigestAt } from './file-digest.js'
import { unpackExtents } from './packed-extents.js'
import { RangeDigests } from './range-digests.js'
import type { DeflatedBlock, EncoderName } from './threads.js'
import type { WorkerReply, WorkerRequest, WorkerResult } from './worker-protocol.js'
import { loadZstdEncoder, zstdFrame } from './zstd-frame.js'

const port = parentPort
invariant(port !== null, 'worker.ts runs in a worker thread')

let digests: Digests | undefined
let ranges: RangeDigests | undefined

function answer(request: WorkerRequest): WorkerResult | Promise<WorkerResult> {
  if (request.kind === 'warm-up') return warmUp(request.encoders)
  if (request.kind === 'deflate') return deflated(request.bytes, request.level)
  if (request.kind === 'deflate-clusters') return deflateClusters(request.bytes, request.clusterBytes, request.level)
  if (request.kind === 'zstd-frame') return zstdFrame(request.bytes, request.level)
  if (request.kind === 'read') {
    read(request)
    return undefined
  }
  if (request.kind === 'list') return request.folders.map((folder) => packListing(listFolder(folder)))
  if (request.kind === 'file-digest') return fileDigestAt(request.path)
  if (request.kind === 'ranges-plan') {
    ranges = new RangeDigests(request.ranges)
    return undefined
  }
  if (request.kind === 'ranges-window' || request.kind === 'ranges-finish') {
    invariant(ranges !== undefined, `${request.kind} before ranges-plan`)
    if (request.kind === 'ranges-finish') return ranges.finish()
    ranges.window(request.offset, request.bytes)
    return undefined
  }
  if (request.kind === 'digest-plan') {
    digests = new Digests(request.plan)
    return undefined
  }
  invariant(digests !== undefined, `${request.kind} before digest-plan`)
  if (request.kind === 'digest-finish') return digests.finish()
  if (request.kind === 'digest-fill') digests.fill(request.offset, request.length, request.byte)
  else digests.window(request.offset, request.bytes)
  return undefined
}

const WARM_UPS = { deflate: loadDeflateEncoder, zstd: loadZstdEncoder }

async function warmUp(encoders: readonly EncoderName[]): Promise<undefined> {
  for (const encoder of encoders) await WARM_UPS[encoder]()
  return undefined
}

async function deflated(bytes: Uint8Array, level: number): Promise<DeflatedBlock> {
  return { crc32: crc32(bytes), deflated: await deflateBlock(bytes, level) }
}

function read({ extents, offset, target }: Extract<WorkerRequest, { kind: 'read' }>): void {
  const reader = new PayloadReader()
  try {
    readExtents(unpackExtents(extents), offset, target, reader)
    reader.close()
  } finally {
    reader.abandon()
  }
}

/** Memory that the reply can take along instead of a copy. */
function ownedBuffers(result: WorkerResult): ArrayBuffer[] {
  if (typeof result !== 'object' || Array.isArray(result)) return []
  const pieces = 'deflated' in result ? result.deflated : 'blocks' in result ? [result.blocks] : []
  return pieces.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
}

function reply(id: number, result: WorkerResult): void {
  port!.postMessage({ id, result } satisfies WorkerReply, ownedBuffers(result))
}

function fail(id: number, error: unknown): void {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (id < 0) throw new Error(words)
  port!.postMessage({ id, error: words } satisfies WorkerReply)
}

port.on('message', (request: WorkerRequest) => {
  const id = 'id' in request ? request.id : -1
  try {
    const result = answer(request)
    // Only what loads an encoder is waited for: everything else is answered in the order of the questions.
    if (result instanceof Promise)
      void result.then((value) => reply(id, value)).catch((error: unknown) => fail(id, error))
    else if (id >= 0) reply(id, result)
  } catch (error) {
    fail(id, error)
  }
})
