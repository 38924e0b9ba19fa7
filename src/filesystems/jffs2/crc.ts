import { crc32Le } from '../../bytes/crc32.js'

/**
 * The CRC-32 that JFFS2 uses: the usual polynomial, begun with 0 and not inverted at the end, as the kernel's
 * `crc32(0, data, length)`; the usual one begins with all ones and inverts. [LINUX fs/jffs2/nodelist.h, lib/crc32.c]
 */
export function jffs2Crc(data: Uint8Array): number {
  return crc32Le(0, data)
}
