import { byteChoice } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

/** Keys of `options:` for swap. */
export const swapOptionTable = {
  page_size: byteChoice([4096, 8192, 16384, 32768, 65536])
    .describe('bytes of a page of the kernel that uses it. Default: 4096')
    .exactOptional(),
} satisfies OptionTable

export type SwapOptions = OptionsOf<typeof swapOptionTable>
