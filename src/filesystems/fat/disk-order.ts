/**
 * Which entries and files stand first on the disk. Some boot ROMs look only into the first cluster of the root directory,
 * or read a file that begins at the front of the data area faster or at all (TI AM65x: SPRZ452).
 *
 * A listed path moves itself and the folders above it to the front of their directories, and the data of the file, or of
 * all files under the folder, to the front of the data area: in the order of the list.
 */
import { type ByteString, byteString } from '../../bytes/text.js'

/** Place in the list; Infinity for what is not on it. Lower comes first. */
export type OrderRank = number

const LAST: OrderRank = Number.POSITIVE_INFINITY

/** In one step: a pattern for slashes at the end begins at each of them anew. */
function withoutEndSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

export class DiskOrder {
  /** Rank of the data of a listed path. */
  readonly #listed = new Map<ByteString, OrderRank>()
  /** Rank in its directory: a listed path's, or the best of those below. */
  readonly #leading = new Map<ByteString, OrderRank>()
  readonly #unmet: Set<ByteString>

  /** `paths` as the config has them: text, with or without a leading `/` or `./`. */
  constructor(texts: readonly string[]) {
    const paths = texts.map((text) => byteString(withoutEndSlashes(text.replace(/^(?:\.?\/)+/, ''))))
    this.#unmet = new Set(paths)
    for (const [rank, path] of paths.entries()) {
      if (!this.#listed.has(path)) this.#listed.set(path, rank)
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const lead = path.slice(0, end) as ByteString
        if (!this.#leading.has(lead)) this.#leading.set(lead, rank)
      }
    }
  }

  get rootRank(): OrderRank {
    return LAST
  }

  /** The entries of a directory in the order of the disk. */
  sort<T extends { readonly path: ByteString }>(items: readonly T[], directoryPath: ByteString): readonly T[] {
    if (this.#leading.size === 0 || !(directoryPath === '' || this.#leading.has(directoryPath))) return items
    const lead = ({ path }: T) => this.#leading.get(path) ?? LAST
    return items.toSorted((a, b) => compareRanks(lead(a), lead(b)))
  }

  /** The rank of the data of a file, or of all files under a folder, in a directory of rank `inherited`. */
  rankOf(path: ByteString, inherited: OrderRank): OrderRank {
    // Looking a path up would first put it together from its parts.
    const own = this.#listed.size === 0 ? undefined : this.#listed.get(path)
    if (own === undefined) return inherited
    this.#unmet.delete(path)
    return own
  }

  /** Files in the order of their data; those of equal rank keep their order. */
  byData<T extends { readonly rank: OrderRank }>(files: T[]): T[] {
    return this.#listed.size === 0 ? files : files.sort((a, b) => compareRanks(a.rank, b.rank))
  }

  /** Listed paths that no directory had. */
  unmet(): ByteString[] {
    return [...this.#unmet]
  }
}

/** Infinity − Infinity is no number. */
function compareRanks(a: OrderRank, b: OrderRank): number {
  return a === b ? 0 : a < b ? -1 : 1
}
