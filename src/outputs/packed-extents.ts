/**
 * Extents of files and fills as they travel to another thread: a few arrays and one text. As objects, the files of a window
 * take almost as long to be copied as to be read.
 */
import type { Extent, SourceFile } from '../image/extent.js'

export interface PackedExtents {
  /** Of the files, in order, one after the other: no path holds a NUL. */
  readonly paths: string
  /** For each extent where it is, its length, and a fill's byte; −1 for a file. */
  readonly places: Float64Array
  /** For each file where its stretch begins, and how long it was. */
  readonly files: Float64Array
  /** For each file when it was modified, or NO_TIME. */
  readonly times: BigInt64Array
  /** For each file its time of change, device and inode, or NaN. */
  readonly identities: Float64Array
}

const SEPARATOR = '\0'
const PLACE_FIELDS = 3
const FILE_FIELDS = 2
const IDENTITY_FIELDS = 3
const NO_FILL = -1
/** No file system has such a time: 292 years before 1970. */
const NO_TIME = -(2n ** 63n)

/** undefined where one of them is neither, or a file whose path is no text. */
export function packExtents(extents: readonly Extent[]): PackedExtents | undefined {
  const paths: string[] = []
  const places = new Float64Array(extents.length * PLACE_FIELDS)
  const files = new Float64Array(extents.length * FILE_FIELDS)
  const times = new BigInt64Array(extents.length)
  const identities = new Float64Array(extents.length * IDENTITY_FIELDS)
  let at = 0
  for (const { offset, length, source } of extents) {
    places[at++] = offset
    places[at++] = length
    places[at++] = source.kind === 'fill' ? source.byte : NO_FILL
    if (source.kind === 'fill') continue
    if (source.kind !== 'file' || typeof source.file.path !== 'string') return undefined
    const index = paths.push(source.file.path) - 1
    files[index * FILE_FIELDS] = source.offset
    files[index * FILE_FIELDS + 1] = source.file.sizeBytes
    times[index] = source.file.mtimeNs ?? NO_TIME
    identities[index * IDENTITY_FIELDS] = source.file.ctimeNs ?? Number.NaN
    identities[index * IDENTITY_FIELDS + 1] = source.file.dev ?? Number.NaN
    identities[index * IDENTITY_FIELDS + 2] = source.file.ino ?? Number.NaN
  }
  return { paths: paths.join(SEPARATOR), places, files, times, identities }
}

/** Stretches of one file that follow one another are of one SourceFile again, which PayloadReader keeps open. */
export function* unpackExtents({ paths, places, files, times, identities }: PackedExtents): Generator<Extent> {
  const names = paths.split(SEPARATOR)
  let index = 0
  let file: SourceFile | undefined
  for (let at = 0; at < places.length; at += PLACE_FIELDS) {
    const offset = places[at]!
    const length = places[at + 1]!
    const byte = places[at + 2]!
    if (byte !== NO_FILL) {
      yield { offset, length, source: { kind: 'fill', byte } }
      continue
    }
    const path = names[index]!
    const sizeBytes = files[index * FILE_FIELDS + 1]!
    const mtimeNs = times[index] === NO_TIME ? undefined : times[index]!
    const ctimeNs = identities[index * IDENTITY_FIELDS]!
    const hasIdentity = !Number.isNaN(ctimeNs)
    const isSame = file?.path === path && file.sizeBytes === sizeBytes && file.mtimeNs === mtimeNs
    if (file === undefined || !isSame || file.ctimeNs !== (hasIdentity ? ctimeNs : undefined)) {
      const dated = mtimeNs === undefined ? { path, sizeBytes } : { path, sizeBytes, mtimeNs }
      const [dev, ino] = [identities[index * IDENTITY_FIELDS + 1]!, identities[index * IDENTITY_FIELDS + 2]!]
      file = hasIdentity ? { ...dated, ctimeNs, dev, ino } : dated
    }
    yield { offset, length, source: { kind: 'file', file, offset: files[index * FILE_FIELDS]! } }
    index++
  }
}
