import { u64le } from '../../bytes/struct.js'
import { OVERFLOW_32, ZIP64_EXTRA_ID } from './disklayout.js'
import { extraFields } from './extra-fields.js'

/**
 * The 32-bit values of a header; those that overflow are taken from the zip64 record of its extra field, which has them in the
 * same order. Undefined where readers could take other numbers: the record is missing, cut, longer than what it is needed for,
 * not needed or there twice, or it has a number above 2^53 - 1.  [APPNOTE 6.3.10 §4.5.3]
 */
export function zip64Values(extra: Uint8Array, values: readonly number[]): number[] | undefined {
  const records = extraFields(extra)?.filter(({ id }) => id === ZIP64_EXTRA_ID)
  if (records === undefined || records.length > 1) return undefined
  const [record] = records
  const wideCount = values.filter((value) => value === OVERFLOW_32).length
  if (record === undefined) return wideCount === 0 ? [...values] : undefined
  const { data } = record
  if (wideCount === 0 || data.length !== wideCount * u64le.size) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const wide: number[] = []
  let at = 0
  for (const value of values) {
    if (value !== OVERFLOW_32) {
      wide.push(value)
      continue
    }
    const number = view.getBigUint64(at, true)
    if (number > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
    wide.push(Number(number))
    at += u64le.size
  }
  return wide
}
