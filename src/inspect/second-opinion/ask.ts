/** Asks another reader in a thread, and ends it when its time is up. */
import { Worker } from 'node:worker_threads'
import { InterruptedError } from '../../errors.js'
import type { OpinionReply, OpinionRequest } from './listing.js'

const WORKER_URL = new URL('./second-opinion.js', import.meta.url)
/** JavaScript's share; a reader that walks in a circle collects for ever. */
const MAX_HEAP_MIB = 384

export async function askAnother(
  request: OpinionRequest,
  options: { readonly limitMs: number; readonly signal?: AbortSignal | undefined },
): Promise<OpinionReply> {
  const { limitMs, signal } = options
  if (signal?.aborted) throw new InterruptedError()
  const worker = new Worker(WORKER_URL, {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    // What libext2fs has to say of a damaged volume is nobody's message here.
    stdout: true,
    stderr: true,
  })
  try {
    return await new Promise<OpinionReply>((resolve, reject) => {
      const none = (reason: string): void => resolve({ kind: 'none', reason })
      const timer = setTimeout(() => none(`it took longer than ${limitMs / 1000} s`), limitMs)
      const done = (): void => clearTimeout(timer)
      worker.on('message', (reply: OpinionReply) => {
        done()
        resolve(reply)
      })
      worker.on('error', (error) => {
        done()
        none(String((error as { message?: unknown }).message ?? error))
      })
      worker.on('exit', () => {
        done()
        none('it ended without an answer')
      })
      signal?.addEventListener('abort', () => reject(new InterruptedError()), { once: true })
    })
  } finally {
    await worker.terminate()
  }
}
