/** What a flash is like, as far as UBI has to know, and where in its blocks headers and data stand. */
import { alignUp, isPowerOfTwo } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError } from '../../errors.js'
import { UBI_MAX_VOLUMES, UbiEcHdr, UbiVidHdr, UbiVtblRecord } from './disklayout.js'

/** Bytes, as the config spells them. */
export interface FlashGeometry {
  readonly erase_block: number
  /** What is written at once: the page of a NAND flash, 1 of NOR. */
  readonly min_io_size: number
  /** Missing: `min_io_size`. */
  readonly sub_page_size?: number
  /** Missing: the first sub-page behind the erase counter. */
  readonly vid_header_offset?: number
  /** What the board's kernel tells; only compared. */
  readonly leb_size?: number
}

export interface UbiGeometry {
  /** Bytes of a physical and of a logical erase block. */
  readonly pebBytes: number
  readonly lebBytes: number
  readonly minIoBytes: number
  readonly vidHeaderOffset: number
  readonly dataOffset: number
  /** Records of the volume table. */
  readonly maxVolumes: number
}

/** [UBINIZE(8)] */
const HEADER_ALIGNMENT = 8

/** FormatError with the numbers that do not go together. [LINUX drivers/mtd/ubi/build.c io_init] */
export function ubiGeometry(flash: FlashGeometry): UbiGeometry {
  const { erase_block: pebBytes, min_io_size: minIoBytes, sub_page_size: subPageBytes = minIoBytes } = flash
  if (!isPowerOfTwo(minIoBytes) || minIoBytes * 2 > pebBytes || pebBytes % minIoBytes !== 0) {
    throw wrong(
      'min_io_size',
      `pages of ${minIoBytes} bytes in erase blocks of ${pebBytes}`,
      'powers of two of which two and more make an erase block, 1 for NOR flash',
    )
  }
  if (!isPowerOfTwo(subPageBytes) || subPageBytes > minIoBytes) {
    throw wrong(
      'sub_page_size',
      `sub-pages of ${subPageBytes} bytes in pages of ${minIoBytes}`,
      `powers of two up to ${minIoBytes}`,
    )
  }
  const vidHeaderOffset = flash.vid_header_offset ?? alignUp(UbiEcHdr.SIZE, subPageBytes)
  const lastOffset = pebBytes - 2 * minIoBytes
  if (vidHeaderOffset % HEADER_ALIGNMENT !== 0 || vidHeaderOffset < UbiEcHdr.SIZE || vidHeaderOffset > lastOffset) {
    throw wrong(
      'vid_header_offset',
      `a header at byte ${vidHeaderOffset} of erase blocks of ${pebBytes}`,
      `multiples of ${HEADER_ALIGNMENT} from ${UbiEcHdr.SIZE} to ${lastOffset}`,
    )
  }
  const dataOffset = alignUp(vidHeaderOffset + UbiVidHdr.SIZE, minIoBytes)
  const lebBytes = pebBytes - dataOffset
  const maxVolumes = Math.min(Math.floor(lebBytes / UbiVtblRecord.SIZE), UBI_MAX_VOLUMES)
  if (flash.leb_size !== undefined && flash.leb_size !== lebBytes) {
    throw new FormatError({
      message: `Cannot make UBI with a leb_size of ${flash.leb_size} bytes: erase blocks of ${pebBytes} (${formatSize(pebBytes)}) with pages of ${minIoBytes}, sub-pages of ${subPageBytes} and the header at ${vidHeaderOffset} have their data at ${dataOffset}, which leaves ${lebBytes}`,
      path: ['options', 'leb_size'],
      hint: `The board's log tells all of them when UBI attaches: "physical eraseblock size", "min./max. I/O unit sizes", "sub-page size", "VID header offset"`,
    })
  }
  return { pebBytes, lebBytes, minIoBytes, vidHeaderOffset, dataOffset, maxVolumes }
}

function wrong(key: string, found: string, accepted: string): FormatError {
  return new FormatError({
    message: `Cannot make UBI with ${found}: accepted are ${accepted}`,
    path: ['options', key],
  })
}
