/** Which number each partition will have for the kernel, and what a message calls it. */
import type { ImageSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { ENTRIES } from '../tables/mbr/disklayout.js'

/** util-linux reads 60 partitions of an MBR and deletes the others when it writes one back. */
const MAX_MBR_NUMBER = 60

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
  // Flash partitions count from mtd0.
  let nextPrimary = spec.table === 'mtd' ? 0 : 1
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

/** The number in the table; blobs count on their own, so that taking one out moves nobody's identifiers. */
export function placeWord({ numbers }: Numbering, index: number): string {
  const number = numbers[index]
  if (number !== undefined) return String(number)
  return `outside-${numbers.slice(0, index).filter((other) => other === undefined).length + 1}`
}

/** Problems of too many partitions, one for each that finds no entry. */
export function checkNumbers(spec: ImageSpec, numbering: Numbering): Problem[] {
  const problems: Problem[] = []
  for (const [index, { configPath: path }] of spec.partitions.entries()) {
    const full = whyNoEntry(spec, numbering, index)
    if (full === undefined) continue
    problems.push({
      message: `Cannot place ${partitionText(spec, index)} in the table: ${full.reason}`,
      hint: full.hint,
      path,
    })
  }
  return problems
}

function whyNoEntry(
  spec: ImageSpec,
  { numbers, extendedNumber }: Numbering,
  index: number,
): { reason: string; hint: string } | undefined {
  const number = numbers[index]
  if (number === undefined || spec.table === 'none' || spec.table === 'mtd') return undefined
  const isNumber = `it is number ${number}`
  if (spec.table === 'gpt') {
    if (number <= spec.gpt.entries) return undefined
    const hint = `Set gpt: { entries: ${number} } or more`
    return { reason: `${isNumber}, a GPT of ${spec.gpt.entries} entries is full`, hint }
  }
  const hint = 'Make some of them logical (logical: true), or use table: gpt'
  if (!spec.partitions[index]!.logical) {
    if (number <= ENTRIES) return undefined
    const taken = extendedNumber === undefined ? '' : ', and the extended partition takes one of them'
    return { reason: `${isNumber}, an MBR has ${ENTRIES} primary entries${taken}`, hint }
  }
  if (number > MAX_MBR_NUMBER) {
    return {
      reason: `${isNumber}, fdisk and sfdisk read an MBR up to number ${MAX_MBR_NUMBER}`,
      hint: 'Use table: gpt',
    }
  }
  if (number > ENTRIES + 1 || extendedNumber! <= ENTRIES) return undefined
  const reason = `the primary partitions before it take all ${ENTRIES} entries, the extended partition needs one`
  return { reason, hint }
}

/** `partition "rootfs"`, `blob "spl"`; by its place in the list where it has no name. */
export function partitionText(spec: ImageSpec, index: number): string {
  const { name, inTable } = spec.partitions[index]!
  const word = inTable ? 'partition' : 'blob'
  return name === '' ? `${word} ${index + 1} of the list` : `${word} "${name}"`
}
