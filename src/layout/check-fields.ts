/** What a table can say about a partition: names, identifiers, flags. Places are checked elsewhere. */
import { isGuid, NIL_GUID } from '../bytes/guid.js'
import type { ImageSpec, PartitionSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { NAME_UNITS } from '../tables/gpt/disklayout.js'
import { isMtdName, MTD_READ_ONLY } from './mtd.js'
import { partitionText } from './numbering.js'

export function checkFields(spec: ImageSpec): Problem[] {
  const problems: Problem[] = []
  for (const index of spec.partitions.keys()) {
    problems.push(...checkName(spec, index), ...checkUnsayable(spec, index))
  }
  return [...problems, ...checkUnique(spec, 'name'), ...checkUnique(spec, 'uuid')]
}

function* checkName(spec: ImageSpec, index: number): Generator<Problem> {
  const { name, inTable, configPath } = spec.partitions[index]!
  const path = [...configPath, 'name']
  if (spec.table === 'gpt' && inTable && name.length > NAME_UNITS) {
    const units = `${name.length} UTF-16 units`
    yield { message: `Cannot write GPT name "${name}": ${units}, at most ${NAME_UNITS} are accepted`, path }
  }
  if (spec.table === 'mtd' && inTable && !isMtdName(name)) {
    yield {
      message: `Cannot use name "${name}" of an MTD partition: accepted are characters without blanks and : ; , ( ), since mtdparts= takes no others`,
      path: name === '' ? configPath : path,
    }
  }
  // A lone surrogate is half a character: no text that other tools could print or look for.
  if (/[\x00-\x1f\x7f]|\p{Surrogate}/u.test(name)) {
    yield {
      message: `Cannot write partition name ${JSON.stringify(name)}: control characters and lone surrogates are not accepted`,
      path,
    }
  }
}

/** Settings that the table has no field for: dropping them without a word would be a lie. */
function* checkUnsayable(spec: ImageSpec, index: number): Generator<Problem> {
  const partition = spec.partitions[index]!
  const inTable = partition.inTable && spec.table !== 'none' && spec.table !== 'mtd'
  const place = inTable
    ? `the ${spec.table.toUpperCase()}`
    : spec.table === 'mtd'
      ? 'a flash without a table'
      : 'the partition table, in which it has no entry,'
  for (const [key, isGiven] of unsayable(spec.table, inTable, partition)) {
    if (!isGiven) continue
    yield {
      message: `Cannot write \`${key}\` of ${partitionText(spec, index)}: ${place} has no place for it`,
      path: [...partition.configPath, key],
    }
  }
  if (inTable && partition.uuid !== undefined && (!isGuid(partition.uuid) || partition.uuid === NIL_GUID)) {
    const message = `Cannot write UUID "${partition.uuid}" of ${partitionText(spec, index)}: accepted is 01234567-89ab-cdef-0123-456789abcdef, not all zeros`
    yield { message, path: [...partition.configPath, 'uuid'] }
  }
}

function unsayable(
  table: ImageSpec['table'],
  inTable: boolean,
  partition: PartitionSpec,
): [key: string, isGiven: boolean][] {
  const { type, uuid, attributes, bootable, logical } = partition
  const identifiers: [string, boolean][] = [
    ['uuid', uuid !== undefined],
    ['attributes', attributes !== 0n && !(table === 'mtd' && attributes === MTD_READ_ONLY)],
  ]
  if (!inTable) return [...identifiers, ['type', type !== undefined], ['bootable', bootable], ['logical', logical]]
  return table === 'gpt' ? [['logical', logical]] : identifiers
}

/** Names tell case apart, UUIDs do not. */
function* checkUnique(spec: ImageSpec, key: 'name' | 'uuid'): Generator<Problem> {
  const seen = new Map<string, number>()
  for (const [index, { name, uuid, configPath }] of spec.partitions.entries()) {
    const value = key === 'name' ? name : uuid?.toLowerCase()
    if (value === undefined || value === '') continue
    const first = seen.get(value)
    seen.set(value, first ?? index)
    if (first === undefined) continue
    const message = `Cannot use ${key} "${value}" for entry ${index + 1} of the list: entry ${first + 1} has it already`
    yield { message, path: [...configPath, key] }
  }
}
