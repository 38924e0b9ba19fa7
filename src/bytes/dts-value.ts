/**
 * Values of device-tree properties ([dts] §2.2.4 and chapter 6.3): how they are written in a source, and the bytes that
 * they become. A value is pieces laid end to end; no piece at all is a boolean property, which is there or not.
 */

export type CellBits = 8 | 16 | 32 | 64

/** A number, or the phandle of another node: `&label`, `&{/path}`. */
export type DtsCell = bigint | { readonly reference: string }

export type DtsPiece =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'cells'; readonly bits: CellBits; readonly cells: readonly DtsCell[] }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

export type DtsValue = readonly DtsPiece[]

const DEFAULT_BITS = 32

/** As a source has it, without `=` and `;`. Empty for a boolean. Characters above ASCII stand as the bytes of UTF-8. */
export function dtsText(value: DtsValue): string {
  return value.map(pieceText).join(', ')
}

function pieceText(piece: DtsPiece): string {
  switch (piece.kind) {
    case 'string':
      return `"${Buffer.from(piece.text, 'utf8').toString('latin1').replace(/["\\]/g, '\\$&')}"`
    case 'bytes':
      return `[${[...piece.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}]`
    case 'cells': {
      const cells = piece.cells.map((cell) => (typeof cell === 'bigint' ? numberText(cell) : cell.reference))
      return `${piece.bits === DEFAULT_BITS ? '' : `/bits/ ${piece.bits} `}<${cells.join(' ')}>`
    }
  }
}

/** Decimal as long as people count so. */
function numberText(value: bigint): string {
  return value < 1024n ? String(value) : `0x${value.toString(16)}`
}

const BLANK = /\s*/y
const STRING = /"((?:[^"\\]|\\[\s\S])*)"/y
const CELLS = /(?:\/bits\/\s*(8|16|32|64)\s*)?<([^<>]*)>/y
const BYTES = /\[\s*((?:[0-9a-fA-F]{2}\s*)*)\]/y
const CELL = /&\{[^}\s]*\}|[^\s]+/g
const REFERENCE = /^&(?:\w+|\{\/[^}\s]*\})$/
const NUMBER = /^(?:0|[1-9]\d*|0x[0-9a-fA-F]+)$/
const ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))/g
const ESCAPED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', t: '\t', n: '\n', v: '\v', f: '\f', r: '\r' }

/**
 * The value that a source's text (one character per byte) stands for, or undefined where that takes more than the text: a
 * macro, an expression, a comment, a path by reference, or a number that its cell cannot hold.
 */
export function parseDtsValue(text: string): DtsValue | undefined {
  const pieces: DtsPiece[] = []
  let at = skipBlank(text, 0)
  while (at < text.length) {
    if (pieces.length > 0) {
      if (text[at] !== ',') return undefined
      at = skipBlank(text, at + 1)
    }
    const read = pieceAt(text, at)
    if (read === undefined) return undefined
    pieces.push(read.piece)
    at = skipBlank(text, read.end)
  }
  return pieces
}

function pieceAt(text: string, at: number): { piece: DtsPiece; end: number } | undefined {
  const string = matchAt(STRING, text, at)
  if (string !== undefined) {
    const raw = string[1]!.replace(ESCAPE, (_, hex?: string, octal?: string, char?: string) => {
      const code = hex === undefined ? octal && Number.parseInt(octal, 8) & 0xff : Number.parseInt(hex, 16)
      return typeof code === 'number' ? String.fromCharCode(code) : (ESCAPED[char!] ?? char!)
    })
    return { piece: { kind: 'string', text: Buffer.from(raw, 'latin1').toString('utf8') }, end: at + string[0].length }
  }
  const bytes = matchAt(BYTES, text, at)
  if (bytes !== undefined) {
    const piece = { kind: 'bytes', bytes: Buffer.from(bytes[1]!.replace(/\s/g, ''), 'hex') } as const
    return { piece, end: at + bytes[0].length }
  }
  const match = matchAt(CELLS, text, at)
  if (match === undefined) return undefined
  const bits = (match[1] === undefined ? DEFAULT_BITS : Number(match[1])) as CellBits
  const cells: DtsCell[] = []
  for (const [cell] of match[2]!.matchAll(CELL)) {
    if (REFERENCE.test(cell) && bits === DEFAULT_BITS) cells.push({ reference: cell })
    else if (NUMBER.test(cell) && BigInt(cell) < 1n << BigInt(bits)) cells.push(BigInt(cell))
    else return undefined
  }
  return { piece: { kind: 'cells', bits, cells }, end: at + match[0].length }
}

function skipBlank(text: string, at: number): number {
  return at + matchAt(BLANK, text, at)![0].length
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

/** The bytes of a compiled tree. `phandleOf`: the number of the node that a cell refers to. */
export function dtsBytes(value: DtsValue, phandleOf: (reference: string) => number): Uint8Array {
  return Buffer.concat(
    value.map((piece) => {
      if (piece.kind === 'string') return Buffer.from(`${piece.text}\0`, 'utf8')
      if (piece.kind === 'bytes') return piece.bytes
      const size = piece.bits / 8
      return Buffer.concat(
        piece.cells.map((cell) => {
          const number = typeof cell === 'bigint' ? cell : BigInt(phandleOf(cell.reference))
          return Buffer.from(number.toString(16).padStart(2 * size, '0'), 'hex')
        }),
      )
    }),
  )
}

/** Whether two values become the same bytes in every tree. */
export function sameDtsValue(a: DtsValue, b: DtsValue): boolean {
  return normalForm(a) === normalForm(b)
}

/** References cannot be compared by their bytes, so they stand by name between the bytes around them. */
function normalForm(value: DtsValue): string {
  return value
    .flatMap((piece) => {
      if (piece.kind !== 'cells') return [Buffer.from(dtsBytes([piece], () => 0)).toString('hex')]
      return piece.cells.map((cell) =>
        typeof cell === 'bigint' ? cell.toString(16).padStart(piece.bits / 4, '0') : `(${cell.reference})`,
      )
    })
    .join('')
}

/** The cells of a value that refer to other nodes, with their byte offset in it. */
export function referencesOf(value: DtsValue): { readonly reference: string; readonly offset: number }[] {
  const found: { reference: string; offset: number }[] = []
  let offset = 0
  for (const piece of value) {
    if (piece.kind === 'cells') {
      piece.cells.forEach((cell, index) => {
        if (typeof cell !== 'bigint')
          found.push({ reference: cell.reference, offset: offset + (index * piece.bits) / 8 })
      })
    }
    offset += dtsBytes([piece], () => 0).length
  }
  return found
}
