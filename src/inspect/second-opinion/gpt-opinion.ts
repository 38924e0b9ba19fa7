/**
 * Reads a GPT through the package `gpt`. Its traps [measured with 3.0.0]: a checksum is over whole sectors, so its `verify` is
 * only right where the entries fill them; empty slots are dropped, and NULs of a name too, so that what follows one is taken for
 * part of it.
 */
import type { ImageView } from '../../image/image-view.js'
import type { OpinionReply } from './listing.js'

/** Eight thousand entries of 128 bytes. */
const MOST_TABLE_BYTES = 1 << 20

export async function readGptElsewhere(view: ImageView, sectorSize: number): Promise<OpinionReply> {
  const { default: GPT } = await import('gpt')
  const gpt = new GPT({ blockSize: sectorSize })
  gpt.parseHeader(Buffer.from(view.read(sectorSize, sectorSize, 'GPT header')))
  // It may stand anywhere; `parse` wants it in one buffer with the header.
  const tableBytes = Math.min(gpt.entries * gpt.entrySize, MOST_TABLE_BYTES)
  gpt.parseTable(Buffer.from(view.read(Number(gpt.tableOffset) * sectorSize, tableBytes, 'GPT entries')))
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
