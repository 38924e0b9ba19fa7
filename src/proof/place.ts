import type { Struct } from '../bytes/struct.js'

/** A stretch with a name; places are bytes, [start, end). */
export interface Place {
  /** For people: `primary GPT, header, MyLBA`. */
  readonly what: string
  readonly start: number
  readonly end: number
  /** Where byte 0 of what is named would stand, where that is of use: for a file. */
  readonly countsFrom?: number
}

/** Reads what stands, as it should be, at a place of the disk or of a volume. */
export type ReadExpected = (offset: number, length: number) => Uint8Array

/** The field of a record at `start` that holds `offset`; the record's name alone where it is behind the last. */
export function fieldAt(record: Pick<Struct<unknown>, 'FIELDS'>, start: number, offset: number, name: string): Place {
  for (const [field, [at, size]] of Object.entries(record.FIELDS)) {
    if (offset >= start + at && offset < start + at + size) {
      return { what: `${name}, ${field.replace(/^_/, '')}`, start: start + at, end: start + at + size }
    }
  }
  return { what: name, start: offset, end: offset + 1 }
}
