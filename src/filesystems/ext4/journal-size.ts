/** How long a journal is.  [e2fsprogs 1.47.0, lib/ext2fs/mkjournal.c ext2fs_default_journal_size; jbd2's minimum] */
import { LayoutError } from '../../errors.js'
import type { FeatureSet } from './features.js'
import type { ExtFormatOptions } from './options.js'

/** From so many blocks of the volume on, a journal of so many blocks; a smaller volume has none. */
const DEFAULTS = [
  { fromBlocks: 32768 * 1024, journalBlocks: 262144 },
  { fromBlocks: 16384 * 1024, journalBlocks: 131072 },
  { fromBlocks: 8192 * 1024, journalBlocks: 65536 },
  { fromBlocks: 4096 * 1024, journalBlocks: 32768 },
  { fromBlocks: 512 * 1024, journalBlocks: 16384 },
  { fromBlocks: 256 * 1024, journalBlocks: 8192 },
  { fromBlocks: 32768, journalBlocks: 4096 },
  { fromBlocks: 2048, journalBlocks: 1024 },
] as const

/** Where the defaults change, in blocks. */
export const JOURNAL_LIMITS_BLOCKS: readonly number[] = DEFAULTS.map(({ fromBlocks }) => fromBlocks)

/** Below, a volume has no journal unless its size is asked. */
export const FEWEST_BLOCKS_WITH_JOURNAL = Math.min(...JOURNAL_LIMITS_BLOCKS)

/** jbd2 refuses fewer; mke2fs refuses more. */
const MIN_JOURNAL_BLOCKS = 1024
const MAX_JOURNAL_BLOCKS = 10_240_000

/** Blocks of the journal, 0 for none. Throws LayoutError where an asked size is out of range. */
export function journalBlocksFor(
  volumeBlocks: number,
  blockSize: number,
  { type, journal_size: askedBytes }: ExtFormatOptions,
  features: FeatureSet,
): number {
  if (!features.has('has_journal')) return 0
  if (askedBytes === undefined) {
    return DEFAULTS.find(({ fromBlocks }) => volumeBlocks >= fromBlocks)?.journalBlocks ?? 0
  }
  const blocks = Math.floor(askedBytes / blockSize)
  if (blocks < MIN_JOURNAL_BLOCKS || blocks > MAX_JOURNAL_BLOCKS) {
    throw new LayoutError(
      `Cannot make ${type} with a journal of ${askedBytes} bytes: ${blocks} blocks of ${blockSize} bytes, ` +
        `accepted are ${MIN_JOURNAL_BLOCKS} to ${MAX_JOURNAL_BLOCKS} blocks, or 0 for none`,
    )
  }
  return blocks
}
