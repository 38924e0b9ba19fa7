/** What the checker knows of each inode in use, in pages of one group that are made when an inode there is in use. */
import type { VolumeShape } from './volume-shape.js'

interface Page {
  /** 0 for an inode that is not in use, else 1 + the upper four bits of i_mode. */
  readonly kinds: Uint8Array
  readonly links: Uint16Array
  /** Names that lead to the inode: entries, and `..` of the directories in it; of attributes' values the attributes. */
  readonly names: Uint32Array
}

const TYPE_SHIFT = 12

export class InodeCensus {
  readonly #shape: VolumeShape
  readonly #pages = new Map<number, Page>()

  constructor(shape: VolumeShape) {
    this.#shape = shape
  }

  add(number: number, type: number, links: number): void {
    const { page, index } = this.#place(number, true)!
    page.kinds[index] = 1 + (type >>> TYPE_SHIFT)
    page.links[index] = links
  }

  /** S_IFREG and the like (0 where it has none), or undefined for an inode that is not in use. */
  typeOf(number: number): number | undefined {
    const place = this.#place(number, false)
    const kind = place?.page.kinds[place.index] ?? 0
    return kind === 0 ? undefined : (kind - 1) << TYPE_SHIFT
  }

  addName(number: number): void {
    const place = this.#place(number, false)
    if (place !== undefined) place.page.names[place.index]!++
  }

  names(number: number): number {
    const place = this.#place(number, false)
    return place?.page.names[place.index] ?? 0
  }

  /** One byte for each inode of the group, not 0 for one in use; undefined for none. */
  usedIn(group: number): Uint8Array | undefined {
    return this.#pages.get(group)?.kinds
  }

  /** Every inode in use: number, type, links, names, in the order of numbers. */
  *all(): Generator<{ number: number; type: number; links: number; names: number }> {
    for (const group of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const { kinds, links, names } = this.#pages.get(group)!
      for (let index = 0; index < kinds.length; index++) {
        if (kinds[index] === 0) continue
        const number = group * this.#shape.inodesPerGroup + index + 1
        yield { number, type: (kinds[index]! - 1) << TYPE_SHIFT, links: links[index]!, names: names[index]! }
      }
    }
  }

  #place(number: number, make: boolean): { page: Page; index: number } | undefined {
    const { inodesPerGroup } = this.#shape
    const group = Math.floor((number - 1) / inodesPerGroup)
    let page = this.#pages.get(group)
    if (page === undefined) {
      if (!make) return undefined
      page = {
        kinds: new Uint8Array(inodesPerGroup),
        links: new Uint16Array(inodesPerGroup),
        names: new Uint32Array(inodesPerGroup),
      }
      this.#pages.set(group, page)
    }
    return { page, index: (number - 1) % inodesPerGroup }
  }
}
