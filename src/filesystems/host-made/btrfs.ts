import { featureList } from '../../schema/feature-list.js'
import { choice, flag } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { hostMade } from './host-made.js'

const MIB = 1024 * 1024
const LABEL_BYTES = 255

const optionTable = {
  features: featureList().describe('single features, as after -O of mkfs.btrfs').exactOptional(),
  metadata: choice(['single', 'dup'])
    .describe('copies of the metadata. Default: what mkfs.btrfs takes for one device, dup')
    .exactOptional(),
  mixed: flag()
    .describe('data and metadata in the same chunks, for volumes below 109 MiB. Default: false')
    .exactOptional(),
} satisfies OptionTable

export type BtrfsOptions = OptionsOf<typeof optionTable>

/** Below these mkfs.btrfs 6.2 makes no volume, tried in steps of 1 MiB. */
const MINIMUM_BYTES = { mixed: 16 * MIB, single: 47 * MIB, dup: 109 * MIB }

/** [MKFS.BTRFS(8)] of Debian 12. */
export const btrfs = defineFileSystem(
  hostMade<BtrfsOptions>('btrfs', {
    identity: ['label', 'fs_uuid'],
    labelBytes: LABEL_BYTES,
    options: optionTable,
    minimumBytes: ({ mixed, metadata = 'dup' }) =>
      mixed === true
        ? { bytes: MINIMUM_BYTES.mixed }
        : { bytes: MINIMUM_BYTES[metadata], hint: 'options: { mixed: true } takes 16 MiB and more' },
  }),
)
