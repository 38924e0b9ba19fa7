/** Flattened device trees: blocks put together as dtc does, and a whole tree made from a value. */
import { alignUp } from '../../bytes/align.js'
import { concatBytes } from '../../bytes/concat.js'
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_PROP,
  FDT_VERSION,
  FdtHeader,
  FdtProp,
  FdtReserveEntry,
  RESERVE_ALIGNMENT,
  TOKEN_BYTES,
} from './disklayout.js'

/** A tree to be written. */
export interface FdtTree {
  /** Empty for the root. */
  readonly name: string
  readonly properties: readonly { readonly name: string; readonly value: Uint8Array }[]
  readonly children: readonly FdtTree[]
}

export interface FdtBlocks {
  readonly reserved: Uint8Array
  readonly struct: Uint8Array
  readonly strings: Uint8Array
  readonly bootCpu: number
  /** Zeros behind the last block, for a boot loader to grow into. */
  readonly spareBytes: number
}

/** The names of properties, each once, in the order of their first use. */
export class FdtStrings {
  #block: Buffer

  constructor(block: Uint8Array = new Uint8Array()) {
    this.#block = Buffer.from(block)
  }

  /** The place of a name, which is added where it is missing. The end of a longer name does too, as in libfdt. */
  offsetOf(name: string): number {
    const bytes = Buffer.from(`${name}\0`, 'latin1')
    const found = this.#block.indexOf(bytes)
    if (found >= 0) return found
    const offset = this.#block.length
    this.#block = Buffer.concat([this.#block, bytes])
    return offset
  }

  block(): Uint8Array {
    return this.#block
  }
}

/** Header, reserved memory, structure, strings: the order that libfdt asks of a tree that it may edit. */
export function joinFdt({ reserved, struct, strings, bootCpu, spareBytes }: FdtBlocks): Uint8Array {
  const off_mem_rsvmap = alignUp(FdtHeader.SIZE, RESERVE_ALIGNMENT)
  const off_dt_struct = off_mem_rsvmap + reserved.length
  const off_dt_strings = off_dt_struct + struct.length
  const header = FdtHeader.encode({
    magic: FDT_MAGIC,
    totalsize: off_dt_strings + strings.length + spareBytes,
    off_dt_struct,
    off_dt_strings,
    off_mem_rsvmap,
    version: FDT_VERSION,
    last_comp_version: FDT_LAST_COMPATIBLE_VERSION,
    boot_cpuid_phys: bootCpu,
    size_dt_strings: strings.length,
    size_dt_struct: struct.length,
  })
  return concatBytes([header, reserved, struct, strings, new Uint8Array(spareBytes)])
}

export function encodeFdt(root: FdtTree): Uint8Array {
  const strings = new FdtStrings()
  const struct = concatBytes([...nodeTokens(root, strings), word(FDT_END)])
  const reserved = FdtReserveEntry.encode({ address: new Uint8Array(8), size: new Uint8Array(8) })
  return joinFdt({ reserved, struct, strings: strings.block(), bootCpu: 0, spareBytes: 0 })
}

function* nodeTokens({ name, properties, children }: FdtTree, strings: FdtStrings): Generator<Uint8Array> {
  yield word(FDT_BEGIN_NODE)
  yield padded(Buffer.from(`${name}\0`, 'latin1'))
  for (const property of properties) yield propertyTokens(property, strings)
  for (const child of children) yield* nodeTokens(child, strings)
  yield word(FDT_END_NODE)
}

/** A property as it stands in the structure block. */
export function propertyTokens({ name, value }: FdtTree['properties'][number], strings: FdtStrings): Uint8Array {
  const prop = FdtProp.encode({ len: value.length, nameoff: strings.offsetOf(name) })
  return concatBytes([word(FDT_PROP), prop, padded(value)])
}

function word(token: number): Uint8Array {
  const bytes = new Uint8Array(TOKEN_BYTES)
  new DataView(bytes.buffer).setUint32(0, token)
  return bytes
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(alignUp(bytes.length, TOKEN_BYTES))
  whole.set(bytes)
  return whole
}
