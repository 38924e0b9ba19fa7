/**
 * Where modules come from: an installed tree with depmod's index files, or the folder in which a kernel was built. Of the
 * latter the same index files are made here, from the order of the build and from what each module says of itself, so
 * that the list is made in one way.
 */
import { ConfigError, type ConfigPath } from '../errors.js'
import { circularModules, type ModuleIndexes, type ModuleSource } from './module-index.js'
import type { ModuleInfo } from './module-info.js'
import { moduleName } from './module-name.js'

export interface ModuleTree extends ModuleSource {
  readonly kind: 'installed' | 'build'
  /** The tree's place below the install root: `/lib/modules/6.1.0`, `/linux`. */
  readonly location: string
  /** The install root itself on this machine. */
  readonly hostRoot: string
  /** What it was read from, absolute. */
  readonly files: readonly string[]
}

export interface BuildTree {
  /** Of include/config/kernel.release, or the folder's name. */
  readonly version: string
  /** Paths of the modules below the tree, in the order of modules.order. */
  readonly paths: readonly string[]
  /** Text of modules.builtin. */
  readonly builtin: string
  /** By name, for at least everything that is asked and needed. */
  readonly infos: ReadonlyMap<string, ModuleInfo>
}

/**
 * What depmod would write. A module says which others it uses (`depends=`); the closure of that, first come first, is an
 * order in which insmod works. ConfigError at `configPath` for modules that need one another, or one that is not there.
 */
export function indexesOfBuildTree(tree: BuildTree, configPath: ConfigPath): ModuleIndexes {
  const paths = new Map(tree.paths.map((path) => [moduleName(path), path]))
  const closure = (name: string): readonly string[] => {
    const found = new Set<string>()
    const visit = (current: string, above: readonly string[]): void => {
      if (above.includes(current)) throw circularModules([...above.slice(above.indexOf(current)), current], configPath)
      if (found.has(current)) return
      const info = tree.infos.get(current)
      if (info === undefined) throw unbuilt(current, above.at(-1)!, tree.version, configPath)
      for (const needed of dependencies(info)) visit(needed, [...above, current])
      found.add(current)
    }
    visit(name, [])
    found.delete(name)
    return [...found]
  }
  const dep = [...paths].map(([name, path]) => {
    const needs = tree.infos.has(name) ? closure(name).toReversed() : []
    return `${path}:${needs.map((needed) => ` ${paths.get(needed)}`).join('')}\n`
  })
  const lines = (key: 'softdep' | 'alias', line: (name: string, value: string) => string): string =>
    [...tree.infos].flatMap(([name, info]) => (info.get(key) ?? []).map((value) => line(name, value))).join('')
  return {
    version: tree.version,
    dep: dep.join(''),
    builtin: tree.builtin,
    softdep: lines('softdep', (name, value) => `softdep ${name} ${value}\n`),
    alias: lines('alias', (name, value) => `alias ${value} ${name}\n`),
  }
}

/** Names of the modules whose symbols it uses; `depends=` with nothing behind it has none. */
export function dependencies(info: ModuleInfo): string[] {
  return (info.get('depends') ?? []).flatMap((list) => list.split(',').filter(Boolean).map(moduleName))
}

function unbuilt(name: string, by: string, version: string, configPath: ConfigPath): ConfigError {
  return new ConfigError({
    message: `Cannot list module "${by}": it needs ${name}, which modules.order of kernel ${version} does not name`,
    hint: 'The tree is built in parts, or has moved on since: make modules',
    path: configPath,
  })
}
