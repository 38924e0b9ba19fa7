/** Which bodies of a device-tree source speak of one node, by label (`&usb_hs`) or by path (`/soc/usb@40040000`). */
import type { DtsBody, DtsNodeDeletion, DtsNodes } from './dts-nodes.js'

/** The bodies of one node in the order in which dtc merges them: a later one wins. */
export interface DtsNode {
  readonly bodies: readonly DtsBody[]
  /** Set when the node is deleted and does not come back: where. */
  readonly deletedAt?: number
}

/**
 * Reads the source from the top as dtc does: a label means the node that bears it by then, and a deleted node may come
 * back, elsewhere too.
 *
 * Every node has a key: its path from the root (`/soc/usb@40040000`) where the file tells it, else the label through
 * which the file reaches it and the path below (`&usb_hs/port`).
 */
export class DtsNodeIndex {
  readonly #bodies = new Map<string, DtsBody[]>()
  readonly #deletedAt = new Map<string, number>()
  /** Label → key of the node that bears it. */
  readonly #labels = new Map<string, string>()

  readonly #keys = new Map<DtsBody, string>()

  constructor({ bodies, deletions }: DtsNodes) {
    const keys = this.#keys
    const events = [...bodies, ...deletions].sort((a, b) => offsetOf(a) - offsetOf(b))
    for (const event of events) {
      const parent = event.parent && keys.get(event.parent)
      if ('open' in event) {
        const key = this.#keyOf(event.head, parent)
        keys.set(event, key)
        this.#add(key, event)
      } else {
        this.#delete(this.#keyOf(event.target, parent), event.offset)
      }
    }
  }

  /** `reference` is `&label`, `&{/path}` or `/path`. Undefined where no body of the file is that node's. */
  find(reference: string): DtsNode | undefined {
    const key = this.#keyOf(reference, undefined)
    const bodies = this.#bodies.get(key)
    if (bodies !== undefined) return { bodies }
    const deletedAt = this.#deletedAt.get(key)
    return deletedAt === undefined ? undefined : { bodies: [], deletedAt }
  }

  /** The key of the node that a body speaks of: `find` knows it by that. */
  keyOf(body: DtsBody): string {
    return this.#keys.get(body)!
  }

  /** All that `find` would know: labels as `&label`, paths where they are known. */
  references(): string[] {
    return [...new Set([...[...this.#labels.keys()].map((label) => `&${label}`), ...this.#bodies.keys()])]
  }

  #keyOf(reference: string, parent: string | undefined): string {
    if (reference.startsWith('&{')) return reference.slice(2, -1)
    if (reference.startsWith('&')) return this.#labels.get(reference.slice(1)) ?? reference
    if (parent === undefined) return reference
    return parent === '/' ? `/${reference}` : `${parent}/${reference}`
  }

  #add(key: string, body: DtsBody): void {
    for (const label of body.labels) this.#labels.set(label, key)
    const known = this.#bodies.get(key)
    if (known === undefined) this.#bodies.set(key, [body])
    else known.push(body)
  }

  /** With everything below it. The labels go on naming the deleted node until another one bears them. */
  #delete(deleted: string, offset: number): void {
    for (const key of this.#bodies.keys()) {
      if (key !== deleted && !key.startsWith(`${deleted}/`)) continue
      this.#bodies.delete(key)
      this.#deletedAt.set(key, offset)
    }
  }
}

function offsetOf(event: DtsBody | DtsNodeDeletion): number {
  return 'open' in event ? event.open : event.offset
}
