/** Which number each partition will have for the kernel, and what a message calls it. */
import type { ImageSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { ENTRIES } from '../tables/mbr/disklayout.js'

export interface Numbering {
  /** By index in `spec.partitions`; undefined outside the table. */
  readonly numbers: readonly (number | undefined)[]
  /** Slot of the extended partition, where there are logical ones. */
  readonly extendedNumber?: number
}

/**
 * In the order of the list. Under MBR the extended partition takes the slot at which the first logical one is listed, and
 * logical ones count from 5.
 */
export function numberPartitions(spec: ImageSpec): Numbering {
  const numbers: (number | undefined)[] = []
  let nextPrimary = 1
  let nextLogical = ENTRIES + 1
  let extendedNumber: number | undefined
  for (const { inTable, logical } of spec.partitions) {
    if (!inTable) {
      numbers.push(undefined)
    } else if (logical && spec.table === 'mbr') {
      extendedNumber ??= nextPrimary++
      numbers.push(nextLogical++)
    } else {
      numbers.push(nextPrimary++)
    }
  }
  return extendedNumber === undefined ? { numbers } : { numbers, extendedNumber }
}

/** Problems of too many partitions, one for each that finds no entry. */
export function checkNumbers(spec: ImageSpec, { numbers, extendedNumber }: Numbering): Problem[] {
  const problems: Problem[] = []
  for (const [index, partition] of spec.partitions.entries()) {
    const number = numbers[index]
    if (number === undefined || partition.logical) continue
    const subject = `Cannot place ${partitionText(spec, index)} in the table`
    const path = partition.configPath
    if (spec.table === 'gpt' && number > spec.gpt.entries) {
      const hint = `set gpt: { entries: ${number} } or more`
      problems.push({
        message: `${subject}: it is number ${number}, a GPT of ${spec.gpt.entries} entries is full`,
        hint,
        path,
      })
    } else if (spec.table === 'mbr' && number > ENTRIES) {
      const taken = extendedNumber === undefined ? '' : ', and the extended partition takes one of them'
      const hint = 'make some of them logical (logical: true), or use table: gpt'
      problems.push({
        message: `${subject}: it is number ${number}, an MBR has ${ENTRIES} primary entries${taken}`,
        hint,
        path,
      })
    }
  }
  if (spec.table === 'mbr' && extendedNumber !== undefined && extendedNumber > ENTRIES) {
    const first = spec.partitions.findIndex(({ inTable, logical }) => inTable && logical)
    problems.push({
      message: `Cannot place ${partitionText(spec, first)} in the table: the primary partitions before it take all ${ENTRIES} entries, the extended partition needs one`,
      path: spec.partitions[first]!.configPath,
    })
  }
  return problems
}

/** `partition "rootfs"`, `blob "spl"`; by its place in the list where it has no name. */
export function partitionText(spec: ImageSpec, index: number): string {
  const { name, inTable } = spec.partitions[index]!
  const word = inTable ? 'partition' : 'blob'
  return name === '' ? `${word} ${index + 1} of the list` : `${word} "${name}"`
}
