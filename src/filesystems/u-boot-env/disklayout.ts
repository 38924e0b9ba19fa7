/**
 * The head of a U-Boot environment: a CRC-32 in the board's byte order, and in the redundant form a byte that says which of two
 * copies holds. Behind it stand the variables, each `name=value` with a NUL, then one more NUL.  [U-BOOT include/env_internal.h]
 */
import { type Codec, struct, u8, u32be, u32le } from '../../bytes/struct.js'

export const ENV_REDUND_ACTIVE = 1
export const ENV_REDUND_OBSOLETE = 0

function layoutsOf(u32: Codec<number>) {
  return {
    single: struct('environment', 4, { crc: [0, u32] }),
    redundant: struct('environment (redundant)', 5, { crc: [0, u32], flags: [4, u8] }),
  }
}

export const ENV_LAYOUTS = { little: layoutsOf(u32le), big: layoutsOf(u32be) } as const
