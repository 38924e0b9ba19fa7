/** What a JFFS2 volume may be asked to be. Spelled as the config spells it. */
import type { ByteOrder } from './disklayout.js'

export interface Jffs2FormatOptions {
  /** Bytes that the flash erases at once: a power of two from 8 KiB to 1 MiB. Default 128 KiB. */
  readonly erase_block?: number
  /** Whether every erase block begins with a node that says it was erased to the end: true (default) for NOR, false for NAND. */
  readonly cleanmarkers?: boolean
  /** `zlib` (default) where it makes a page smaller. */
  readonly compression?: 'zlib' | 'none'
  /** Of the machine that will mount it; default little. */
  readonly byte_order?: ByteOrder
  /** Whether the free erase blocks are written, too, as erased ones (default); false: they stay unspecified. */
  readonly pad?: boolean
}

export type Jffs2Settings = Required<Jffs2FormatOptions>

export const DEFAULT_ERASE_BLOCK_BYTES = 128 * 1024

export function settingsOf(options: Jffs2FormatOptions): Jffs2Settings {
  return {
    erase_block: options.erase_block ?? DEFAULT_ERASE_BLOCK_BYTES,
    cleanmarkers: options.cleanmarkers ?? true,
    compression: options.compression ?? 'zlib',
    byte_order: options.byte_order ?? 'little',
    pad: options.pad ?? true,
  }
}
