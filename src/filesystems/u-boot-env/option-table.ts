import { byteCount, choice, integer } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

const MIN_ENV_BYTES = 256
const MAX_ENV_BYTES = 16 * 1024 * 1024
const MAX_BYTE = 0xff

/** Keys of `options:` for a U-Boot environment. */
export const uBootEnvOptionTable = {
  size: byteCount({ minimum: MIN_ENV_BYTES, maximum: MAX_ENV_BYTES })
    .describe('bytes of one copy, CONFIG_ENV_SIZE. Default: the partition, or half of it for two copies')
    .exactOptional(),
  redundant: choice(['none', 'both', 'active', 'obsolete'], { meant: { true: 'both', false: 'none' } })
    .describe(
      'both (two copies in this partition), or active and obsolete for copies in partitions of their own. Default: none',
    )
    .exactOptional(),
  byte_order: choice(['little', 'big'], { meant: { le: 'little', be: 'big' } })
    .describe("byte order of the board's processor, for the checksum's own bytes. Default: little")
    .exactOptional(),
  padding: integer({ maximum: MAX_BYTE }).describe('byte behind the variables. Default: 0xFF').exactOptional(),
} satisfies OptionTable

export type UBootEnvOptions = OptionsOf<typeof uBootEnvOptionTable>
