/** The first field in which a record of an archive is not as this program writes it. */
import type { FieldFinding } from '../../bytes/field-error.js'
import type { RecordLayout } from './encode-records.js'

/** What a message says of a record besides its fields. */
export interface RecordPlace {
  readonly structure: string
  /** In the archive. */
  readonly offset: number
}

/** What follows the fixed part of a header. */
const VARIABLE_PART = 'the file name, extra field or comment'
/** A longer value is shown by its first bytes. */
const SHOWN_BYTES = 24

/**
 * Compares `found` with `expected`, which are a record of `layout` and what may follow it, and gives the first field that
 * differs, with both values. The two may have different lengths. Gives undefined where they are equal.
 */
export function differingField(
  layout: RecordLayout,
  { found, expected }: { readonly found: Uint8Array; readonly expected: Uint8Array },
  place: RecordPlace,
): FieldFinding | undefined {
  if (Buffer.compare(found, expected) === 0) return undefined
  for (const [field, [at, size]] of Object.entries(layout.FIELDS)) {
    const has = found.subarray(at, at + size)
    const wanted = expected.subarray(at, at + size)
    if (Buffer.compare(has, wanted) !== 0) {
      return { ...place, field, found: numberText(has), expected: numberText(wanted) }
    }
  }
  const has = found.subarray(layout.SIZE)
  const wanted = expected.subarray(layout.SIZE)
  return { ...place, field: VARIABLE_PART, found: bytesText(has), expected: bytesText(wanted) }
}

/** Little-endian, as all numbers of a zip are. */
function numberText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).reverse().toString('hex')
  return `${BigInt(`0x${hex === '' ? '0' : hex}`)} (0x${hex})`
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing'
  const hex = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex')
  return `${bytes.length} bytes (0x${hex}${bytes.length > SHOWN_BYTES ? '…' : ''})`
}
