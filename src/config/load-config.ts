import { ConfigError, type ConfigPath, type Problem } from '../errors.js'
import { expandConfig } from './expand-config.js'
import type { PathProblem } from './explain-issue.js'
import { interpret } from './interpret.js'
import { Interpretation } from './interpretation.js'
import { type Located, nodeAt, toPlain } from './located.js'
import { type ConfigFiles, readConfigFiles, readUtf8Text } from './read-config-files.js'
import { readInput } from './read-input.js'
import type { OutputInput } from './schema/output.js'
import type { SourceText, TextRange } from './source-text.js'
import type { ImageSpec, LoadedConfig, VolumeSpec } from './spec.js'
import { unusedSettingWarnings, VariableScope } from './variable-scope.js'

export interface LoadConfigOptions {
  /** Variables of `--set NAME=VALUE`; they win over `vars:` and the environment. */
  readonly set?: Readonly<Record<string, string>>
  /** The process's environment: what `${NAME}` falls back on. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The disk's size in bytes from `--size`; wins over the config's own. */
  readonly sizeBytes?: number
  /** What is written, from the command line; in place of the config's `outputs:`. */
  readonly outputs?: readonly OutputInput[]
  /** Gives a file's text by its absolute path; default: UTF-8 from the disk. */
  readonly readText?: (path: string) => string
}

/**
 * Reads a config (YAML, or the lines of PartConfig.cfg) with everything it includes, and gives its meaning.
 * Throws ConfigError with every problem found, each with position and code frame; IoError when `path` cannot be read.
 */
export function loadConfig(path: string, options: LoadConfigOptions): LoadedConfig {
  const sources = { set: options.set ?? {}, environment: options.environment }
  const files = readConfigFiles(path, { ...sources, readText: options.readText ?? readUtf8Text })
  const { root: written, usedNames } = files
  if (written === undefined || files.problems.length > 0) throw new ConfigError(inOrder(files.problems, files))

  const scope = new VariableScope(sources, written, new Set(usedNames))
  const { root, problems: unexpanded, broken } = expandConfig(written, scope)
  const { input, problems: misread } = readInput(toPlain(root, broken))
  const interpretation = new Interpretation(input, root, options)
  const spec = interpret(input, interpretation)

  // A value whose variables could not be expanded is wrong for that reason alone.
  const found = [...misread, ...interpretation.problems].filter(({ path: at }) => !broken.has(nodeAt(root, at).node))
  const problems = [...unexpanded, ...found.map((problem) => locateProblem(problem, root))]
  if (problems.length > 0) throw new ConfigError(inOrder(problems, files))
  const warnings = interpretation.warnings.map((warning) => locateProblem(warning, root))
  return {
    spec,
    // A list may ask for any name when it is read.
    warnings: [...inOrder(warnings, files), ...(hasLists(spec) ? [] : unusedSettingWarnings(scope))],
    files: files.sources.map((source) => source.absolutePath),
    locate: (at) => {
      const { source, range } = placeOf(root, at)
      return { position: source.positionAt(range.start), frame: source.frame(range) }
    },
    variable: (name) => {
      const value = scope.lookup(name)
      return typeof value === 'object' ? value.text : undefined
    },
  }
}

function hasLists({ partitions }: ImageSpec): boolean {
  const isList = (volume: VolumeSpec): boolean =>
    volume.kind === 'ubi'
      ? volume.volumes.some(({ volume: inner }) => isList(inner))
      : 'content' in volume && volume.content.some((source) => source.kind === 'list')
  return partitions.some(({ volume }) => isList(volume))
}

/** Place of the value at `path`, or of its key, or of the nearest parent that is there. */
function placeOf(root: Located, path: ConfigPath, atKey = false): { source: SourceText; range: TextRange } {
  const { node, exact } = nodeAt(root, path)
  if (!atKey || !exact) return node
  const parent = nodeAt(root, path.slice(0, -1)).node
  const entry = parent.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined
  return entry === undefined ? node : { source: entry.keySource, range: entry.keyRange }
}

function locateProblem<Found extends PathProblem>(problem: Found, root: Located): Omit<Found, 'atKey'> & Problem {
  const { atKey, ...found } = problem
  const { path, hint } = problem
  const { source, range } = placeOf(root, path, atKey)
  const value = nodeAt(root, path)
  const why = (value.exact && value.node.kind === 'null' ? value.node.hint : undefined) ?? hint
  const place = { path, position: source.positionAt(range.start), frame: source.frame(range) }
  return { ...found, ...(why !== undefined && { hint: why }), ...place }
}

/** By file in the order of reading, then by line and column; what was found twice is told once. */
function inOrder<Found extends Problem>(problems: readonly Found[], { sources }: ConfigFiles): Found[] {
  const fileOrder = new Map(sources.map((source, index) => [source.displayPath, index]))
  const rank = ({ position }: Problem): number[] =>
    position === undefined
      ? [sources.length]
      : [fileOrder.get(position.file) ?? sources.length, position.line, position.column]
  const compare = (a: Problem, b: Problem): number => {
    const [left, right] = [rank(a), rank(b)]
    const index = left.findIndex((value, at) => value !== right[at])
    return index < 0 ? 0 : left[index]! - (right[index] ?? 0)
  }
  const unique = new Map(problems.map((problem) => [JSON.stringify([problem.position, problem.message]), problem]))
  return [...unique.values()].sort(compare)
}
