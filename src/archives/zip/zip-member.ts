/** An entry of a zip in a file, its header and its place known and found consistent. */
import type { EntryRecord } from './encode-records.js'

export interface ZipMember extends EntryRecord {
  readonly name: string
  readonly method: number
  readonly flags: number
  /** Of its central header. */
  readonly centralOffset: number
  /** Where its content begins. */
  readonly contentOffset: number
  /** The type of the mode that a Unix archiver keeps; 0 where there is none. */
  readonly fileType: number
}
