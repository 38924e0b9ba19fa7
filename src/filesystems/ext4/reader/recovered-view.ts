/**
 * A volume as the kernel would find it after it has replayed the journal, without a byte being written: the newer blocks are
 * laid over the old ones.
 */
import { ImageBuilder } from '../../../image/extent.js'
import { ImageView } from '../../../image/image-view.js'
import { JBD2_MAGIC_NUMBER } from '../disklayout/journal.js'
import type { ExtDisk } from './ext-disk.js'
import type { LoggedBlock } from './journal-log.js'

/** The caller closes it. Blocks beyond the volume are left out. */
export function recoveredView({ view, shape }: ExtDisk, blocks: readonly LoggedBlock[]): ImageView {
  const { blockSize, blockCount } = shape
  const builder = new ImageBuilder(view.sizeBytes)
  let at = 0
  const keepUntil = (end: number): void => {
    if (end > at) builder.image(at, view.slice(at, end - at, 'volume'))
  }
  for (const { block, copy, isEscaped } of blocks.toSorted((a, b) => a.block - b.block)) {
    if (block >= blockCount) continue
    const offset = block * blockSize
    keepUntil(offset)
    if (isEscaped) builder.bytes(offset, unescaped(view, copy * blockSize, blockSize))
    else builder.image(offset, view.slice(copy * blockSize, blockSize, 'journal'))
    at = offset + blockSize
  }
  keepUntil(view.sizeBytes)
  return ImageView.of(builder.finish(), view.name)
}

function unescaped(view: ImageView, offset: number, blockSize: number): Uint8Array {
  const bytes = view.read(offset, blockSize, 'journal').slice()
  new DataView(bytes.buffer).setUint32(0, JBD2_MAGIC_NUMBER)
  return bytes
}
