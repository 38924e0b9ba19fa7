/** `luns:` of the gadget section: what the board shows to a USB host as disks. */
import * as z from 'zod'
import { group } from '../../schema/group.js'
import { byteCount, flag, integer, leaf, refuseUnprintable, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'

/** INQUIRY's vendor (8), model (16) and revision (4). [MSG] inquiry_string */
const INQUIRY_CHARACTERS = 28

/** A path on the board. */
export function boardPath(check: (path: string) => Refusal | undefined = () => undefined) {
  return text((value) => {
    const accepted = 'accepted is an absolute path on the board such as /mnt/fat32.part or /dev/mmcblk0p3'
    if (!value.startsWith('/')) return new Refusal(`"${value}" is no absolute path`, accepted)
    return value.endsWith('/') ? new Refusal(`"${value}" is a folder`, accepted) : check(value)
  })
}

function inquiry() {
  return leaf(
    (value): string | Refusal => {
      const fits = /^[\x20-\x7e]*$/.test(value) && value.length <= INQUIRY_CHARACTERS
      return (
        refuseUnprintable(value) ??
        (fits
          ? value
          : new Refusal(`"${value}" does not fit`, `accepted are up to ${INQUIRY_CHARACTERS} ASCII characters`))
      )
    },
    { type: 'string', maxLength: INQUIRY_CHARACTERS },
  )
}

const lun = group(
  {
    file: boardPath().describe('File or block device of the board, absolute: /mnt/fat32.part, /dev/mmcblk0p3'),
    ro: flag().describe('The host cannot write. Default: false, with cdrom true').exactOptional(),
    removable: flag().describe('The medium can be ejected, as that of a card reader. Default: true').exactOptional(),
    cdrom: flag().describe('A CD-ROM drive, with blocks of 2048 bytes. Default: false').exactOptional(),
    nofua: flag()
      .describe('Writes of Windows need not reach the medium one by one: faster, lost when unplugged. Default: false')
      .exactOptional(),
    inquiry: inquiry()
      .describe('Vendor (8 characters), model (16) and revision (4) as the host shows them')
      .exactOptional(),
    size: byteCount({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
      .describe('Length of the backing file, for checks: 5MiB')
      .exactOptional(),
    disk: flag().describe('true: the file is the disk that this config makes').exactOptional(),
    partition: text().describe('The device is this partition of the disk that this config makes').exactOptional(),
    mounted_at: boardPath().describe('Where the board itself has it mounted while the host sees it').exactOptional(),
  },
  { noun: 'a LUN' },
)

export const luns = z.array(z.union([boardPath().transform((file) => ({ file })), lun]))

export type LunInput = z.output<typeof lun>

/** The script looks for the mount in /proc/mounts, where kernels differ in how they write a #. */
function harvestMount() {
  return boardPath((value) =>
    value.includes('#')
      ? new Refusal(`"${value}" is no place that the script can find in /proc/mounts`, 'accepted is a path without #')
      : undefined,
  )
}

export const harvest = z.union([
  flag(),
  group(
    {
      mount: harvestMount().describe('Where the board mounts the medium between exports. Default: /m').exactOptional(),
      lun: integer({ maximum: 15 }).describe('Which of the luns, from 0. Default: 0').exactOptional(),
      crlf: flag().describe('Lines end as Windows has them. Default: true').exactOptional(),
      offset: byteCount({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
        .describe('Where in the file the volume begins, for a disk with a table: 1MiB. Default: 0')
        .exactOptional(),
    },
    { noun: 'harvest' },
  ),
])

export type HarvestInput = z.output<typeof harvest>
