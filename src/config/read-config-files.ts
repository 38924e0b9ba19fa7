/** A config and everything it includes, as one tree of located values. */

import { dirname, isAbsolute, join, resolve } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { readInputFile } from '../bytes/read-input-file.js'
import { ConfigError, errnoOf, IoError, type Problem, systemReason } from '../errors.js'
import { expandVariables } from './expand-variables.js'
import { foreignConfig } from './foreign-config.js'
import { childOf, type Located, type LocatedMap, type LocatedScalar } from './located.js'
import { mergeConfigs } from './merge-configs.js'
import { problemAt } from './problem-at.js'
import { isPartConfig, readPartConfig, STRUCTURED } from './read-part-config.js'
import { readYaml } from './read-yaml.js'
import { SourceText } from './source-text.js'
import { VariableScope, type VariableSources } from './variable-scope.js'

export interface ConfigFiles {
  /** Missing where a file could not be read as a map; `problems` says why. */
  readonly root?: LocatedMap
  readonly problems: readonly Problem[]
  /** In the order of reading, the config first. */
  readonly sources: readonly SourceText[]
  /** Variables that the paths of includes asked for. */
  readonly usedNames: ReadonlySet<string>
}

export interface ReadConfigFilesOptions extends VariableSources {
  readonly readText: (path: string) => string
}

/** Throws IoError when the config itself cannot be read; what is wrong inside it or with its includes are problems. */
export function readConfigFiles(path: string, options: ReadConfigFilesOptions): ConfigFiles {
  const reader = new ConfigReader(options)
  let source: SourceText
  try {
    source = reader.open(path, resolve(path))
  } catch (error) {
    throw unreadable(path, error)
  }
  const root = reader.read(source, [])
  const { problems, usedNames } = reader
  return { ...(root && { root }), problems, sources: [...reader.sources.values()], usedNames }
}

/** Files in a chain of includes: far above any config. */
const MAX_INCLUDES = 64

class ConfigReader {
  readonly problems: Problem[] = []
  readonly sources = new Map<string, SourceText>()
  readonly usedNames = new Set<string>()
  /** By absolute path: a file that several others include is read once. */
  readonly #finished = new Map<string, LocatedMap | undefined>()
  readonly #options: ReadConfigFilesOptions

  constructor(options: ReadConfigFilesOptions) {
    this.#options = options
  }

  open(displayPath: string, absolutePath: string): SourceText {
    const known = this.sources.get(absolutePath)
    if (known !== undefined) return known
    const source = new SourceText(displayPath, absolutePath, this.#options.readText(absolutePath))
    this.sources.set(absolutePath, source)
    return source
  }

  /** `chain`: the files that include this one, the outermost first. */
  read(source: SourceText, chain: readonly SourceText[]): LocatedMap | undefined {
    if (!this.#finished.has(source.absolutePath)) this.#finished.set(source.absolutePath, this.#read(source, chain))
    return this.#finished.get(source.absolutePath)
  }

  #read(source: SourceText, chain: readonly SourceText[]): LocatedMap | undefined {
    const foreign = STRUCTURED.test(source.absolutePath) ? undefined : foreignConfig(source.text)
    if (foreign !== undefined) {
      const message = `Cannot read ${source.displayPath} as a config: it is ${foreign}`
      const hint = 'A config is YAML with image: and partitions:; diskloom init writes one to start from'
      this.problems.push({ ...problemAt(source, { start: 0, end: 1 }, message), hint })
      return undefined
    }
    const parse = isPartConfig(source.absolutePath, source.text) ? readPartConfig : readYaml
    const { root, problems } = parse(source)
    appendAll(this.problems, problems)
    if (root === undefined) return undefined
    if (root.kind !== 'map') {
      const found = root.kind === 'list' ? 'a list' : 'a single value'
      const message = `Cannot read the config: it is ${found}, accepted is a map of keys such as image: and partitions:`
      this.problems.push(problemAt(source, root.range, message))
      return undefined
    }
    const includes = includesOf(root).map((entry) => this.#include(entry, root, [...chain, source]))
    const below = includes.filter((included) => included !== undefined)
    return [...below, root].reduce((lower, upper) => mergeConfigs(lower, upper))
  }

  #include(entry: LocatedScalar, includer: LocatedMap, chain: readonly SourceText[]): LocatedMap | undefined {
    const path = this.#expandPath(entry, includer)
    if (path === undefined) return undefined
    const absolutePath = resolve(entry.source.folder, path)
    const displayPath = isAbsolute(path) ? path : join(dirname(entry.source.displayPath), path)
    const above = chain.findIndex((source) => source.absolutePath === absolutePath)
    if (above >= 0) {
      const files = [...chain.slice(above).map((source) => source.displayPath), displayPath]
      this.#fail(entry, `Cannot include ${displayPath}: it includes itself, ${files.join(' → ')}`)
      return undefined
    }
    if (chain.length > MAX_INCLUDES) {
      this.#fail(entry, `Cannot include ${displayPath}: more than ${MAX_INCLUDES} files include one another`)
      return undefined
    }
    let source: SourceText
    try {
      source = this.open(displayPath, absolutePath)
    } catch (error) {
      this.#fail(entry, `Cannot include ${displayPath}: ${reasonOf(error)}`)
      return undefined
    }
    return this.read(source, chain)
  }

  /** Variables in it can only be what is known before the file is read: not those that it would define itself. */
  #expandPath(entry: LocatedScalar, includer: LocatedMap): string | undefined {
    const scope = new VariableScope(this.#options, includer, this.usedNames)
    const { text, faults } = expandVariables(entry.text, (name) => scope.lookup(name))
    for (const { is, hint } of faults) {
      const message = `Cannot include ${entry.text}: ${is ?? 'a variable in it cannot be expanded'}`
      this.problems.push({ ...problemAt(entry.source, entry.range, message), ...(hint !== undefined && { hint }) })
    }
    return faults.length > 0 ? undefined : text
  }

  #fail(entry: Located, message: string): void {
    this.problems.push(problemAt(entry.source, entry.range, message))
  }
}

/** The paths under `include:`, one or a list; anything else there is the schema's to refuse. */
function includesOf(root: LocatedMap): LocatedScalar[] {
  const include = childOf(root, 'include')
  const items = include?.kind === 'list' ? include.items : include === undefined ? [] : [include]
  return items.filter((item) => item.kind === 'scalar')
}

const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
] as const

/** The text of a UTF-8 file without its byte order mark. Throws system errors as they are, ConfigError for other bytes. */
export function readUtf8Text(path: string): string {
  const bytes = readInputFile(path)
  if (UTF16_MARKS.some(([first, second]) => bytes[0] === first && bytes[1] === second)) {
    throw new ConfigError('it is in UTF-16, UTF-8 is accepted')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError('it is not in UTF-8')
  }
}

const FILE_REASONS = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder, accepted is a file',
}

/** For people; what is neither a system error nor ours is a bug and goes on. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (errnoOf(error) === undefined) throw error
  return systemReason(error, FILE_REASONS)
}

function unreadable(path: string, error: unknown): Error {
  const message = `Cannot read config ${path}: ${reasonOf(error)}`
  if (error instanceof ConfigError) return new ConfigError(message)
  return new IoError(message, { cause: error, details: { path, errno: errnoOf(error) } })
}
