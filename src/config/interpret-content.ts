/** The entries of `content:`: which act each one is, and that it has the keys of this act and no others. */
import type { ConfigPath } from '../errors.js'
import type { PartitionContext } from './interpretation.js'
import type { ContentEntryInput, NestedImageInput } from './schema/content.js'
import type {
  AccountSpec,
  ContentEntry,
  ContentSource,
  GivenAttributes,
  LayerSource,
  ModesSpec,
  NestedImageSpec,
  OwnerSpec,
} from './spec.js'

type Key = keyof ContentEntryInput

/** An act by the key that names it → the other keys that say something about it. */
const ACTS = {
  folder: ['to', 'include', 'exclude', 'owner', 'modes', 'links'],
  tar: ['to', 'include', 'exclude', 'owner', 'links'],
  cpio: ['to', 'include', 'exclude', 'owner', 'links'],
  list: ['to', 'include', 'exclude', 'links'],
  device_table: [],
  remove: [],
  rename: ['to'],
  set: ['mode', 'owner'],
  path: ['text', 'file', 'directory', 'link', 'device', 'image', 'mode', 'owner', 'modes'],
} as const satisfies Partial<Record<Key, readonly Key[]>>
type Act = keyof typeof ACTS
const ACT_NAMES = Object.keys(ACTS) as Act[]

/** What may be put at a path. */
const ENTRY_KEYS = ['text', 'file', 'directory', 'link', 'device', 'image'] as const

/** Reads what stands under `image:`; `context` is the image's own. */
export type InterpretImage = (input: NestedImageInput, context: PartitionContext) => NestedImageSpec | undefined

/** Undefined where the entry was refused. `at`: its place in the config. */
export function interpretContentEntry(
  input: string | ContentEntryInput,
  at: ConfigPath,
  context: PartitionContext,
  interpretImage: InterpretImage,
): ContentSource | undefined {
  if (typeof input === 'string') {
    const path = context.interpretation.absolute(input, at)
    return { kind: 'path', path, ...modesOf(context.modes), configPath: at }
  }
  return new EntryInterpreter(input, at, context, interpretImage).source()
}

class EntryInterpreter {
  readonly #input: ContentEntryInput
  readonly #at: ConfigPath
  readonly #context: PartitionContext
  /** For messages: `content[2] of partition "root"`. */
  readonly #what: (key?: Key) => string

  readonly #interpretImage: InterpretImage

  constructor(input: ContentEntryInput, at: ConfigPath, context: PartitionContext, interpretImage: InterpretImage) {
    this.#input = input
    this.#at = at
    this.#context = context
    this.#interpretImage = interpretImage
    this.#what = (key) => `content[${at.at(-1)}]${key === undefined ? '' : `.${key}`} of ${context.text}`
  }

  source(): ContentSource | undefined {
    const input = this.#input
    const [act, another] = ACT_NAMES.filter((name) => input[name] !== undefined)
    const accepted = `one of ${ACT_NAMES.join(', ')} is accepted`
    if (act === undefined) return this.#refuse(undefined, `Cannot use ${this.#what()}: it names nothing, ${accepted}`)
    if (another !== undefined) {
      const message = `Cannot use ${this.#what(another)}: ${act} is given too, ${accepted}`
      return this.#refuse(another, message, 'Two entries do two things, one after the other')
    }
    const foreign = (Object.keys(input) as Key[]).filter(
      (key) => key !== act && !(ACTS[act] as readonly Key[]).includes(key),
    )
    for (const key of foreign) {
      const owners = ACT_NAMES.filter((name) => (ACTS[name] as readonly Key[]).includes(key))
      const message = `Cannot use ${this.#what(key)}: the entry is a ${act}, ${key} is accepted with ${owners.join(', ')}`
      this.#refuse(key, message)
    }
    return this.#act(act)
  }

  #act(act: Act): ContentSource | undefined {
    const { remove, rename, set, to } = this.#input
    const common = { configPath: this.#at }
    switch (act) {
      case 'device_table':
        return { kind: 'device-table', path: this.#absolute(act), configPath: [...this.#at, act] }
      case 'remove':
        return { kind: act, patterns: remove!, ...common }
      case 'rename':
        if (to !== undefined && to !== '') return { kind: act, from: rename!, to, ...common }
        return this.#refuse(
          to === undefined ? undefined : 'to',
          `Cannot use ${this.#what()}: the new path \`to\` is missing`,
        )
      case 'set': {
        const attributes = this.#attributes()
        if (Object.keys(attributes).length > 0) return { kind: act, patterns: set!, attributes, ...common }
        const isJudged = this.#input.owner !== undefined
        return isJudged ? undefined : this.#refuse(act, `Cannot use ${this.#what()}: neither mode nor owner is given`)
      }
      case 'path':
        return this.#put()
      default:
        return this.#layer(act)
    }
  }

