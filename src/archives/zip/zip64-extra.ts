import { u64le } from '../../bytes/struct.js'
import { ExtraFieldHeader, OVERFLOW_32, ZIP64_EXTRA_ID } from './disklayout.js'

/**
 * The 32-bit values of a header; those that overflow are taken from the zip64 record of its extra field, which has them in the
 * same order. Undefined where the record is missing, cut, or has a number above 2^53 - 1.  [APPNOTE 6.3.10 §4.5.3]
 */
export function zip64Values(extra: Uint8Array, values: readonly number[]): number[] | undefined {
  if (!values.includes(OVERFLOW_32)) return [...values]
  const record = zip64Record(extra)
  if (record === undefined) return undefined
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  const wide: number[] = []
  let at = 0
  for (const value of values) {
    if (value !== OVERFLOW_32) {
      wide.push(value)
      continue
    }
    if (at + u64le.size > record.length) return undefined
    const number = view.getBigUint64(at, true)
    if (number > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
    wide.push(Number(number))
    at += u64le.size
  }
  return wide
}

function zip64Record(extra: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at + ExtraFieldHeader.SIZE <= extra.length; ) {
    const { header_id, data_size } = ExtraFieldHeader.decode(extra, at)
    const start = at + ExtraFieldHeader.SIZE
    const end = start + data_size
    if (end > extra.length) return undefined
    if (header_id === ZIP64_EXTRA_ID) return extra.subarray(start, end)
    at = end
  }
  return undefined
}
