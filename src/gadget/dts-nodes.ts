/**
 * The nodes of a device-tree source as they stand in the text: one body for each pair of braces, with the places of the
 * properties that it sets and deletes. Several bodies may speak of one node (`usb_hs: usb@40040000 { … }` in one place,
 * `&usb_hs { … }` in another); dts-node-index.ts brings them together.
 *
 * Conditionals of the preprocessor are not evaluated: what stands in one remembers in which.
 */
import { FormatError } from '../errors.js'
import { type DtsSource, includesOf } from './dts-source.js'
import { type DtsToken, tokensOf } from './dts-tokens.js'

/** One `#if … #elif … #else … #endif`. */
export interface ConditionalGroup {
  arms: number
  hasElse: boolean
}

/** The arm of a conditional that something stands in, from 0. */
export interface ConditionalArm {
  readonly group: ConditionalGroup
  readonly arm: number
}

/** The arms that something stands in, the outermost first; empty = it is always there. */
export type Conditions = readonly ConditionalArm[]

export interface DtsProperty {
  readonly action: 'set' | 'delete'
  readonly name: string
  /** Of its labels, or of the name. */
  readonly start: number
  /** The name in the text. */
  readonly nameStart: number
  readonly nameEnd: number
  /** From the value's first token to the end of its last; missing where there is no `=`. */
  readonly value?: { readonly start: number; readonly end: number }
  /** A directive stands inside the statement: its text cannot be replaced as a whole. */
  readonly broken: boolean
  /** After the `;`. */
  readonly end: number
  readonly conditions: Conditions
}

export interface DtsBody {
  /** As written before the brace: `usb@40040000`, `&usb_hs`, `&{/soc/usb@40040000}`, `/`. */
  readonly head: string
  readonly headStart: number
  readonly labels: readonly string[]
  readonly parent: DtsBody | undefined
  /** After the `{`. */
  readonly open: number
  /** Before the `}`. */
  close: number
  /** Set and deleted, in order. */
  readonly properties: DtsProperty[]
  /** The statements before the first child: another property may follow each of them. */
  readonly statements: { readonly start: number; readonly end: number; readonly conditions: Conditions }[]
  hasChildren: boolean
  readonly conditions: Conditions
}

/** `/delete-node/ &label;` (parent missing) or `/delete-node/ name;` inside a body. */
export interface DtsNodeDeletion {
  readonly target: string
  readonly parent: DtsBody | undefined
  readonly offset: number
}

export interface DtsNodes {
  /** In the order of their opening braces. */
  readonly bodies: readonly DtsBody[]
  readonly deletions: readonly DtsNodeDeletion[]
  /** Offsets of the includes that may bring nodes and are not written out in the text. */
  readonly includes: readonly number[]
}

/** Throws FormatError where the braces cannot be followed. O(n). */
export function scanNodes(source: DtsSource): DtsNodes {
  const scanner = new NodeScanner(source)
  for (const token of tokensOf(source.text, source.place)) scanner.take(token)
  return scanner.finish()
}

interface OpenConditional {
  readonly group: ConditionalGroup
  /** The innermost body where the conditional began; every arm must end in it. */
  readonly body: DtsBody | undefined
  readonly start: number
}

class NodeScanner {
  readonly #source: DtsSource
  readonly #bodies: DtsBody[] = []
  readonly #deletions: DtsNodeDeletion[] = []
  readonly #conditionals: OpenConditional[] = []
  #conditions: Conditions = []
  #body: DtsBody | undefined
  /** The tokens of the statement that has begun. */
  #statement: DtsToken[] = []
  #statementConditions: Conditions = []
  #statementBroken = false

  constructor(source: DtsSource) {
    this.#source = source
  }

  take(token: DtsToken): void {
    if (token.kind === 'directive') this.#directive(token)
    else if (token.kind === 'punctuation' && token.text === '{') this.#open(token)
    else if (token.kind === 'punctuation' && token.text === '}') this.#close(token)
    else if (token.kind === 'punctuation' && token.text === ';') this.#endStatement(token)
    else this.#continueStatement(token)
  }

