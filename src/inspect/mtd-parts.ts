/**
 * `mtdparts=ID:SIZE[@OFFSET](NAME)[ro][lk],…`: the partitions of raw flash, as its kernel is told them. `-` is the rest.
 * [Linux drivers/mtd/parsers/cmdlinepart.c]
 */
import { UsageError } from '../errors.js'
import type { Place } from './named-disk.js'

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }
const PART = /^(-|(\d+|0x[0-9a-f]+)([kmg]?))(?:@(\d+|0x[0-9a-f]+)([kmg]?))?(?:\(([^()]*)\))?(?:ro|lk|slc)*$/i

/** Returns the partitions of one flash of `diskBytes`. UsageError with the part that cannot be read, or that goes past the end. */
export function parseMtdParts(text: string, diskBytes: number): Place[] {
  const bare = text.trim().replace(/^mtdparts=/, '')
  if (bare.includes(';')) {
    throw new UsageError('Cannot read mtdparts: it describes several flashes, the words of one are accepted', {
      hint: 'Give the part of this flash: mtdparts=ID:…',
    })
  }
  const list = bare.slice(bare.lastIndexOf(':', bare.search(/[(@]|$/)) + 1)
  let next = 0
  return list.split(',').map((part, index) => {
    const match = PART.exec(part)
    if (match === null) {
      throw new UsageError(
        `Cannot read mtdparts: "${part}" is no partition, SIZE[@OFFSET](NAME) is expected, such as 256k(u-boot)ro`,
      )
    }
    const [, size, number, unit = '', offset, offsetUnit = '', name = ''] = match
    const startByte = offset === undefined ? next : Number(offset) * UNITS[offsetUnit.toLowerCase()]!
    const sizeBytes = size === '-' ? diskBytes - startByte : Number(number) * UNITS[unit.toLowerCase()]!
    if (sizeBytes <= 0 || startByte + sizeBytes > diskBytes) {
      throw new UsageError(
        `Cannot read mtdparts: "${part}" takes bytes ${startByte} to ${startByte + sizeBytes}, the image has ${diskBytes}`,
      )
    }
    next = startByte + sizeBytes
    return {
      number: index,
      name: name === '' ? `Partition_${String(index).padStart(3, '0')}` : name,
      startByte,
      sizeBytes,
    }
  })
}
