import { byteChoice, choice, flag, leaf, numberChoice } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

/** No kernel takes more than its pages have. */
const BLOCK_SIZES = [512, 1024, 2048, 4096] as const
/** [CRYPTSETUP verity] */
const MAX_SALT_BYTES = 256

/** Hexadecimal digits in pairs, or `none`, which gives ''. */
function salt() {
  return leaf(
    (value): string | Refusal => {
      if (value === 'none') return ''
      const isHex = /^(?:[0-9a-f]{2})+$/i.test(value) && value.length <= 2 * MAX_SALT_BYTES
      return isHex
        ? value.toLowerCase()
        : new Refusal(
            `"${value}" is no salt`,
            `accepted are pairs of hexadecimal digits, at most ${MAX_SALT_BYTES}, or none`,
          )
    },
    { type: ['string', 'integer'] },
  )
}

/** Keys of `options:` for verity. What is missing follows veritysetup. */
export const verityOptionTable = {
  hash: choice(['sha1', 'sha256', 'sha384', 'sha512'])
    .describe('hash algorithm; the kernel needs it, too. Default: sha256')
    .exactOptional(),
  data_block_size: byteChoice(BLOCK_SIZES)
    .describe(
      'bytes that one hash covers, and the sectors that a mount sees. Default: 4096; of a FAT those of the disk',
    )
    .exactOptional(),
  hash_block_size: byteChoice(BLOCK_SIZES).describe('bytes of a block of hashes. Default: 4096').exactOptional(),
  salt: salt().describe('hexadecimal digits, or none. Default: derived from the UUID').exactOptional(),
  hash_type: numberChoice([0, 1])
    .describe('1, or 0 for the first form, which Chromium OS has. Default: 1')
    .exactOptional(),
  uuids_from_root_hash: flag()
    .describe(
      'GPT: the UUIDs of the covered partition and of this one are the first and the last 128 bits of the root hash, by which systemd finds both. Default: false',
    )
    .exactOptional(),
} satisfies OptionTable

export type VerityTableOptions = OptionsOf<typeof verityOptionTable>
