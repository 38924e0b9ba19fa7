import type * as z from 'zod'
import { byteChoice, choice, flag } from '../../schema/leaf.js'

const KIB = 1024

/** Keys of `options:` for JFFS2. */
export const jffs2Options = {
  erase_block: byteChoice([8, 16, 32, 64, 128, 256, 512, 1024].map((kib) => kib * KIB))
    .describe('JFFS2: what the flash erases at once, such as 128KiB. Default: erase_block of the config, else 128KiB')
    .exactOptional(),
  cleanmarkers: flag()
    .describe('JFFS2: erase blocks begin with a clean marker: true for NOR, false for NAND. Default: true')
    .exactOptional(),
  byte_order: choice(['little', 'big'], { meant: { le: 'little', be: 'big' } })
    .describe('JFFS2, u-boot-env: byte order of the processor that reads it. Default: little')
    .exactOptional(),
  pad: flag()
    .describe('JFFS2: free erase blocks are written as erased ones; false: they stay unspecified. Default: true')
    .exactOptional(),
} satisfies z.ZodRawShape
