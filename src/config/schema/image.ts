/** The whole config. */
import * as z from 'zod'
import { flashGeometry } from '../../filesystems/ubi/option-table.js'
import { group } from '../../schema/group.js'
import { guid } from '../../schema/identifiers.js'
import { anyText, byteChoice, byteCount, choice, integer, quantity, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import { accept } from './accept.js'
import { budget } from './budget.js'
import { bundle } from './bundle.js'
import { modesRule } from './content.js'
import { plainFileName } from './file-names.js'
import { gadget } from './gadget.js'
import { output } from './output.js'
import { ENGINES, partition } from './partition.js'

const MAX_U32 = 0xffff_ffff
/** Fewer than 128 entries of 128 bytes are under the 16 KiB that UEFI asks for. [UEFI 2.10 §5.3.2] */
const MIN_GPT_ENTRIES = 128
/** 1 MiB of table: far more than any reader of GPT expects. */
const MAX_GPT_ENTRIES = 8192

/** Eleven digits: the year 5138. */
const MAX_EPOCH_SECONDS = 99_999_999_999

/** Sectors of serial NOR flash, and blocks of the largest NAND flash. */
const MIN_ERASE_BLOCK_BYTES = 4096
const MAX_ERASE_BLOCK_BYTES = 16 * 1024 * 1024

const gpt = group(
  {
    entries: integer({ minimum: MIN_GPT_ENTRIES, maximum: MAX_GPT_ENTRIES })
      .describe('Entries of the table. Default: 128')
      .exactOptional(),
    entries_at: quantity([])
      .describe(
        'Place of the first entry array, for boards whose boot blob stands at 1 KiB to 17 KiB. Default: sector 2',
      )
      .exactOptional(),
  },
  { noun: 'gpt' },
)

const mbr = group(
  {
    signature: integer({ maximum: MAX_U32 })
      .describe('Disk signature, such as 0x1234ABCD. Default: derived from the seed')
      .exactOptional(),
  },
  { noun: 'mbr' },
)

const MTD_ID = /^[\x21-\x7e]+$/

const mtd = group(
  {
    id: text((value) =>
      MTD_ID.test(value) && !/[:;,()"\\]/.test(value)
        ? undefined
        : new Refusal(
            `"${value}" is no name of a flash`,
            'accepted is what /proc/mtd or the log says, without : ; , ( ) " and a backslash',
          ),
    )
      .describe('As the kernel calls the flash, for mtdparts=. Default: physmap-flash.0')
      .exactOptional(),
    node: text((value) =>
      /^&[A-Za-z_][A-Za-z0-9_]*$/.test(value)
        ? undefined
        : new Refusal(`"${value}" is no label`, 'accepted is & and a label of the device tree, such as &nor'),
    )
      .describe('The flash in the device tree, for its partitions node. Default: &flash')
      .exactOptional(),
    ...flashGeometry,
  },
  { noun: 'mtd' },
)

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)

export const image = group(
  {
    image: plainFileName().describe('File name of the image; nothing is added to it'),
    version: text()
      .describe('Version of the release, for the manifest: flash --min-version refuses an older one. Default: none')
      .exactOptional(),
    size: quantity(['auto'])
      .describe('Size of the disk: 7456MiB, 15269888s. Default: as small as holds everything')
      .exactOptional(),
    table: choice(['gpt', 'mbr', 'none', 'mtd'], { meant: { msdos: 'mbr', dos: 'mbr', nor: 'mtd', flash: 'mtd' } })
      .describe('Partition table; mtd: raw flash, whose partitions the kernel is told. Default: gpt')
      .exactOptional(),
    sector_size: byteChoice([512, 4096]).describe('Bytes of a sector, the unit s. Default: 512').exactOptional(),
    erase_block: byteCount({ minimum: MIN_ERASE_BLOCK_BYTES, maximum: MAX_ERASE_BLOCK_BYTES })
      .describe('table: mtd: bytes that the flash erases at once, of JFFS2 and UBI too. Default: 128KiB')
      .exactOptional(),
    seed: text().describe('What UUIDs and the like are derived from. Default: the name of the image').exactOptional(),
    source_date_epoch: integer({ maximum: MAX_EPOCH_SECONDS })
      .describe("Seconds since 1970: no time in the image is later. The environment's SOURCE_DATE_EPOCH wins over it")
      .exactOptional(),
    engine: choice(ENGINES)
      .describe(
        "Who makes the volumes: native (diskloom), host (the host's own tools), auto (diskloom where it can). Default: auto",
      )
      .exactOptional(),
    modes: modesRule()
      .describe(
        'Permission bits of files of the host in all volumes: host (as they are there), or git (0644, 0755 where executable), which are the same in every checkout. Default: host',
      )
      .exactOptional(),
    uuid: guid().describe('GPT: UUID of the disk. Default: derived from the seed').exactOptional(),
    gpt: gpt.describe('Details of a GPT').exactOptional(),
    mbr: mbr.describe('Details of an MBR').exactOptional(),
    mtd: mtd.describe('Details of a raw flash').exactOptional(),
    partitions: z.array(partition).describe('The partitions, in the order of the table'),
    bundle: bundle.describe('The zip with the image and the files that ship with it').exactOptional(),
    outputs: z
      .array(output)
      .describe(
        'What is written, any number at once: words, or maps such as { format: zst, level: 19 }. Default: [raw, zip]',
      )
      .exactOptional(),
    accept: accept
      .describe('Warnings that are accepted, each by its id and with a reason: silent, and named in the manifest')
      .exactOptional(),
    budget: budget.describe('How full partitions may be, and how they grow from release to release').exactOptional(),
    gadget: gadget.describe('What the board needs to show its storage over USB').exactOptional(),
    vars: z
      .record(variableName, anyText())
      .describe(`Values of \${NAME}. --set wins over them, they win over the environment`)
      .exactOptional(),
    include: z
      .union([text(), z.array(text())])
      .describe('Configs that this one is laid over: maps are merged, partitions by name, other lists replaced')
      .exactOptional(),
  },
  { noun: 'a config', later: ['sign'] },
)

export type ImageInput = z.output<typeof image>