  #layer(kind: 'folder' | 'tar' | 'cpio' | 'list'): LayerSource {
    const { to, include, exclude, links } = this.#input
    const owner = kind === 'list' ? undefined : this.#layerOwner()
    return {
      kind,
      path: this.#absolute(kind),
      ...(to !== undefined && to !== '' && { to }),
      ...(include !== undefined && { include }),
      ...(exclude !== undefined && { exclude }),
      ...(owner !== undefined && { owner }),
      ...(links === 'replace' && { overLinks: links }),
      ...(kind === 'folder' && links === 'follow' && { links }),
      ...(kind === 'folder' && modesOf(this.#modes())),
      configPath: [...this.#at, kind],
    }
  }

  #layerOwner(): LayerSource['owner'] {
    const { owner } = this.#input
    if (owner === undefined) return undefined
    if (owner === 'keep') return { kind: 'keep' }
    return isAccount(owner) ? { kind: 'account', ...owner } : ownerMapOf(owner)
  }

  #put(): ContentSource | undefined {
    const path = this.#input.path!
    const given = ENTRY_KEYS.filter((key) => this.#input[key] !== undefined)
    const accepted = `one of ${ENTRY_KEYS.join(', ')} is accepted`
    const [key, another] = given
    if (key === undefined)
      return this.#refuse(
        'path',
        `Cannot put "/${path}" into ${this.#context.text}: nothing is given for it, ${accepted}`,
      )
    if (another !== undefined) {
      return this.#refuse(another, `Cannot use ${this.#what(another)}: ${key} is given too, ${accepted}`)
    }
    if (path === '' && key !== 'directory') {
      return this.#refuse(
        'path',
        `Cannot put a ${key} at "/" of ${this.#context.text}: the root is a folder, directory: true is accepted`,
      )
    }
    if (key !== 'file' && this.#input.modes !== undefined) {
      const message = `Cannot use ${this.#what('modes')}: it is about a file of the host, accepted here is mode`
      this.#refuse('modes', message)
    }
    if (key === 'link' && this.#input.mode !== undefined) {
      this.#refuse('mode', `Cannot use ${this.#what('mode')}: a symbolic link has no mode of its own`)
    }
    const entry = this.#entry(key)
    return entry && { kind: 'put', path, entry, attributes: this.#attributes(), configPath: this.#at }
  }

  #entry(key: (typeof ENTRY_KEYS)[number]): ContentEntry | undefined {
    const { text, link, device, directory, image } = this.#input
    switch (key) {
      case 'text':
        return { kind: 'text', text: text! }
      case 'file':
        return { kind: 'file', path: this.#absolute('file'), ...modesOf(this.#modes()) }
      case 'link':
        return { kind: 'symlink', target: link! }
      case 'device':
        return device
      case 'image': {
        const spec = this.#interpretImage(image!, this.#imageContext())
        return spec && { kind: 'image', image: spec }
      }
      case 'directory':
        if (directory === true) return { kind: 'directory' }
        return this.#refuse(
          key,
          `Cannot use ${this.#what(key)}: it is false, accepted is true`,
          'remove: takes a folder away',
        )
    }
  }

  /** Its keys could all be read, or there would be no entry; the host's tools make no volume inside a file. */
  #imageContext(): PartitionContext {
    const { text, nesting = 0 } = this.#context
    return {
      ...this.#context,
      path: [...this.#at, 'image'],
      text: `image "/${this.#input.path!}" of ${text}`,
      unread: new Set(),
      engine: 'native',
      nesting: nesting + 1,
    }
  }

  #attributes(): GivenAttributes {
    const { mode, owner } = this.#input
    if (owner !== undefined && !isAccount(owner)) {
      const found = owner === 'keep' ? 'keep' : 'a map'
      this.#refuse('owner', `Cannot use ${this.#what('owner')}: it is ${found}, accepted here is USER:GROUP or USER`)
      return mode === undefined ? {} : { mode }
    }
    return { ...(mode !== undefined && { mode }), ...(owner !== undefined && { owner }) }
  }

  #modes(): ModesSpec | undefined {
    return this.#input.modes ?? this.#context.modes
  }

  #absolute(key: 'folder' | 'tar' | 'cpio' | 'list' | 'device_table' | 'file'): string {
    return this.#context.interpretation.absolute(this.#input[key]!, [...this.#at, key])
  }

  #refuse(key: Key | undefined, message: string, hint?: string): undefined {
    this.#context.interpretation.refuse(key === undefined ? this.#at : [...this.#at, key], message, hint)
    return undefined
  }
}

function modesOf(modes: ModesSpec | undefined): { modes?: ModesSpec } {
  return modes === undefined ? {} : { modes }
}

function isAccount(owner: NonNullable<ContentEntryInput['owner']>): owner is AccountSpec {
  return typeof owner === 'object' && 'user' in owner
}

/** Ids as the schema reads them, as the map that they mean. */
export function ownerMapOf({
  uid,
  gid,
}: {
  uid?: Readonly<Record<string, number>>
  gid?: Readonly<Record<string, number>>
}): OwnerSpec {
  const toMap = (ids: Readonly<Record<string, number>> = {}): ReadonlyMap<number, number> =>
    new Map(Object.entries(ids).map(([from, to]) => [Number(from), to]))
  return { kind: 'map', uid: toMap(uid), gid: toMap(gid) }
}
