/** Which bodies of a device-tree source speak of one node, by label (`&usb_hs`) or by path (`/soc/usb@40040000`). */
import type { DtsBody, DtsNodes } from './dts-nodes.js'

/** The bodies of one node in the order in which dtc merges them: a later one wins. */
export interface DtsNode {
  readonly bodies: readonly DtsBody[]
  /** Set when the node is deleted and does not come back: where. */
  readonly deletedAt?: number
}

/**
 * Every node has a key: its path from the root (`/soc/usb@40040000`) where the file tells it, else the label through
 * which the file reaches it and the path below (`&usb_hs/port`).
 */
export class DtsNodeIndex {
  readonly #nodes: DtsNodes
  readonly #labels = new Map<string, DtsBody>()
  readonly #keys = new Map<DtsBody, string>()

  constructor(nodes: DtsNodes) {
    this.#nodes = nodes
    for (const body of nodes.bodies) {
      for (const label of body.labels) if (!this.#labels.has(label)) this.#labels.set(label, body)
    }
    // A second pass: a label may be given after the first use of another label of the same node.
    for (const body of nodes.bodies) this.#keys.set(body, this.#keyOfBody(body, new Set()))
  }

  /** `reference` is `&label`, `&{/path}` or `/path`. Undefined where no body of the file is that node's. */
  find(reference: string): DtsNode | undefined {
    const key = this.#keyOfReference(reference, new Set())
    const bodies = this.#nodes.bodies.filter((body) => this.#keys.get(body) === key)
    if (bodies.length === 0) return undefined
    const deletedAt = this.#nodes.deletions.findLast((deletion) => {
      const target =
        deletion.parent === undefined
          ? this.#keyOfReference(deletion.target, new Set())
          : join(this.#keys.get(deletion.parent)!, deletion.target)
      return target === key || key.startsWith(`${target}/`)
    })?.offset
    if (deletedAt === undefined) return { bodies }
    const alive = bodies.filter((body) => body.headStart > deletedAt)
    return alive.length > 0 ? { bodies: alive } : { bodies: [], deletedAt }
  }

  /** All that `find` would know: labels as `&label`, paths where they are known. */
  references(): string[] {
    const labels = [...this.#labels.keys()].map((label) => `&${label}`)
    return [...new Set([...labels, ...this.#keys.values()])]
  }

  #keyOfBody(body: DtsBody, seen: Set<string>): string {
    const known = this.#keys.get(body)
    if (known !== undefined) return known
    if (body.head.startsWith('&')) return this.#keyOfReference(body.head, seen)
    if (body.parent === undefined) return body.head
    return join(this.#keyOfBody(body.parent, seen), body.head)
  }

  #keyOfReference(reference: string, seen: Set<string>): string {
    if (reference.startsWith('&{')) return reference.slice(2, -1)
    if (!reference.startsWith('&')) return reference
    const labelled = this.#labels.get(reference.slice(1))
    // `a: &a { }` names itself.
    if (labelled === undefined || seen.has(reference)) return reference
    return this.#keyOfBody(labelled, seen.add(reference))
  }
}

function join(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}
