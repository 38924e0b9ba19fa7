/**
 * A device-tree source with the files that it includes written out at their places, as the preprocessor and dtc see it;
 * only the file itself may be edited. Headers (`.h`) hold macros and no nodes, so they stay out.
 */
import { FormatError } from '../errors.js'
import { type DtsToken, lineOf, tokensOf } from './dts-tokens.js'

/** One file as it was read. The text holds one character per byte (latin1). */
export interface DtsFile {
  /** For messages. */
  readonly name: string
  /** On the host, absolute. */
  readonly path?: string
  readonly text: string
  /** As the directive has it → the file, where it was found. */
  readonly includes: ReadonlyMap<string, DtsFile>
}

interface Segment {
  readonly file: DtsFile
  /** Depth 0 is the file itself. */
  readonly own: boolean
  /** In the whole text. */
  readonly start: number
  readonly end: number
  /** Of `start`, in the file. */
  readonly fileOffset: number
}

/** More is no device tree but files that include one another. */
const MAX_EXPANDED_BYTES = 32 << 20
const HEADER_NAME = /\.h$/

export interface DtsInclude {
  /** As written, without quotes or brackets; undefined where a macro says it. */
  readonly name: string | undefined
  readonly start: number
  readonly end: number
}

/** The includes of a text that may bring nodes, in order. */
export function includesOf(text: string, place: (offset: number) => string): DtsInclude[] {
  const found: DtsInclude[] = []
  let last: DtsToken | undefined
  for (const token of tokensOf(text, place)) {
    if (token.kind === 'directive' && token.text === 'include') {
      const name = /include\s*(?:"([^"\n]+)"|<([^>\n]+)>)/.exec(text.slice(token.start, token.end))
      found.push({ name: name?.[1] ?? name?.[2], start: token.start, end: token.end })
    } else if (token.kind === 'string' && last?.text === '/include/') {
      found.push({ name: token.text.slice(1, -1), start: last.start, end: token.end })
    }
    last = token
  }
  return found.filter(({ name }) => name === undefined || !HEADER_NAME.test(name))
}

export class DtsSource {
  /** With the includes written out. */
  readonly text: string
  readonly #segments: Segment[] = []
  readonly #file: DtsFile

  constructor(file: DtsFile) {
    this.#file = file
    let text = ''
    const take = (
      from: DtsFile,
      content: string,
      { start, end, own }: { start: number; end: number; own: boolean },
    ) => {
      if (end > start) {
        const at = text.length
        text += content.slice(start, end)
        this.#segments.push({ file: from, own, start: at, end: text.length, fileOffset: start })
      }
      if (text.length > MAX_EXPANDED_BYTES) {
        throw new FormatError(
          `Cannot read device tree ${file.name}: with its includes it has more than ${MAX_EXPANDED_BYTES >> 20} MiB`,
        )
      }
    }
    const expand = (from: DtsFile, above: readonly DtsFile[]): void => {
      const own = above.length === 0
      const place = placeIn(from)
      const content = own ? from.text : withoutGuard(from.text, place)
      let done = 0
      for (const { name, start, end } of includesOf(content, place)) {
        const included = name === undefined ? undefined : from.includes.get(name)
        if (included === undefined || included === from || above.includes(included)) continue
        take(from, content, { start: done, end: start, own })
        expand(included, [...above, from])
        done = end
      }
      take(from, content, { start: done, end: content.length, own })
    }
    expand(file, [])
    this.text = text
  }

  /** A source that includes nothing. */
  static ofText(name: string, text: string): DtsSource {
    return new DtsSource({ name, text, includes: new Map() })
  }

  /** The file itself. */
  ownText(): string {
    return this.#file.text
  }

  /** The same with another text for the file itself. */
  withText(text: string): DtsSource {
    return new DtsSource({ ...this.#file, text })
  }

  /** For messages: `board.dts:12:5`. */
  readonly place = (offset: number): string => {
    const { file, start, fileOffset } = this.#segmentAt(offset)
    return placeIn(file)(fileOffset + offset - start)
  }

  /** For messages: `board.dts:12`. */
  line(offset: number): string {
    return this.place(offset).replace(/:\d+$/, '')
  }

  /** Whether the stretch stands in the file itself, in one piece. */
  isOwn(start: number, end: number): boolean {
    const segment = this.#segmentAt(start)
    return segment.own && end <= segment.end
  }

  /** The place in the file itself. */
  ownOffset(offset: number): number {
    const { start, fileOffset } = this.#segmentAt(offset)
    return fileOffset + offset - start
  }

  #segmentAt(offset: number): Segment {
    const segment = this.#segments.find(({ start, end }) => offset >= start && offset < end) ?? this.#segments.at(-1)
    return segment ?? { file: this.#file, own: true, start: 0, end: 0, fileOffset: 0 }
  }
}

function placeIn({ name, text }: DtsFile): (offset: number) => string {
  return (offset) => {
    const lineStart = text.lastIndexOf('\n', offset - 1) + 1
    return `${name}:${lineOf(text, offset)}:${offset - lineStart + 1}`
  }
}

/** `#ifndef NAME`, `#define NAME`, everything, `#endif`: it is always there once. The two lines become blanks. */
function withoutGuard(text: string, place: (offset: number) => string): string {
  const tokens = [...tokensOf(text, place)]
  const [first, second] = tokens
  const last = tokens.at(-1)
  if (first?.text !== 'ifndef' || second?.text !== 'define' || last?.text !== 'endif') return text
  const guard = wordAfter(text, first)
  if (guard === undefined || guard !== wordAfter(text, second)) return text
  let depth = 0
  for (const token of tokens) {
    if (token.kind !== 'directive') continue
    if (token.text.startsWith('if')) depth++
    if (token.text === 'endif' && --depth === 0 && token !== last) return text
    if (depth === 1 && (token.text === 'else' || token.text === 'elif')) return text
  }
  const blank = ({ start, end }: DtsToken): string => text.slice(start, end).replace(/[^\n]/g, ' ')
  return (
    text.slice(0, first.start) + blank(first) + text.slice(first.end, last.start) + blank(last) + text.slice(last.end)
  )
}

function wordAfter(text: string, { start, end }: DtsToken): string | undefined {
  return /^#\s*\w+\s+(\w+)/.exec(text.slice(start, end))?.[1]
}
