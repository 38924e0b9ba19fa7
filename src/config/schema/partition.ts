import * as z from 'zod'
import { group } from '../../schema/group.js'
import { fileSystemId, guid, partitionType } from '../../schema/identifiers.js'
import { choice, flag, integer, leaf, quantity, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import { accept } from './accept.js'
import { content, modesRule, ownerMap, ownerRule } from './content.js'
import { fileSystem, fileSystemWordsText } from './file-system.js'
import { luks } from './luks.js'
import { options } from './options.js'
import { ubiVolume } from './ubi-volume.js'

const MAX_BYTE = 0xff
const MAX_ATTRIBUTE_BIT = 63

/** GPT attribute bits by name. [UEFI 2.10 §5.3.3] [DPS] */
const ATTRIBUTE_BITS: Readonly<Record<string, number>> = {
  required: 0,
  no_block_io: 1,
  legacy_bios_bootable: 2,
  grow_file_system: 59,
  read_only: 60,
  shadow_copy: 61,
  hidden: 62,
  no_automount: 63,
}

function attributeBit() {
  const names = Object.keys(ATTRIBUTE_BITS)
  const accepted = `accepted are ${names.join(', ')}, or a bit from 0 to ${MAX_ATTRIBUTE_BIT}`
  return leaf(
    (value): bigint | Refusal => {
      if (Object.hasOwn(ATTRIBUTE_BITS, value)) return 1n << BigInt(ATTRIBUTE_BITS[value]!)
      const isBit = /^\d{1,2}$/.test(value) && Number(value) <= MAX_ATTRIBUTE_BIT
      return isBit ? 1n << BigInt(value) : new Refusal(`"${value}" is no attribute`, accepted)
    },
    { anyOf: [{ enum: names }, { type: 'integer', minimum: 0, maximum: MAX_ATTRIBUTE_BIT }] },
  )
}

function attributeMask() {
  return leaf(
    (value): bigint | Refusal => {
      const mask = /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : undefined
      if (mask !== undefined && mask < 1n << BigInt(MAX_ATTRIBUTE_BIT + 1)) return mask
      return new Refusal(`"${value}" is no mask`, 'accepted are a list of names or bits, or 64 bits such as 0x4')
    },
    { type: ['string', 'integer'] },
  )
}

/** Of a volume or of the whole config. */
export const ENGINES = ['native', 'host', 'auto'] as const

export const partition = group(
  {
    name: text().describe('Name of the partition: in the GPT, in messages and in PartList.cfg').exactOptional(),
    start: quantity(['percent'])
      .describe('First byte or sector: 33792s, 16.5MiB. Default: the next multiple of align')
      .exactOptional(),
    end: quantity(['percent'], {
      hint: (kind) => (kind === 'rest' || kind === 'auto' ? `Write size: ${kind}` : undefined),
    })
      .describe('Last sector (164863s) or byte of the partition; in larger units (64MiB) and % the boundary after it')
      .exactOptional(),
    size: quantity(['percent', 'rest', 'auto'])
      .describe('64MiB, 131072s, 50%, rest (all that is left) or auto (the smallest that holds the content)')
      .exactOptional(),
    free: quantity(['percent'])
      .describe('With size: auto, the room that is left in the volume when it is filled: 64MiB, or 20% of the volume')
      .exactOptional(),
    align: quantity([]).describe('Multiple for an omitted start. Default: 1MiB').exactOptional(),
    type: partitionType()
      .describe('Partition type: a name (linux, esp, swap, root-arm64 …), a byte (0xC) or a GUID. Default: by the fs')
      .exactOptional(),
    uuid: guid().describe('GPT: UUID of the partition. Default: derived from the seed').exactOptional(),
    attributes: z
      .union([attributeMask(), z.array(attributeBit()).transform((bits) => bits.reduce((mask, bit) => mask | bit, 0n))])
      .describe('GPT attributes: a list of names or bit numbers, or a 64-bit mask in hexadecimal')
      .exactOptional(),
    bootable: flag().describe('The active flag of MBR, "legacy BIOS bootable" of GPT. Default: false').exactOptional(),
    in_table: flag()
      .describe('false: no entry in the table, a boot blob at a fixed place. Default: true')
      .exactOptional(),
    logical: flag().describe('MBR: inside the extended partition. Default: false').exactOptional(),
    fs: fileSystem()
      .describe(`${fileSystemWordsText(() => true)}; any other text is the path of a raw file (boot.img)`)
      .exactOptional(),
    content: content
      .describe(
        'What the volume holds: a folder or archive, or a list of entries laid over one another (docs/content.md)',
      )
      .exactOptional(),
    covers: text()
      .describe('verity: name of the partition whose every byte it has hashes of (docs/verity.md)')
      .exactOptional(),
    volumes: z.array(ubiVolume).describe('fs: ubi: the volumes on it (docs/flash-memory.md)').exactOptional(),
    label: text().describe('Label of the volume').exactOptional(),
    fs_uuid: fileSystemId()
      .describe('UUID of the volume, or volume id of a FAT (1234-ABCD). Default: derived from the seed')
      .exactOptional(),
    owner: z
      .union([ownerRule, ownerMap])
      .describe(
        'Who owns the files: root, keep (as at the source), or a map of ids. Default: root for folders, keep for archives. FAT has no owners: root alone',
      )
      .exactOptional(),
    holes: choice(['none', 'host', 'all'])
      .describe(
        'ext: which holes files get: none, host (as the source has them), all (every aligned zero block). Default: none',
      )
      .exactOptional(),
    xattrs: choice(['none', 'keep'])
      .describe(
        'Extended attributes of the source: none, or keep (all; not FAT). Default: all but security labels and signatures, where getfattr is installed',
      )
      .exactOptional(),
    modes: modesRule()
      .describe(
        'Not FAT: permission bits of files of the host: host (as they are there), or git (0644, 0755 where executable). Default: the modes of the whole config, else host',
      )
      .exactOptional(),
    engine: choice(ENGINES)
      .describe('Who makes the volume: native, host, or auto. Default: the engine of the whole config')
      .exactOptional(),
    luks: luks.describe('The partition is encrypted, LUKS2; fs is what stands in it (docs/luks.md)').exactOptional(),
    fill: integer({ maximum: MAX_BYTE })
      .describe('Byte that fills what a raw file leaves of its partition. Default: it keeps what the medium holds')
      .exactOptional(),
    accept: accept
      .describe('Warnings of this partition that are accepted, each by its id and with a reason')
      .exactOptional(),
    options: options.describe('Options of the file system').exactOptional(),
  },
  { noun: 'a partition' },
)

export type PartitionInput = z.output<typeof partition>
export type OptionsInput = z.output<typeof options>
