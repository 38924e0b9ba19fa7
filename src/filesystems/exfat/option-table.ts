import { guid, volumeId } from '../../schema/identifiers.js'
import { byteChoice, flag } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

const KIB = 1024
const MIB = 1024 * KIB

/** 512 bytes to 32 MiB. [EXFAT §3.1.15] */
const CLUSTER_SIZES = Array.from({ length: 17 }, (_, power) => 512 * 2 ** power)
/** Up to the boundary unit of the largest SDXC cards. [SD part 2] */
const ALIGNMENTS = [4 * KIB, ...Array.from({ length: 11 }, (_, power) => 64 * KIB * 2 ** power)].filter(
  (bytes) => bytes <= 64 * MIB,
)

/** Keys of `options:` for exFAT. What is missing follows mkfs.exfat 1.2. */
export const exfatOptionTable = {
  cluster_size: byteChoice(CLUSTER_SIZES)
    .describe('bytes of a cluster, 512 to 32MiB. Default: 4KiB up to 256 MiB, 32KiB up to 32 GiB, else 128KiB')
    .exactOptional(),
  alignment: byteChoice(ALIGNMENTS)
    .describe(
      'what the FAT and the first cluster are aligned to on the disk; 16MiB as SDXC cards come. Default: 1MiB from 64 MiB on, else 4KiB',
    )
    .exactOptional(),
  volume_id: volumeId()
    .describe('serial number of the volume, 1234-ABCD or 0x1234ABCD. Default: derived from the seed of the image')
    .exactOptional(),
  volume_guid: guid()
    .describe('GUID in an entry of the root, which few systems read and fsck.exfat 1.2 does not know. Default: none')
    .exactOptional(),
  lossy: flag()
    .describe('what it cannot hold (symlinks, devices, owners) is a warning. Default: false, an error')
    .exactOptional(),
} satisfies OptionTable

export type ExfatOptions = OptionsOf<typeof exfatOptionTable>

/** The options, and what a partition says beside them. */
export type ExfatFormatOptions = ExfatOptions & {
  /** At most 11 UTF-16 units; missing: none. */
  readonly label?: string
}
