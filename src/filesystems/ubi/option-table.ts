/** What a raw flash is like, as UBI has to know it: once for the whole flash, or for one partition. */
import type * as z from 'zod'
import { eraseBlockBytes } from '../../schema/erase-block.js'
import { byteCount, integer } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

const MAX_PAGE_BYTES = 64 * 1024
const MAX_U32 = 0xffff_ffff
/** The counter of Linux is an int. */
const MAX_ERASE_COUNTER = 0x7fff_ffff
const MAX_BLOCK_BYTES = 16 * 1024 * 1024

export const flashGeometry = {
  min_io_size: byteCount({ minimum: 1, maximum: MAX_PAGE_BYTES })
    .describe('bytes that the flash writes at once: the page of a NAND flash (2KiB), 1 of NOR')
    .exactOptional(),
  sub_page_size: byteCount({ minimum: 1, maximum: MAX_PAGE_BYTES })
    .describe("bytes of a NAND flash's sub-page, where its driver has them. Default: min_io_size")
    .exactOptional(),
} satisfies z.ZodRawShape

/** Keys of `options:` for UBI. */
export const ubiOptionTable = {
  erase_block: eraseBlockBytes()
    .describe('what the flash erases at once, such as 128KiB. Default: erase_block of the config')
    .exactOptional(),
  ...flashGeometry,
  vid_header_offset: byteCount({ minimum: 1, maximum: MAX_BLOCK_BYTES })
    .describe('where the second header of an erase block stands. Default: the sub-page behind the first')
    .exactOptional(),
  leb_size: byteCount({ minimum: 1, maximum: MAX_BLOCK_BYTES })
    .describe("bytes of a logical erase block as the board's log tells them; compared with what follows")
    .exactOptional(),
  image_sequence: integer({ maximum: MAX_U32 })
    .describe('the number that all blocks of an image have in common. Default: derived from the seed')
    .exactOptional(),
  erase_counter: integer({ maximum: MAX_ERASE_COUNTER })
    .describe('how often the blocks were erased already. Default: 0')
    .exactOptional(),
} satisfies OptionTable

type GivenUbiOptions = OptionsOf<typeof ubiOptionTable>

/** The options with the geometry of the flash, which has no default. */
export type UbiOptions = GivenUbiOptions & Required<Pick<GivenUbiOptions, 'erase_block' | 'min_io_size'>>
