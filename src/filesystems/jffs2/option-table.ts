import { eraseBlockBytes } from '../../schema/erase-block.js'
import { choice, flag } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

/** Keys of `options:` for JFFS2. */
export const jffs2OptionTable = {
  erase_block: eraseBlockBytes()
    .describe('what the flash erases at once, such as 128KiB. Default: erase_block of the config, else 128KiB')
    .exactOptional(),
  cleanmarkers: flag()
    .describe('erase blocks begin with a clean marker: true for NOR, false for NAND. Default: true')
    .exactOptional(),
  compression: choice(['zlib', 'none'])
    .describe('zlib where it makes a page smaller, or none. Default: zlib')
    .exactOptional(),
  byte_order: choice(['little', 'big'], { meant: { le: 'little', be: 'big' } })
    .describe('byte order of the processor that reads it. Default: little')
    .exactOptional(),
  pad: flag()
    .describe('free erase blocks are written as erased ones; false: they stay unspecified. Default: true')
    .exactOptional(),
} satisfies OptionTable

export type Jffs2Options = OptionsOf<typeof jffs2OptionTable>
