/** A swap volume: mkswap's header, and nothing said about the rest. */
import { formatSize } from '../../bytes/format-size.js'
import { uuidToBytes } from '../../bytes/guid.js'
import { FormatError, LayoutError } from '../../errors.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { zeroSignatureRoom } from '../../image/signature-room.js'
import type { VolumeEnvironment, VolumeFormat } from '../volume.js'
import { SWAP_HEADER_OFFSET, SWAP_MAGIC, SWAP_VERSION, SwapHeaderInfo } from './disklayout.js'

export interface SwapFormatOptions {
  readonly label?: string
  /** Bytes of a page of the kernel that will use it; default 4096. */
  readonly page_size?: number
}

const DEFAULT_PAGE_BYTES = 4096
/** mkswap refuses less, and the kernel wants a page behind the header. [MKSWAP(8)] */
const MIN_PAGES = 10
const MAX_PAGES = 2 ** 32
/** One byte of sws_volume is a NUL. */
export const LABEL_BYTES = 15

export const swapFormat: VolumeFormat<SwapFormatOptions> = {
  plan(_tree, sizeBytes, options, environment) {
    const { label = '', page_size: pageBytes = DEFAULT_PAGE_BYTES } = options
    const labelBytes = Buffer.byteLength(label)
    if (labelBytes > LABEL_BYTES) {
      throw new FormatError([
        {
          message: `Cannot write swap label "${label}": ${labelBytes} bytes, at most ${LABEL_BYTES}`,
          path: ['label'],
        },
      ])
    }
    const pages = Math.min(Math.floor(sizeBytes / pageBytes), MAX_PAGES)
    if (pages < MIN_PAGES) {
      const needed = MIN_PAGES * pageBytes
      throw new LayoutError(
        `Cannot make swap of ${sizeBytes} bytes: at least ${MIN_PAGES} pages of ${pageBytes} bytes are accepted, ${formatSize(needed)}`,
      )
    }
    return {
      format: 'swap',
      sizeBytes: pages * pageBytes,
      facts: { page_size: pageBytes, pages, label, uuid: environment.uuid },
      warnings: [],
      encode: () => encodeSwap({ sizeBytes: pages * pageBytes, pageBytes, pages, label }, environment),
    }
  },

  smallestSizeBytes(_tree, { page_size: pageBytes = DEFAULT_PAGE_BYTES }) {
    return MIN_PAGES * pageBytes
  },
}

interface SwapGeometry {
  readonly sizeBytes: number
  readonly pageBytes: number
  readonly pages: number
  readonly label: string
}

function encodeSwap({ sizeBytes, pageBytes, pages, label }: SwapGeometry, { uuid }: VolumeEnvironment): DiskImage {
  const page = new Uint8Array(pageBytes)
  const volumeName = new Uint8Array(LABEL_BYTES + 1)
  volumeName.set(Buffer.from(label))
  SwapHeaderInfo.encodeInto(page, SWAP_HEADER_OFFSET, {
    version: SWAP_VERSION,
    last_page: pages - 1,
    nr_badpages: 0,
    sws_uuid: uuidToBytes(uuid),
    sws_volume: volumeName,
  })
  page.set(Buffer.from(SWAP_MAGIC), pageBytes - SWAP_MAGIC.length)
  return zeroSignatureRoom(new ImageBuilder(sizeBytes).bytes(0, page), pageBytes, sizeBytes).finish()
}
