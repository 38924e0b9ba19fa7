/**
 * The index files of an installed module tree (`lib/modules/<version>`), and the order in which modprobe would insert.
 *
 * Source: [depmod], [kmod] libkmod-module.c. `modules.dep` has one line per module, `path: dependency …`, where the
 * dependencies are the whole closure and the *last* one is inserted first. `modules.softdep` holds modprobe.d lines
 * `softdep name pre: a b post: c`, of which modprobe takes the first for a module; the names in it may be aliases
 * (`crypto-crc32c`), for each of which `modules.alias` names one module or more. A soft dependency that the tree does not
 * have is not an error.
 */
import { ConfigError, type ConfigPath, type Problem, type Warning } from '../errors.js'
import { type KernelSymbol, switchOnHint } from './kernel-symbols.js'
import { moduleName } from './module-name.js'
import { nearestNames } from './nearest-names.js'

/** Texts of the index files; '' for one that is absent. */
export interface ModuleIndexes {
  /** Name of the folder, which is the kernel's version. */
  readonly version: string
  readonly dep: string
  readonly builtin: string
  readonly softdep: string
  readonly alias: string
}

export interface ModuleClosure {
  /** Paths relative to the tree (`kernel/drivers/usb/gadget/libcomposite.ko`), in the order of insmod. */
  readonly paths: readonly string[]
  /** Modules that the tree does not have. */
  readonly problems: readonly Problem[]
  /** Modules that were asked and are part of the kernel: nothing to insert. */
  readonly builtin: readonly string[]
  /** The same, to tell. */
  readonly warnings: readonly Warning[]
}

/** What a closure is taken from. */
export interface ModuleSource {
  readonly indexes: ModuleIndexes
  /** What switches on the modules that were asked and are not there. */
  readonly symbols: ReadonlyMap<string, KernelSymbol>
}

interface SoftDependencies {
  readonly pre: readonly string[]
  readonly post: readonly string[]
}

/**
 * `modules`, which stand at `configPath`, with everything that they need, each once. ConfigError where modules need one
 * another.
 */
export function moduleClosure(
  modules: readonly string[],
  { indexes, symbols }: ModuleSource,
  configPath: ConfigPath,
): ModuleClosure {
  const tree = parseIndexes(indexes)
  const paths = new Set<string>()
  const visited = new Set<string>()
  const problems: Problem[] = []
  const builtin: string[] = []
  const warnings: Warning[] = []

  const insert = (name: string): void => {
    if (visited.has(name)) return
    visited.add(name)
    const line = tree.dependencies.get(name)
    if (line === undefined) return
    for (const path of [line.path, ...line.needs]) assertAcyclic(moduleName(path), tree, configPath)
    for (const dependency of line.needs.toReversed()) insertWithSoft(moduleName(dependency), dependency)
    insertWithSoft(name, line.path)
  }
  const insertWithSoft = (name: string, path: string): void => {
    const soft = tree.softDependencies.get(name)
    for (const other of soft?.pre ?? []) tree.resolve(other).forEach(insert)
    paths.add(path)
    for (const other of soft?.post ?? []) tree.resolve(other).forEach(insert)
  }

  for (const [index, asked] of modules.entries()) {
    const name = moduleName(asked)
    const path = [...configPath, index]
    if (tree.dependencies.has(name)) {
      insert(name)
    } else if (tree.builtin.has(name)) {
      const message = `Module "${asked}" is built into kernel ${indexes.version}: there is nothing to load`
      builtin.push(name)
      warnings.push({ finding: 'module-built-in', message, path })
    } else {
      const known = [...tree.dependencies.keys(), ...tree.builtin]
      problems.push({ ...unknownModule(asked, indexes.version, symbols.get(name), known), path })
    }
  }
  return { paths: [...paths], problems, builtin, warnings }
}

/** modules.dep has closures, so whatever a module needs would need the module too. */
function assertAcyclic(name: string, { dependencies }: ParsedIndexes, configPath: ConfigPath): void {
  for (const path of dependencies.get(name)?.needs ?? []) {
    const needed = moduleName(path)
    const back = dependencies.get(needed)?.needs.some((other) => moduleName(other) === name) ?? false
    if (needed === name) throw circularModules([name, name], configPath)
    if (back) throw circularModules([name, needed, name], configPath)
  }
}

