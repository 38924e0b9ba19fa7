/** A thread of its own: one question, one answer. Whoever started it ends it, since the packages here may never return. */
import { parentPort, workerData } from 'node:worker_threads'
import { ImageView } from '../../image/image-view.js'
import { listExt } from './ext-opinion.js'
import { listFat } from './fat-opinion.js'
import { readGptElsewhere } from './gpt-opinion.js'
import type { OpinionReply, OpinionRequest } from './listing.js'

async function answer({ package: name, image, sectorSize }: OpinionRequest): Promise<OpinionReply> {
  const view = ImageView.of(image, name)
  switch (name) {
    case 'ext2fs':
      return { kind: 'files', entries: await listExt(view) }
    case 'fatfs':
      return { kind: 'files', entries: await listFat(view, sectorSize) }
    default:
      return readGptElsewhere(view, sectorSize)
  }
}

try {
  parentPort?.postMessage(await answer(workerData as OpinionRequest))
} catch (error) {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const reason = code === 'ERR_MODULE_NOT_FOUND' ? 'it is not installed' : String(message ?? error)
  parentPort?.postMessage({ kind: 'none', reason } satisfies OpinionReply)
}
