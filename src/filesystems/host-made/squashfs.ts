import { byteChoice, choice, integer } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { type Compressors, checkLevel } from './compression.js'
import { hostMade } from './host-made.js'

/** [MKSQUASHFS(1)] of Debian 12. */
const COMPRESSORS = {
  gzip: { least: 1, most: 9 },
  lzo: { least: 1, most: 9 },
  lz4: undefined,
  lz4hc: undefined,
  xz: undefined,
  zstd: { least: 1, most: 22 },
  none: undefined,
} satisfies Compressors

const MAX_LEVEL = 22

const optionTable = {
  compression: choice(Object.keys(COMPRESSORS) as (keyof typeof COMPRESSORS)[])
    .describe('gzip, lzo, lz4, lz4hc, xz, zstd or none. Default: gzip')
    .exactOptional(),
  level: integer({ maximum: MAX_LEVEL })
    .describe('effort of the compression: gzip and lzo 1 to 9, zstd 1 to 22')
    .exactOptional(),
  block_size: byteChoice([4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576])
    .describe('bytes of a block, 4KiB to 1MiB. Default: 128KiB')
    .exactOptional(),
} satisfies OptionTable

export type SquashfsOptions = OptionsOf<typeof optionTable>

export const squashfs = defineFileSystem(
  hostMade<SquashfsOptions>('squashfs', {
    identity: [],
    options: optionTable,
    check: (asked) => checkLevel(COMPRESSORS, asked),
    hasOwnSize: true,
    fitsUbi: true,
  }),
)