  finish(): DtsNodes {
    const conditional = this.#conditionals.at(-1)
    if (conditional !== undefined) this.#refuse('the #if', conditional.start, 'has no #endif')
    if (this.#body !== undefined) this.#refuse(`node ${this.#body.head}`, this.#body.headStart, 'is not closed')
    const includes = includesOf(this.#source.text, this.#source.place).map(({ start }) => start)
    return { bodies: this.#bodies, deletions: this.#deletions, includes }
  }

  #continueStatement(token: DtsToken): void {
    if (this.#statement.length === 0) {
      this.#statementConditions = this.#conditions
      this.#statementBroken = false
    }
    this.#statement.push(token)
    // /include/ "file" has no semicolon.
    const [first, second] = this.#statement
    if (first?.text === '/include/' && second !== undefined) this.#statement = []
  }

  #open(brace: DtsToken): void {
    const head = this.#statement.findLast((token) => token.kind === 'word')
    const labels = this.#statement.filter((token) => token.kind === 'label')
    const parent = this.#body
    if (parent !== undefined) parent.hasChildren = true
    this.#body = {
      head: head?.text ?? '',
      headStart: this.#statement[0]?.start ?? brace.start,
      labels: labels.map((label) => label.text),
      parent,
      open: brace.end,
      close: brace.end,
      properties: [],
      statements: [],
      hasChildren: false,
      conditions: this.#conditions,
    }
    this.#bodies.push(this.#body)
    this.#statement = []
  }

  #close(brace: DtsToken): void {
    if (this.#body === undefined) this.#refuse('a }', brace.start, 'closes nothing')
    this.#body.close = brace.start
    this.#body = this.#body.parent
    this.#statement = []
  }

  #endStatement(semicolon: DtsToken): void {
    const statement = this.#statement
    this.#statement = []
    if (statement.length === 0) return
    this.#deleteNode(statement)
    const body = this.#body
    if (body === undefined) return
    const property = this.#property(statement, semicolon)
    if (property !== undefined) body.properties.push(property)
    if (body.hasChildren) return
    body.statements.push({ start: statement[0]!.start, end: semicolon.end, conditions: this.#conditions })
  }

  #deleteNode(statement: readonly DtsToken[]): void {
    const at = statement.findIndex((token) => token.text === '/delete-node/')
    const target = statement[at + 1]
    if (at < 0 || target === undefined) return
    const parent = target.text.startsWith('&') ? undefined : this.#body
    this.#deletions.push({ target: target.text, parent, offset: target.start })
  }

  #property(statement: readonly DtsToken[], semicolon: DtsToken): DtsProperty | undefined {
    const equals = statement.findIndex((token) => token.kind === 'punctuation' && token.text === '=')
    const nameAt = equals < 0 ? statement.length - 1 : equals - 1
    const name = statement[nameAt]
    if (name?.kind !== 'word') return undefined
    // What stands before labels may be a macro without a semicolon, which is a statement of its own.
    const startAt = statement.findLastIndex(({ kind }, index) => index < nameAt && kind !== 'label') + 1
    const first = equals < 0 ? undefined : statement[equals + 1]
    return {
      action: statement.at(-2)?.text === '/delete-property/' ? 'delete' : 'set',
      name: name.text,
      start: statement[startAt]!.start,
      nameStart: name.start,
      nameEnd: name.end,
      ...(first !== undefined && { value: { start: first.start, end: statement.at(-1)!.end } }),
      broken: this.#statementBroken,
      end: semicolon.end,
      conditions: this.#statementConditions,
    }
  }

  #directive(directive: DtsToken): void {
    this.#statementBroken = true
    switch (directive.text) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const group = { arms: 1, hasElse: false }
        this.#conditionals.push({ group, body: this.#body, start: directive.start })
        this.#conditions = [...this.#conditions, { group, arm: 0 }]
        return
      }
      case 'elif':
      case 'else': {
        const { group } = this.#endArm(directive)
        if (directive.text === 'else') group.hasElse = true
        this.#conditions = [...this.#conditions.slice(0, -1), { group, arm: group.arms++ }]
        return
      }
      case 'endif':
        this.#endArm(directive)
        this.#conditionals.pop()
        this.#conditions = this.#conditions.slice(0, -1)
    }
  }

  /** Braces that a conditional opens must close in the same arm: else who owns what follows depends on the arm. */
  #endArm(directive: DtsToken): OpenConditional {
    const conditional = this.#conditionals.at(-1)
    if (conditional === undefined) this.#refuse(`an #${directive.text}`, directive.start, 'has no #if')
    if (conditional.body !== this.#body) {
      this.#refuse(
        `an #${directive.text}`,
        directive.start,
        `ends in another node than its #if at ${this.#source.line(conditional.start)} began in`,
      )
    }
    return conditional
  }

  #refuse(what: string, offset: number, why: string): never {
    throw new FormatError(
      `Cannot follow the braces of the device tree: ${what} at ${this.#source.place(offset)} ${why}`,
    )
  }
}
