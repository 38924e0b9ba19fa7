/**
 * The same change as an overlay, for boards whose loader applies such (Raspberry Pi, U-Boot's fdt apply): its source, and
 * compiled. The compiled form is what dtc makes of the source, byte for byte: one fragment for a node, with the labels that it
 * uses left open for the loader (`__fixups__`). An overlay can only add and change, never delete.
 *
 * Source: [dts] and [overlay-notes].
 */
import { type DtsValue, dtsBytes, dtsText, referencesOf } from '../bytes/dts-value.js'
import { encodeFdt, type FdtTree } from './fdt/fdt-writer.js'

/** What is set of one node. */
export interface OverlayNode {
  /** `&label`, `&{/path}` or `/path`. */
  readonly node: string
  readonly properties: readonly { readonly name: string; readonly value: DtsValue }[]
}

/** One character per byte. */
export function overlaySource(nodes: readonly OverlayNode[]): string {
  const bodies = nodes.map(({ node, properties }) => {
    const lines = properties.map(({ name, value }) =>
      value.length === 0 ? `\t${name};\n` : `\t${name} = ${dtsText(value)};\n`,
    )
    return `\n${bodyReference(node)} {\n${lines.join('')}};\n`
  })
  return `/dts-v1/;\n/plugin/;\n${bodies.join('')}`
}

/** How another body names the node: `&{/path}` for a path. */
export function bodyReference(node: string): string {
  return node.startsWith('/') ? `&{${node}}` : node
}

/** A phandle that the loader fills in. */
const OPEN_PHANDLE = 0xffff_ffff

export function overlayBlob(nodes: readonly OverlayNode[]): Uint8Array {
  /** Label → places that hold its phandle. */
  const fixups = new Map<string, string[]>()
  const open = (reference: string, place: string): void => {
    const label = reference.slice(1)
    fixups.set(label, [...(fixups.get(label) ?? []), place])
  }
  const fragments = nodes.map(({ node, properties }, index): FdtTree => {
    const reference = bodyReference(node)
    const path = reference.startsWith('&{') ? reference.slice(2, -1) : undefined
    if (path === undefined) open(reference, `/fragment@${index}:target:0`)
    const target = path === undefined ? word(OPEN_PHANDLE) : Buffer.from(`${path}\0`, 'latin1')
    for (const { name, value } of properties) {
      for (const cell of referencesOf(value)) {
        open(cell.reference, `/fragment@${index}/__overlay__:${name}:${cell.offset}`)
      }
    }
    const overlay = properties.map(({ name, value }) => ({ name, value: dtsBytes(value, () => OPEN_PHANDLE) }))
    return {
      name: `fragment@${index}`,
      properties: [{ name: path === undefined ? 'target' : 'target-path', value: target }],
      children: [{ name: '__overlay__', properties: overlay, children: [] }],
    }
  })
  const fixupNode: FdtTree = {
    name: '__fixups__',
    properties: [...fixups].map(([name, places]) => ({ name, value: Buffer.from(`${places.join('\0')}\0`, 'latin1') })),
    children: [],
  }
  return encodeFdt({
    name: '',
    properties: [],
    children: [...fragments, ...(fixups.size > 0 ? [fixupNode] : [])],
  })
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
