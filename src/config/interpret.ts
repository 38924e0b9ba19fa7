/**
 * From values that are each right to the meaning of the whole: units become bytes, paths absolute, defaults are filled
 * in, and what does not go together is found. Runs on what could be read, so that all problems show at once.
 */

import { DEFAULT_SECTOR_SIZE, toSizeSpec } from '../schema/quantity.js'
import { interpretAccept } from './interpret-accept.js'
import { interpretBudget } from './interpret-budget.js'
import { interpretBundle } from './interpret-bundle.js'
import { interpretGadget } from './interpret-gadget.js'
import { checkLuksTable } from './interpret-luks.js'
import { interpretOutputs } from './interpret-outputs.js'
import { interpretPartition } from './interpret-partition.js'
import { checkCovered } from './interpret-verity.js'
import type { ConfigInput, Interpretation } from './interpretation.js'
import type { ImageSpec } from './spec.js'

const DEFAULT_TABLE = 'gpt'
const DEFAULT_GPT_ENTRIES = 128
/** Of a flash that stands in the processor's memory, on a kernel without a device tree. */
const DEFAULT_MTD_ID = 'physmap-flash.0'
const DEFAULT_MTD_NODE = '&flash'

/** The meaning, when `interpretation.problems` stays empty and every key could be read. */
export function interpret(input: ConfigInput, interpretation: Interpretation): ImageSpec {
  const keys = input.top.values
  const { sectorSize, diskBytes, eraseBlockBytes } = interpretation
  const name = keys.image ?? ''
  const table = keys.table ?? DEFAULT_TABLE
  checkDiskSize(keys, interpretation)
  checkTableKeys(keys, interpretation)
  const lastInTable = input.partitions.findLastIndex((partition) => partition?.values.in_table !== false)
  const last = lastInTable < 0 ? input.partitions.length - 1 : lastInTable
  const partitions = input.partitions.flatMap((partition, index) => {
    if (partition === undefined) return []
    const { values, unread } = partition
    const text = values.name === undefined ? `partition ${index + 1}` : `partition "${values.name}"`
    const { engine, modes } = keys
    const path = ['partitions', index]
    return [interpretPartition(values, { interpretation, path, text, unread, isLast: index === last, engine, modes })]
  })
  const disk = { table, partitions, sectorSize: keys.sector_size ?? DEFAULT_SECTOR_SIZE }
  checkLuksTable(disk, interpretation)
  checkCovered(disk, input.partitions, interpretation)
  const entriesAt = keys.gpt?.entries_at && toSizeSpec(keys.gpt.entries_at, sectorSize)
  const gadget =
    keys.gadget &&
    interpretGadget(keys.gadget, {
      interpretation,
      seed: keys.seed ?? name,
      modes: keys.modes,
      partitionNames: input.partitions.map((partition) => partition?.values.name),
    })
  const outputs = interpretOutputs(keys.outputs, {
    imageName: name,
    bundleName: keys.bundle?.name,
    override: interpretation.outputs,
    interpretation,
  })
  const accept = interpretAccept(input)
  return {
    name,
    table,
    sectorSize: keys.sector_size ?? DEFAULT_SECTOR_SIZE,
    seed: keys.seed ?? name,
    gpt: {
      entries: keys.gpt?.entries ?? DEFAULT_GPT_ENTRIES,
      ...(entriesAt?.kind === 'bytes' && { entriesAtBytes: entriesAt.bytes }),
    },
    partitions,
    bundle: interpretBundle(keys.bundle ?? {}, { imageName: name, outputs, gadget, interpretation }),
    outputs,
    ...(keys.version !== undefined && { version: keys.version }),
    ...(diskBytes !== undefined && { sizeBytes: diskBytes }),
    ...(keys.source_date_epoch !== undefined && { sourceDateEpoch: keys.source_date_epoch }),
    ...(keys.uuid !== undefined && { uuid: keys.uuid }),
    ...(table === 'mtd' &&
      eraseBlockBytes !== undefined && {
        mtd: { eraseBlockBytes, id: keys.mtd?.id ?? DEFAULT_MTD_ID, node: keys.mtd?.node ?? DEFAULT_MTD_NODE },
      }),
    ...(keys.mbr?.signature !== undefined && { mbrSignature: keys.mbr.signature }),
    ...(accept.length > 0 && { accept }),
    ...(gadget && { gadget }),
    ...(keys.budget && { budget: interpretBudget(keys.budget, interpretation) }),
  }
}

function checkDiskSize({ size, sector_size }: ConfigInput['top']['values'], interpretation: Interpretation): void {
  const { diskBytes, sectorSize } = interpretation
  if (diskBytes === undefined || interpretation.unread.has('sector_size')) return
  if (diskBytes % sectorSize !== 0) {
    const path = size === undefined ? [] : ['size']
    interpretation.refuse(
      path,
      `Cannot make a disk of ${diskBytes} bytes: accepted are whole sectors of ${sector_size ?? sectorSize} bytes`,
    )
  } else if (diskBytes === 0) {
    interpretation.refuse(
      ['size'],
      'Cannot make a disk of 0 bytes: accepted are sizes above 0',
      'Leave size out for the smallest disk',
    )
  }
}

/** Keys that only one kind of table has; a single JFFS2 without a table has erase blocks, too. */
function checkTableKeys(keys: ConfigInput['top']['values'], interpretation: Interpretation): void {
  if (interpretation.unread.has('table')) return
  const table = keys.table ?? DEFAULT_TABLE
  const owners = { gpt: 'gpt', uuid: 'gpt', mbr: 'mbr', mtd: 'mtd' } as const
  for (const [key, owner] of Object.entries(owners)) {
    if (keys[key as keyof typeof owners] === undefined || table === owner) continue
    const hint =
      key === 'uuid' && table === 'mbr' ? 'The identifier of an MBR is mbr: { signature: 0x1234ABCD }' : undefined
    interpretation.refuse(
      [key],
      `Cannot use ${key}: the table is ${table}, ${key} is accepted with table: ${owner}`,
      hint,
    )
  }
  if (keys.erase_block !== undefined && table !== 'mtd' && table !== 'none') {
    interpretation.refuse(
      ['erase_block'],
      `Cannot use erase_block: the table is ${table}, erase_block is accepted with table: mtd and table: none`,
    )
  }
}
