/**
 * A flattened device tree with the places of its nodes and properties in the structure block, so that it can be edited
 * without being printed anew. Strict: every offset and length is bounded, and what is wrong is named.
 */
import { alignUp } from '../../bytes/align.js'
import { u32be } from '../../bytes/struct.js'
import { FormatError } from '../../errors.js'
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_NOP,
  FDT_PROP,
  FDT_VERSION,
  FdtHeader,
  FdtProp,
  FdtReserveEntry,
  RESERVE_ALIGNMENT,
  TOKEN_BYTES,
} from './disklayout.js'

export interface FdtProperty {
  readonly name: string
  readonly value: Uint8Array
  /** In the structure block, token and padding included. */
  readonly start: number
  readonly end: number
}

export interface FdtNode {
  /** `/soc/usb@1`; `/` for the root. */
  readonly path: string
  readonly properties: FdtProperty[]
  readonly children: FdtNode[]
  /** In the structure block: where another property would stand. */
  propertiesEnd: number
}

export interface Fdt {
  readonly header: FdtHeader
  /** With the pair of zeros. */
  readonly reserved: Uint8Array
  readonly struct: Uint8Array
  readonly strings: Uint8Array
  /** Behind the last block: room for a boot loader. */
  readonly spareBytes: number
  readonly root: FdtNode
}

/** No tree of a board comes near; a corrupt one is not followed further. */
const MAX_DEPTH = 64
/** As far as a name may go. [dts] §2.2.1: 31 and the unit address; longer ones are met. */
const MAX_NAME_BYTES = 255

export function isFdt(bytes: Uint8Array): boolean {
  return bytes.length >= TOKEN_BYTES && readU32(bytes, 0) === FDT_MAGIC
}

/** Throws FormatError with the field, its place, and what is expected. O(n); the blocks are views of `bytes`. */
export function readFdt(bytes: Uint8Array): Fdt {
  if (bytes.length < FdtHeader.SIZE) {
    refuse('header', 0, `${bytes.length} bytes, expected are at least ${FdtHeader.SIZE}`)
  }
  const header = FdtHeader.decode(bytes)
  checkHeader(header, bytes.length)
  const reserved = reservedMemory(bytes, header)
  const struct = bytes.subarray(header.off_dt_struct, header.off_dt_struct + header.size_dt_struct)
  const strings = bytes.subarray(header.off_dt_strings, header.off_dt_strings + header.size_dt_strings)
  const end = Math.max(
    header.off_dt_struct + struct.length,
    header.off_dt_strings + strings.length,
    header.off_mem_rsvmap + reserved.length,
  )
  const root = new StructureReader(struct, strings, header.off_dt_struct).read()
  return { header, reserved, struct, strings, spareBytes: header.totalsize - end, root }
}

/** The node at `path`, each name with its unit address. */
export function findFdtNode({ root }: Fdt, path: string): FdtNode | undefined {
  return [...fdtNodes(root)].find((node) => node.path === path)
}

/** Parents before children. */
export function* fdtNodes(node: FdtNode): Generator<FdtNode> {
  yield node
  for (const child of node.children) yield* fdtNodes(child)
}

function refuse(field: string, offset: number, found: string): never {
  throw new FormatError(`Cannot read flattened device tree at byte ${offset}: ${field} is ${found}`, {
    details: { structure: 'fdt', field, offset },
  })
}

function checkHeader(header: FdtHeader, length: number): void {
  const check = (field: keyof FdtHeader, good: boolean, expected: string): void => {
    if (good) return
    const value = header[field]
    const found = field === 'magic' ? `0x${value.toString(16).padStart(8, '0')}` : value
    refuse(field, FdtHeader.FIELDS[field]![0], `${found}, expected is ${expected}`)
  }
  check('magic', header.magic === FDT_MAGIC, `0x${FDT_MAGIC.toString(16)}`)
  check('version', header.version >= FDT_VERSION, `${FDT_VERSION} or later`)
  check('last_comp_version', header.last_comp_version <= FDT_VERSION, `at most ${FDT_VERSION}`)
  check(
    'last_comp_version',
    header.last_comp_version >= FDT_LAST_COMPATIBLE_VERSION,
    `at least ${FDT_LAST_COMPATIBLE_VERSION}`,
  )
  check(
    'totalsize',
    header.totalsize >= FdtHeader.SIZE && header.totalsize <= length,
    `${FdtHeader.SIZE} to the file's ${length} bytes`,
  )
  const within = (offset: number, size: number): boolean =>
    offset >= FdtHeader.SIZE && offset + size <= header.totalsize
  const inside = `inside of ${header.totalsize} bytes`
  check(
    'off_dt_struct',
    within(header.off_dt_struct, TOKEN_BYTES) && header.off_dt_struct % TOKEN_BYTES === 0,
    `a multiple of 4 ${inside}`,
  )
  check('size_dt_struct', within(header.off_dt_struct, header.size_dt_struct), inside)
  check('off_dt_strings', within(header.off_dt_strings, 0), inside)
  check('size_dt_strings', within(header.off_dt_strings, header.size_dt_strings), inside)
  const { off_mem_rsvmap: reserved } = header
  check(
    'off_mem_rsvmap',
    within(reserved, FdtReserveEntry.SIZE) && reserved % RESERVE_ALIGNMENT === 0,
    `a multiple of 8 ${inside}`,
  )
  const blocks = [
    { field: 'off_dt_struct', start: header.off_dt_struct, end: header.off_dt_struct + header.size_dt_struct },
    { field: 'off_dt_strings', start: header.off_dt_strings, end: header.off_dt_strings + header.size_dt_strings },
    { field: 'off_mem_rsvmap', start: reserved, end: reserved + FdtReserveEntry.SIZE },
  ] as const
  for (const a of blocks) {
    for (const b of blocks) {
      check(a.field, a === b || a.end <= b.start || b.end <= a.start, `outside of the block at ${b.start}`)
    }
  }
}

