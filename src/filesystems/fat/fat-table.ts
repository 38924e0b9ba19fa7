/** The file allocation table: for each cluster the next one of its chain. Only the used part exists as bytes. [FATGEN §4] */
import { invariant } from '../../errors.js'
import { END_OF_CHAIN, type FatWidth, FIRST_CLUSTER } from './disklayout.js'

const BITS_PER_BYTE = 8

export class FatTable {
  readonly #width: FatWidth
  readonly #entries: number
  readonly #bytes: Uint8Array
  readonly #view: DataView

  /** A table of `usedClusters` clusters, counted from cluster 2, and the two reserved entries. */
  constructor(width: FatWidth, usedClusters: number, media: number) {
    this.#width = width
    this.#entries = FIRST_CLUSTER + usedClusters
    this.#bytes = new Uint8Array(Math.ceil((this.#entries * width) / BITS_PER_BYTE))
    this.#view = new DataView(this.#bytes.buffer)
    // Entry 0: the media descriptor below ones. Entry 1: an end mark, whose top bits say "unmounted cleanly, no
    // read errors".  [FATGEN §4.2]
    this.#set(0, (END_OF_CHAIN[width] & ~0xff) | media)
    this.#set(1, END_OF_CHAIN[width])
  }

  /** Clusters [first, first + count) as one chain. */
  addChain(first: number, count: number): void {
    const last = first + count - 1
    invariant(first >= FIRST_CLUSTER && last < this.#entries, `FAT chain of ${count} clusters at ${first}`)
    for (let cluster = first; cluster < last; cluster++) this.#set(cluster, cluster + 1)
    this.#set(last, END_OF_CHAIN[this.#width])
  }

  /** The table's bytes up to the last used entry; what follows is zeros. */
  bytes(): Uint8Array {
    return this.#bytes
  }

  #set(cluster: number, value: number): void {
    switch (this.#width) {
      case 32:
        this.#view.setUint32(cluster * 4, value, true)
        break
      case 16:
        this.#view.setUint16(cluster * 2, value, true)
        break
      case 12:
        this.#set12(cluster, value)
    }
  }

  /** Two entries share three bytes: the even one has the low twelve bits, the odd one the high twelve. */
  #set12(cluster: number, value: number): void {
    const at = cluster + (cluster >> 1)
    const bytes = this.#bytes
    if (cluster % 2 === 0) {
      bytes[at] = value & 0xff
      bytes[at + 1] = (bytes[at + 1]! & 0xf0) | (value >> 8)
    } else {
      bytes[at] = (bytes[at]! & 0x0f) | ((value & 0x0f) << 4)
      bytes[at + 1] = value >> 4
    }
  }
}