/** `cycle` begins and ends with the same module. */
export function circularModules(cycle: readonly string[], configPath: ConfigPath): ConfigError {
  return new ConfigError({
    message: `Cannot order the modules: ${cycle.join(' needs ')}, so none of them can be the first`,
    path: configPath,
  })
}

function unknownModule(
  asked: string,
  version: string,
  symbol: KernelSymbol | undefined,
  known: readonly string[],
): Problem {
  const near = nearestNames(moduleName(asked), known)
  const meant = near.length > 0 ? `did you mean ${near.join(', ')}?` : undefined
  return {
    message: `Cannot list module "${asked}": the tree of kernel ${version} has no such module, neither loadable nor built in`,
    hint:
      symbol !== undefined
        ? [switchOnHint(symbol), ...(meant === undefined ? [] : [`or ${meant}`])].join('; ')
        : (meant?.replace('did', 'Did') ?? 'Switch its option on in the kernel config, then make modules_install'),
  }
}

interface ParsedIndexes {
  readonly dependencies: ReadonlyMap<string, { readonly path: string; readonly needs: readonly string[] }>
  readonly builtin: ReadonlySet<string>
  readonly softDependencies: ReadonlyMap<string, SoftDependencies>
  /** The modules that a name or an alias means; none where the tree has none. */
  resolve(name: string): readonly string[]
}

function parseIndexes({ dep, builtin, softdep, alias }: ModuleIndexes): ParsedIndexes {
  const dependencies = new Map<string, { path: string; needs: readonly string[] }>()
  for (const line of textLines(dep)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const path = line.slice(0, colon)
    dependencies.set(moduleName(path), { path, needs: words(line.slice(colon + 1)) })
  }
  const softDependencies = new Map<string, SoftDependencies>()
  for (const line of textLines(softdep)) {
    const [keyword, name, ...rest] = words(line)
    if (keyword !== 'softdep' || name === undefined || softDependencies.has(moduleName(name))) continue
    softDependencies.set(moduleName(name), parseSoftDependencies(rest))
  }
  return {
    dependencies,
    builtin: new Set(textLines(builtin).map(moduleName)),
    softDependencies,
    resolve: (name) => (dependencies.has(name) ? [name] : aliasTargets(name, alias)),
  }
}

/** The modules of every `alias PATTERN MODULE` that fits, in the order of the file, which is that of insertion. */
function aliasTargets(name: string, aliases: string): readonly string[] {
  const targets = new Set<string>()
  for (const line of textLines(aliases)) {
    const [, pattern = '', module = ''] = words(line)
    if (fits(pattern.replaceAll('-', '_'), name)) targets.add(moduleName(module))
  }
  return [...targets]
}

/** fnmatch(3) with `*` and `?`; device patterns with `[a-b]` never name a soft dependency. */
function fits(pattern: string, name: string): boolean {
  const literal = pattern.search(/[*?[]/)
  if (literal < 0) return pattern === name
  if (!name.startsWith(pattern.slice(0, literal))) return false
  return fitsRest(pattern, name)
}

/** Keeps only the last `*`, to which it goes back where the rest does not fit: O(n·m). */
function fitsRest(pattern: string, name: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0]
  while (from < name.length) {
    if (pattern[at] === '*') {
      star = at++
      mark = from
    } else if (pattern[at] === name[from] || pattern[at] === '?') {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++mark
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Names of `pre: a b post: c`. */
export function softDependencyNames(line: string): string[] {
  const { pre, post } = parseSoftDependencies(words(line))
  return [...pre, ...post]
}

function parseSoftDependencies(list: readonly string[]): SoftDependencies {
  const pre: string[] = []
  const post: string[] = []
  let current: string[] | undefined
  for (const word of list) {
    if (word === 'pre:') current = pre
    else if (word === 'post:') current = post
    else current?.push(moduleName(word))
  }
  return { pre, post }
}

function textLines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
