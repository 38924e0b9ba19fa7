import { byteChoice } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { hostMade } from './host-made.js'

const LABEL_BYTES = 12
/** The message of mkfs.xfs 6.1 names this limit. */
const MINIMUM_BYTES = 300 * 1024 * 1024

const optionTable = {
  block_size: byteChoice([1024, 2048, 4096]).describe('bytes of a block. Default: 4096').exactOptional(),
  inode_size: byteChoice([512, 1024, 2048]).describe('bytes of an inode. Default: 512').exactOptional(),
} satisfies OptionTable

export type XfsOptions = OptionsOf<typeof optionTable>

/** [MKFS.XFS(8)] of Debian 12. */
export const xfs = defineFileSystem(
  hostMade<XfsOptions>('xfs', {
    identity: ['label', 'fs_uuid'],
    labelBytes: LABEL_BYTES,
    options: optionTable,
    minimumBytes: () => ({ bytes: MINIMUM_BYTES }),
  }),
)
