/**
 * Reads a GPT through the package `gpt`. Its traps [measured with 3.0.0]: a checksum is over whole sectors, so its `verify` is
 * only right where the entries fill them; empty slots are dropped, and what follows a name's NUL is taken for part of it.
 */
import type { ImageView } from '../../image/image-view.js'
import type { OpinionReply } from './listing.js'

/** Header and 128 entries, with room for as many again. */
const HEAD_BYTES = 1 << 16

export async function readGptElsewhere(view: ImageView, sectorSize: number): Promise<OpinionReply> {
  const { default: GPT } = await import('gpt')
  const head = Buffer.from(view.read(0, Math.min(view.sizeBytes, HEAD_BYTES), 'GPT'))
  const gpt = new GPT({ blockSize: sectorSize })
  gpt.parse(head, sectorSize)
  return {
    kind: 'partitions',
    id: gpt.guid.toLowerCase(),
    partitions: gpt.partitions.map(({ name, type, guid, firstLBA, lastLBA, attr }) => ({
      name: name.replace(/\0.*$/s, ''),
      type: type.toLowerCase(),
      uuid: guid.toLowerCase(),
      firstLba: Number(firstLBA),
      lastLba: Number(lastLBA),
      attributes: attr,
    })),
  }
}
