import * as z from 'zod'
import { volumeId } from '../../schema/identifiers.js'
import { byteChoice, flag, integer, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

/** What mkfs.fat 4.2 takes; the fields of the boot sector have 8 and 16 bits. [FATGEN §3.1] */
const MAX_FATS = 4
const MIN_ROOT_ENTRIES = 16
const MAX_ROOT_ENTRIES = 32_768
const MAX_U8 = 0xff
const MAX_U16 = 0xffff
const MIN_MEDIA = 0xf0
const OEM_BYTES = 8

/** Keys of `options:` for FAT. What is missing follows mkfs.fat 4.2. */
export const fatOptionTable = {
  cluster_size: byteChoice([512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288])
    .describe('bytes of a cluster, such as 4KiB. Default: by the size of the volume')
    .exactOptional(),
  fats: integer({ minimum: 1, maximum: MAX_FATS }).describe('copies of the table. Default: 2').exactOptional(),
  reserved_sectors: integer({ minimum: 1, maximum: MAX_U16 })
    .describe('sectors before the first table. Default: 32 for FAT32, else 1 rounded up to a cluster')
    .exactOptional(),
  root_entries: integer({ minimum: MIN_ROOT_ENTRIES, maximum: MAX_ROOT_ENTRIES })
    .describe('slots of the root folder of FAT12 and FAT16. Default: 512')
    .exactOptional(),
  media: integer({ minimum: MIN_MEDIA, maximum: MAX_U8 }).describe('media byte. Default: 0xF8').exactOptional(),
  volume_id: volumeId()
    .describe('volume id, 1234-ABCD or 0x1234ABCD. Default: derived from the seed of the image')
    .exactOptional(),
  oem: text((value) => {
    const fits = value.length <= OEM_BYTES && /^[\x20-\x7e]*$/.test(value)
    return fits ? undefined : new Refusal(`"${value}" does not fit`, `accepted are up to ${OEM_BYTES} ASCII characters`)
  })
    .describe('name of the formatting system in the boot sector. Default: mkfs.fat')
    .exactOptional(),
  lossy: flag()
    .describe('what it cannot hold (symlinks, devices, owners) is a warning. Default: false, an error')
    .exactOptional(),
  order: z
    .array(text())
    .describe('paths of files and folders that stand first on the disk, boot files such as [MLO, u-boot.img]')
    .exactOptional(),
  time_zone: text((value) => {
    const fits = /^(?:UTC|Z|[+-]\d{2}:[0-5]\d)$/.test(value)
    return fits ? undefined : new Refusal(`"${value}" is no fixed offset`, 'accepted are UTC and offsets like +01:00')
  })
    .describe('the zone of its times, UTC or a fixed offset such as +01:00. Default: UTC')
    .exactOptional(),
} satisfies OptionTable

export type FatOptions = OptionsOf<typeof fatOptionTable>
