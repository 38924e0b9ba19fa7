import { choice, integer } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { type Compressors, checkLevel } from './compression.js'
import { hostMade } from './host-made.js'

/** [MKFS.EROFS(1)] of Debian 12. */
const COMPRESSORS = { none: undefined, lz4: undefined, lz4hc: { least: 0, most: 12 } } satisfies Compressors

const MAX_LEVEL = 12

const optionTable = {
  compression: choice(Object.keys(COMPRESSORS) as (keyof typeof COMPRESSORS)[])
    .describe('none, lz4 or lz4hc. Default: none')
    .exactOptional(),
  level: integer({ maximum: MAX_LEVEL }).describe('effort of the compression: lz4hc 0 to 12').exactOptional(),
} satisfies OptionTable

export type ErofsOptions = OptionsOf<typeof optionTable>

export const erofs = defineFileSystem(
  hostMade<ErofsOptions>('erofs', {
    identity: ['fs_uuid'],
    options: optionTable,
    check: (asked) => checkLevel(COMPRESSORS, asked),
    hasOwnSize: true,
    fitsUbi: true,
  }),
)
