/** Names for bytes: which field of which structure a byte of a disk or a volume belongs to. */
import type { Struct } from '../bytes/struct.js'

/** A stretch with a name; places are bytes, [start, end). */
export interface Place {
  /** For people: `primary GPT, header, MyLBA`. */
  readonly what: string
  readonly start: number
  readonly end: number
  /** Where byte 0 of the named thing would lie; for a file, whose bytes people count from its own start. */
  readonly countsFrom?: number
}

/**
 * Returns the field of a record at `start` that holds `offset`; after the last field, the record's name alone and one
 * byte.
 */
export function fieldAt(record: Pick<Struct<unknown>, 'FIELDS'>, start: number, offset: number, name: string): Place {
  for (const [field, [at, size]] of Object.entries(record.FIELDS)) {
    if (offset >= start + at && offset < start + at + size) {
      return { what: `${name}, ${field.replace(/^_/, '')}`, start: start + at, end: start + at + size }
    }
  }
  return { what: name, start: offset, end: offset + 1 }
}
