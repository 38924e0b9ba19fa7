import { choice, flag, integer } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { hostMade } from './host-made.js'

/** mkfs.ubifs 2.1.5 takes no fewer, whatever their size. */
const MIN_LEBS = 22

const optionTable = {
  compression: choice(['lzo', 'zlib', 'zstd', 'none'])
    .describe('lzo, zlib, zstd or none. Default: lzo')
    .exactOptional(),
  max_leb_count: integer({ minimum: MIN_LEBS })
    .describe('logical erase blocks that it can ever grow to. Default: all of the UBI partition')
    .exactOptional(),
  space_fixup: flag()
    .describe(
      'its first mount erases what is free once more, for images that are written with all their 0xFF. Default: true',
    )
    .exactOptional(),
} satisfies OptionTable

export type UbifsOptions = OptionsOf<typeof optionTable>

/** [MKFS.UBIFS(8)] of Debian 12. */
export const ubifs = defineFileSystem(
  hostMade<UbifsOptions>('ubifs', {
    identity: ['fs_uuid'],
    options: optionTable,
    hasOwnSize: true,
    liesOn: 'ubi',
    fitsUbi: true,
  }),
)
