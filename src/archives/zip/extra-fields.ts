/** The extra fields of a zip's headers, as far as they say what an entry is.  [APPNOTE 6.3.10 §4.5, §4.6.9] */
import { crc32 } from '../../bytes/crc32.js'
import { ExtraFieldHeader } from './disklayout.js'

export interface ExtraField {
  readonly id: number
  readonly data: Uint8Array
}

const UNICODE_PATH_ID = 0x7075
/** Of its version and the CRC-32 of the header's name, which the name follows. */
const UNICODE_PATH_HEAD_BYTES = 5
const FLAG_UTF8 = 1 << 11
const FIRST_NON_ASCII = 0x80

/** Gives undefined where the records do not fill the field exactly: readers then stop at different places. */
export function extraFields(extra: Uint8Array): ExtraField[] | undefined {
  const fields: ExtraField[] = []
  let at = 0
  while (at + ExtraFieldHeader.SIZE <= extra.length) {
    const { header_id, data_size } = ExtraFieldHeader.decode(extra, at)
    const start = at + ExtraFieldHeader.SIZE
    if (start + data_size > extra.length) return undefined
    fields.push({ id: header_id, data: extra.subarray(start, start + data_size) })
    at = start + data_size
  }
  return at === extra.length ? fields : undefined
}

/**
 * The name of a Unicode path field that is another than the header's. A name in a code page may have one in UTF-8; some
 * readers take the field (7-Zip, unzip, Python from 3.11 on), others do not know it.
 */
export function renamedBy(fields: readonly ExtraField[], name: Uint8Array, flags: number): string | undefined {
  const isCodePage = (flags & FLAG_UTF8) === 0 && name.some((byte) => byte >= FIRST_NON_ASCII)
  const paths = fields.filter(({ id }) => id === UNICODE_PATH_ID)
  for (const { data } of paths) {
    const path = Buffer.from(data.subarray(UNICODE_PATH_HEAD_BYTES))
    if (path.equals(name)) continue
    const sum = data.length < UNICODE_PATH_HEAD_BYTES ? undefined : Buffer.from(data).readUInt32LE(1)
    const isOnlyPath = paths.length === 1
    if (!isCodePage || !isOnlyPath || sum !== crc32(name)) return path.toString('utf8')
  }
  return undefined
}
