/** Real threads behind the `Threads` interface. */
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { type PackedListing, unpackListing } from '../tree/folder-listing.js'
import { type DigestPlan, type DigestResults, mergeDigests, splitDigestPlan } from './digests.js'
import { packExtents } from './packed-extents.js'
import {
  type DeflatedBlock,
  type DigestStream,
  INLINE_THREADS,
  type RangeDigestStream,
  type Threads,
} from './threads.js'
import type { WorkerReply, WorkerRequest, WorkerResult } from './worker-protocol.js'
import type { ZstdFrame } from './zstd-frame.js'

const WORKER_URL = new URL('./worker.js', import.meta.url)

/**
 * What a thread's start costs in time of a processor that hashes 1.7 GB/s: below this, the thread that reads hashes as well. A
 * hash of its own for every file costs as much again as some 16 KiB of it.
 */
const DIGEST_THREAD_MINIMUM_BYTES = 128 << 20
const DIGEST_OF_A_FILE_BYTES = 16 << 10
/** What asking a thread that is there costs, likewise. */
const ASKED_DIGEST_MINIMUM_BYTES = 1 << 20
/** Below this, one thread hashes as fast as the disk writes, and spares the memory of a second. */
const SPLIT_MINIMUM_BYTES = 256 << 20

/** One that is read, and one that waits, so that the thread never does. */
const READS_UNDER_WAY = 2

type WithoutId<T> = T extends { id: number } ? Omit<T, 'id'> : never

/** One worker with its questions under way. */
class Channel {
  readonly #worker = new Worker(WORKER_URL)
  readonly #pending = new Map<number, { resolve(result: WorkerResult): void; reject(error: Error): void }>()
  #nextId = 0
  #failure: Error | undefined

  constructor() {
    this.#worker.on('message', (reply: WorkerReply) => {
      const question = this.#pending.get(reply.id)
      this.#pending.delete(reply.id)
      if ('error' in reply) question?.reject(new Error(reply.error))
      else question?.resolve(reply.result)
    })
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))))
    this.#worker.on('exit', (code) => this.#fail(new Error(`a worker thread ended with code ${code}`)))
  }

  /** How many questions are under way. */
  get load(): number {
    return this.#pending.size
  }

  tell(request: Extract<WorkerRequest, { kind: 'digest-plan' | 'ranges-plan' }>): void {
    this.#worker.postMessage(request)
  }

  ask(request: WithoutId<WorkerRequest>): Promise<WorkerResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id })
    })
  }

  async close(): Promise<void> {
    this.#pending.clear()
    await this.#worker.terminate()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}

/** Starts lazily: compressing threads (`count` of them) with the first block, the
 * reading one with the first folders or the first window for it, a digesting one, or two, with a plan that is worth it. */
export function startThreads(count: number): Threads {
  const compressors: Channel[] = []
  const others: Channel[] = []
  let reader: Channel | undefined

  const leastLoaded = (): Channel => {
    const idle = compressors.find((channel) => channel.load === 0)
    if (idle !== undefined) return idle
    if (compressors.length < count) {
      compressors.push(new Channel())
      return compressors.at(-1)!
    }
    return compressors.reduce((best, channel) => (channel.load < best.load ? channel : best))
  }

  return {
    warmUp(encoders) {
      while (compressors.length < count) compressors.push(new Channel())
      // A failure shows again when the encoder is used.
      for (const channel of compressors) channel.ask({ kind: 'warm-up', encoders }).catch(() => {})
    },
    async deflate(bytes, level) {
      return (await leastLoaded().ask({ kind: 'deflate', bytes, level })) as DeflatedBlock
    },
    async deflateClusters(bytes, clusterBytes, level) {
      const request = { kind: 'deflate-clusters', bytes, clusterBytes, level } as const
      return (await leastLoaded().ask(request)) as readonly Uint8Array[]
    },
    async zstdFrame(bytes, level) {
      return (await leastLoaded().ask({ kind: 'zstd-frame', bytes, level })) as ZstdFrame
    },
    digests(plan): DigestStream {
      const cost = bytesToDigest(plan)
      if (cost < DIGEST_THREAD_MINIMUM_BYTES) return INLINE_THREADS.digests(plan)
      const parts = cost >= SPLIT_MINIMUM_BYTES ? splitDigestPlan(plan) : [plan]
      const channels = parts.map((part) => {
        const channel = new Channel()
        channel.tell({ kind: 'digest-plan', plan: part })
        return channel
      })
      others.push(...channels)
      const askAll = (request: WithoutId<WorkerRequest>): Promise<WorkerResult[]> =>
        Promise.all(channels.map((channel) => channel.ask(request)))
      return {
        window: async (offset, bytes) => void (await askAll({ kind: 'digest-window', offset, bytes })),
        fill: async (offset, length, byte) => void (await askAll({ kind: 'digest-fill', offset, length, byte })),
        finish: async () => mergeDigests((await askAll({ kind: 'digest-finish' })) as DigestResults[]),
      }
    },
    rangeDigests(ranges): RangeDigestStream {
      if (dataBytes(ranges) < DIGEST_THREAD_MINIMUM_BYTES) return INLINE_THREADS.rangeDigests(ranges)
      const channel = new Channel()
      others.push(channel)
      channel.tell({ kind: 'ranges-plan', ranges })
      return {
        window: async (offset, bytes) => void (await channel.ask({ kind: 'ranges-window', offset, bytes })),
        finish: async () => (await channel.ask({ kind: 'ranges-finish' })) as readonly string[],
      }
    },
    async fileDigest(path) {
      const sizeBytes = statSync(path).size
      const isWorthAsking =
        sizeBytes >= (compressors.length > 0 ? ASKED_DIGEST_MINIMUM_BYTES : DIGEST_THREAD_MINIMUM_BYTES)
      if (!isWorthAsking) return INLINE_THREADS.fileDigest(path)
      return (await leastLoaded().ask({ kind: 'file-digest', path })) as string
    },
    read(extents, offset, target) {
      reader ??= new Channel()
      if (reader.load >= READS_UNDER_WAY) return undefined
      const packed = packExtents(extents)
      return packed && reader.ask({ kind: 'read', extents: packed, offset, target }).then(() => {})
    },
    list(folders) {
      reader ??= new Channel()
      if (reader.load >= READS_UNDER_WAY) return undefined
      const packed = reader.ask({ kind: 'list', folders }) as Promise<readonly PackedListing[]>
      return packed.then((listings) => listings.map(unpackListing))
    },
    async close() {
      await Promise.all([...compressors, ...others, ...(reader ? [reader] : [])].map((channel) => channel.close()))
    },
  }
}

function bytesToDigest({ stretches, fileCount, full, sizeBytes }: DigestPlan): number {
  const perStretch = stretches.reduce((total, { runs }) => total + dataBytes(runs), 0)
  return perStretch + fileCount * DIGEST_OF_A_FILE_BYTES + (full ? sizeBytes : 0)
}

function dataBytes(runs: readonly { readonly length: number; readonly fill: number | undefined }[]): number {
  return runs.reduce((total, { length, fill }) => (fill === undefined ? total + length : total), 0)
}
