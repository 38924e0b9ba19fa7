import type * as z from 'zod'
import { byteCount, choice, integer } from '../../schema/leaf.js'

const MIN_ENV_BYTES = 256
const MAX_ENV_BYTES = 16 * 1024 * 1024
const MAX_BYTE = 0xff

/** Keys of `options:` for a U-Boot environment, beside `byte_order`, which JFFS2 has too. */
export const uBootEnvOptions = {
  size: byteCount({ minimum: MIN_ENV_BYTES, maximum: MAX_ENV_BYTES })
    .describe('u-boot-env: bytes of one copy, CONFIG_ENV_SIZE. Default: the partition, or half of it for two copies')
    .exactOptional(),
  redundant: choice(['none', 'both', 'active', 'obsolete'], { meant: { true: 'both', false: 'none' } })
    .describe(
      'u-boot-env: both (two copies in this partition), or active and obsolete for copies in partitions of their own. Default: none',
    )
    .exactOptional(),
  padding: integer({ maximum: MAX_BYTE })
    .describe('u-boot-env: byte behind the variables. Default: 0xFF')
    .exactOptional(),
} satisfies z.ZodRawShape
