/**
 * Sets or removes a property of a node in a compiled device tree. An editor like the one of sources: the structure block is
 * spliced, so everything else keeps its bytes and its order, and an edit that changes nothing gives the same file.
 */
import { concatBytes } from '../../bytes/concat.js'
import { type DtsValue, dtsBytes } from '../../bytes/dts-value.js'
import { ConfigError, FormatError } from '../../errors.js'
import { nearestNames } from '../nearest-names.js'
import { type Fdt, type FdtNode, fdtNodes, findFdtNode, readFdt } from './fdt-reader.js'
import { FdtStrings, joinFdt, propertyTokens } from './fdt-writer.js'

export interface FdtPropertyOptions {
  /** Of the file, for messages. */
  readonly name: string
  /** `/path`, `&{/path}`, or `&label` where the tree was compiled with its labels (`dtc -@`). */
  readonly node: string
  readonly property: string
  /** Undefined: the node shall not have it. */
  readonly value: DtsValue | undefined
}

/** `bytes` themselves where it is so already. Throws ConfigError for an unknown node, FormatError as `readFdt`. */
export function setFdtProperty(bytes: Uint8Array, options: FdtPropertyOptions): Uint8Array {
  const fdt = readFdt(bytes)
  const node = nodeOf(fdt, options)
  const old = node.properties.find(({ name }) => name === options.property)
  const wanted =
    options.value && dtsBytes(options.value, (reference) => phandleOf(fdt, { ...options, node: reference }))
  if (wanted === undefined ? old === undefined : old !== undefined && Buffer.compare(old.value, wanted) === 0) {
    return bytes
  }
  const strings = new FdtStrings(fdt.strings)
  const start = old?.start ?? node.propertiesEnd
  const end = old?.end ?? node.propertiesEnd
  return joinFdt({
    reserved: fdt.reserved,
    struct: concatBytes([
      fdt.struct.subarray(0, start),
      ...(wanted === undefined ? [] : [propertyTokens({ name: options.property, value: wanted }, strings)]),
      fdt.struct.subarray(end),
    ]),
    strings: strings.block(),
    bootCpu: fdt.header.boot_cpuid_phys,
    spareBytes: fdt.spareBytes,
  })
}

/** The value of a property, or undefined where the node has none. Throws as `setFdtProperty`. */
export function fdtProperty(
  bytes: Uint8Array,
  { property, ...where }: Omit<FdtPropertyOptions, 'value'>,
): Uint8Array | undefined {
  return nodeOf(readFdt(bytes), where).properties.find(({ name }) => name === property)?.value
}

function nodeOf(fdt: Fdt, { name, node }: Pick<FdtPropertyOptions, 'name' | 'node'>): FdtNode {
  const path = pathOf(fdt, node)
  const found = path === undefined ? undefined : findFdtNode(fdt, path)
  if (found !== undefined) return found
  const labels = labelsOf(fdt)
  const isLabel = node.startsWith('&') && !node.startsWith('&{')
  if (isLabel && labels.size === 0) {
    throw new ConfigError(
      `Cannot use node ${node} of ${name}: the compiled tree has no labels, a path (/soc/usb@0) is expected`,
      { hint: 'dtc -@ keeps labels' },
    )
  }
  const known = isLabel
    ? [...labels.keys()].map((label) => `&${label}`)
    : [...fdtNodes(fdt.root)].map((each) => each.path)
  const near = nearestNames(node, known)
  throw new ConfigError(
    `Cannot use node ${node} of ${name}: the device tree has no such node, a label (&name) or a path (/soc/usb@0) of it is expected`,
    near.length > 0 ? { hint: `Did you mean ${near.join(', ')}?` } : {},
  )
}

function pathOf(fdt: Fdt, node: string): string | undefined {
  if (node.startsWith('&{')) return node.slice(2, -1)
  return node.startsWith('&') ? labelsOf(fdt).get(node.slice(1)) : node
}

/** Label → path, where dtc was asked to keep them. */
function labelsOf(fdt: Fdt): ReadonlyMap<string, string> {
  const symbols = findFdtNode(fdt, '/__symbols__')?.properties ?? []
  return new Map(symbols.map(({ name, value }) => [name, Buffer.from(value).toString('latin1').replace(/\0$/, '')]))
}

const PHANDLE_BYTES = 4

function phandleOf(fdt: Fdt, where: Pick<FdtPropertyOptions, 'name' | 'node'>): number {
  const node = nodeOf(fdt, where)
  const value = node.properties.find(({ name }) => name === 'phandle' || name === 'linux,phandle')?.value
  if (value?.length === PHANDLE_BYTES) return Buffer.from(value).readUInt32BE()
  throw new FormatError(
    `Cannot refer to node ${where.node} of ${where.name}: the compiled node has no phandle, since nothing refers to it yet`,
    { hint: 'Set the property in the source instead' },
  )
}