/** Up to the pair of zeros, which must come before the block that follows. */
function reservedMemory(bytes: Uint8Array, header: FdtHeader): Uint8Array {
  const start = header.off_mem_rsvmap
  const later = [header.off_dt_struct, header.off_dt_strings, header.totalsize].filter((offset) => offset > start)
  for (let at = start; at + FdtReserveEntry.SIZE <= Math.min(...later); at += FdtReserveEntry.SIZE) {
    const { address, size } = FdtReserveEntry.decode(bytes, at)
    if ([...address, ...size].every((byte) => byte === 0)) return bytes.subarray(start, at + FdtReserveEntry.SIZE)
  }
  refuse('off_mem_rsvmap', start, 'the place of a list without its pair of zeros')
}

class StructureReader {
  readonly #struct: Uint8Array
  readonly #strings: Uint8Array
  /** Of the block in the file, for messages. */
  readonly #base: number
  #at = 0

  constructor(struct: Uint8Array, strings: Uint8Array, base: number) {
    this.#struct = struct
    this.#strings = strings
    this.#base = base
  }

  read(): FdtNode {
    const open: FdtNode[] = []
    let root: FdtNode | undefined
    for (;;) {
      const start = this.#at
      const token = this.#take(TOKEN_BYTES, 'token', (at) => readU32(this.#struct, at))
      const parent = open.at(-1)
      switch (token) {
        case FDT_NOP:
          break
        case FDT_BEGIN_NODE: {
          const name = this.#nodeName()
          if (open.length === MAX_DEPTH) this.#refuse('FDT_BEGIN_NODE', start, `below ${MAX_DEPTH} others`)
          if (parent === undefined && root !== undefined) this.#refuse('FDT_BEGIN_NODE', start, 'a second root')
          const path = parent === undefined ? '/' : `${parent.path === '/' ? '' : parent.path}/${name}`
          const node = { path, properties: [], children: [], propertiesEnd: this.#at }
          if (parent === undefined) root = node
          else parent.children.push(node)
          open.push(node)
          break
        }
        case FDT_PROP:
          if (parent === undefined) this.#refuse('FDT_PROP', start, 'outside of every node')
          if (parent.children.length > 0) this.#refuse('FDT_PROP', start, `behind a child of ${parent.path}`)
          parent.properties.push(this.#property(start))
          parent.propertiesEnd = this.#at
          break
        case FDT_END_NODE:
          if (open.pop() === undefined) this.#refuse('FDT_END_NODE', start, 'outside of every node')
          break
        case FDT_END:
          if (parent !== undefined) this.#refuse('FDT_END', start, `inside of ${parent.path}`)
          if (root === undefined) this.#refuse('FDT_END', start, 'before the root')
          return root
        default:
          this.#refuse('token', start, `${token}, expected are 1, 2, 3, 4 and 9`)
      }
    }
  }

  #property(start: number): FdtProperty {
    const { len, nameoff } = this.#take(FdtProp.SIZE, 'fdt_prop', (at) => FdtProp.decode(this.#struct, at))
    const nameEnd = this.#strings.indexOf(0, nameoff)
    if (nameoff >= this.#strings.length || nameEnd < 0 || nameEnd - nameoff > MAX_NAME_BYTES) {
      this.#refuse('nameoff', start, `${nameoff}, expected is the place of a name in the strings block`)
    }
    const name = Buffer.from(this.#strings.subarray(nameoff, nameEnd)).toString('latin1')
    if (!/^[\x21-\x7e]+$/.test(name))
      this.#refuse('nameoff', start, `the place of ${JSON.stringify(name)}, which is no name`)
    const value = this.#take(alignUp(len, TOKEN_BYTES), 'len', (at) => this.#struct.subarray(at, at + len))
    return { name, value, start, end: this.#at }
  }

  #nodeName(): string {
    const start = this.#at
    const end = this.#struct.indexOf(0, start)
    if (end < 0 || end - start > MAX_NAME_BYTES) this.#refuse('node name', start, 'without an end')
    this.#take(alignUp(end + 1 - start, TOKEN_BYTES), 'node name', () => undefined)
    const name = Buffer.from(this.#struct.subarray(start, end)).toString('latin1')
    if (!/^[\x21-\x2e\x30-\x7e]*$/.test(name))
      this.#refuse('node name', start, `${JSON.stringify(name)}, which is no name`)
    return name
  }

  #take<T>(size: number, field: string, read: (at: number) => T): T {
    if (this.#at + size > this.#struct.length) {
      this.#refuse(field, this.#at, `${size} bytes beyond the end of the structure block`)
    }
    const value = read(this.#at)
    this.#at += size
    return value
  }

  #refuse(field: string, at: number, found: string): never {
    refuse(field, this.#base + at, found)
  }
}

function readU32(bytes: Uint8Array, offset: number): number {
  return u32be.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset)
}
