/** Reads a module tree from the host: depmod's index files, or a kernel's build folder as far as the asked modules need it. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readInputFile } from '../bytes/read-input-file.js'
import type { GadgetSpec } from '../config/spec.js'
import { errnoOf, LayoutError, type Problem, systemReason } from '../errors.js'
import { type KernelSymbol, stateInConfig, symbolsOfKbuild, usualSymbol } from './kernel-symbols.js'
import { type ModuleIndexes, softDependencyNames } from './module-index.js'
import { type ModuleInfo, readModuleInfo } from './module-info.js'
import { moduleName } from './module-name.js'
import { type BuildTree, dependencies, indexesOfBuildTree, type ModuleTree } from './module-tree.js'

type ModulesSpec = Pick<GadgetSpec, 'modules' | 'configPath'> & { readonly modulesDir: string }

/** `files`: what was read, absolute. */
type TreeReading = ModulesSpec & { readonly files: string[] }

/** Of `lib/modules/VERSION`. */
const INSTALLED_DEPTH = '../../..'

/**
 * LayoutError for a folder that is no module tree and for modules that are named and not there; ConfigError for modules
 * that need one another; FormatError for a file that is no kernel module.
 */
export function readModuleTree(asked: ModulesSpec): ModuleTree {
  const spec: TreeReading = { ...asked, files: [] }
  const folder = spec.modulesDir
  const version = basename(folder)
  if (existsSync(join(folder, 'modules.dep'))) {
    const indexes = readIndexes(spec, version)
    return {
      kind: 'installed',
      indexes,
      location: `/lib/modules/${version}`,
      hostRoot: join(folder, INSTALLED_DEPTH),
      files: spec.files,
      symbols: symbolsOf(spec, indexes, join(folder, 'build')),
    }
  }
  assertBuildTree(spec)
  const indexes = indexesOfBuildTree(readBuildTree(spec), [...spec.configPath, 'modules'])
  return {
    kind: 'build',
    indexes,
    location: `/${basename(folder)}`,
    hostRoot: dirname(folder),
    files: spec.files,
    symbols: symbolsOf(spec, indexes, folder),
  }
}

/** modules.dep is there; a kernel without built-in modules or soft dependencies may lack the others. */
function readIndexes(spec: TreeReading, version: string): ModuleIndexes {
  const text = (name: string): string => readTreeFile(spec, name) ?? ''
  return {
    version,
    dep: text('modules.dep'),
    builtin: text('modules.builtin'),
    softdep: text('modules.softdep'),
    alias: text('modules.alias'),
  }
}

/** Undefined where the file is not there. */
function readTreeFile(spec: TreeReading, name: string): string | undefined {
  const path = join(spec.modulesDir, name)
  try {
    const text = readInputFile(path).toString('utf8')
    spec.files.push(path)
    return text
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw treeError(spec, `${name}: ${systemReason(error)}`)
  }
}

/** make leaves Makefile and .config at the top of where it builds; an installed tree has neither. */
function assertBuildTree(spec: ModulesSpec): void {
  const folder = spec.modulesDir
  if (!existsSync(folder)) throw treeError(spec, 'there is no such folder')
  if (!existsSync(join(folder, 'Makefile')) && !existsSync(join(folder, '.config'))) {
    throw treeError(
      spec,
      'it has no modules.dep',
      `Make it: depmod -b ${join(folder, INSTALLED_DEPTH)} ${basename(folder)}`,
    )
  }
  if (!existsSync(join(folder, 'modules.order'))) {
    throw treeError(spec, 'the kernel is not built there, it has no modules.order', 'Build it: make modules')
  }
}

function readBuildTree(spec: TreeReading): BuildTree {
  const paths = orderedPaths(readTreeFile(spec, 'modules.order') ?? '')
  const byName = new Map(paths.map((path) => [moduleName(path), path]))
  const infos = new Map<string, ModuleInfo>()
  const queue = spec.modules.map(moduleName)
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const path = byName.get(name)
    if (path === undefined || infos.has(name)) continue
    const info = readBuiltModule(spec, path)
    infos.set(name, info)
    queue.push(...dependencies(info))
    const soft = (info.get('softdep') ?? []).flatMap(softDependencyNames)
    queue.push(...soft)
    // An alias: only the modules themselves know what it means.
    if (soft.some((other) => !byName.has(other))) for (const other of byName.keys()) queue.push(other)
  }
  return {
    version: readTreeFile(spec, 'include/config/kernel.release')?.trim() || basename(spec.modulesDir),
    paths,
    builtin: readTreeFile(spec, 'modules.builtin') ?? '',
    infos,
  }
}

/** A line is `kernel/a/b.ko` in older kernels, `a/b.ko` in 5.4 to 6.x, `a/b.o` in newer ones. */
function orderedPaths(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => line.replace(/^kernel\//, '').replace(/\.k?o$/, '.ko'))
}

function readBuiltModule(spec: TreeReading, path: string): ModuleInfo {
  let bytes: Uint8Array
  try {
    bytes = readInputFile(join(spec.modulesDir, path))
    spec.files.push(join(spec.modulesDir, path))
  } catch (error) {
    const gone = errnoOf(error) === 'ENOENT'
    throw treeError(
      spec,
      `modules.order names ${path}, ${gone ? 'which is not there' : systemReason(error)}`,
      gone ? 'Build it: make modules' : undefined,
    )
  }
  return readModuleInfo(bytes, path)
}

function treeError({ modulesDir, configPath }: ModulesSpec, why: string, hint?: string): LayoutError {
  const problem: Problem = {
    message: `Cannot read the module tree ${modulesDir}: ${why}`,
    ...(hint !== undefined && { hint }),
    path: [...configPath, 'modules_dir'],
  }
  return new LayoutError(problem)
}

/** `kernel`: the folder that the kernel was built in, or a link to it, if it is there. */
function symbolsOf({ modules }: ModulesSpec, indexes: ModuleIndexes, kernel: string): Map<string, KernelSymbol> {
  const there = new Set(`${indexes.dep}\n${indexes.builtin}`.split('\n').map((line) => moduleName(line.split(':')[0]!)))
  const missing = modules.map(moduleName).filter((name) => !there.has(name))
  const symbols = new Map<string, KernelSymbol>()
  if (missing.length === 0) return symbols
  const config = existsSync(join(kernel, '.config'))
    ? readInputFile(join(kernel, '.config')).toString('utf8')
    : undefined
  const unusual = missing.filter((name) => usualSymbol(name) === undefined)
  const inKbuild = unusual.length === 0 ? new Map<string, string>() : kbuildSymbols(kernel)
  for (const module of missing) {
    const name = usualSymbol(module) ?? inKbuild.get(module)
    if (name === undefined) continue
    symbols.set(module, { name, ...(config !== undefined && { state: stateInConfig(config, name) }) })
  }
  return symbols
}

/** Folders of a kernel's sources that hold drivers or what they stand on. */
const SOURCE_FOLDERS = ['arch', 'block', 'crypto', 'drivers', 'fs', 'kernel', 'lib', 'mm', 'net', 'security', 'sound']

/** Of every Kbuild file and Makefile. A build folder apart from the sources has a link `source` to them. */
function kbuildSymbols(kernel: string): Map<string, string> {
  const root = existsSync(join(kernel, 'source')) ? join(kernel, 'source') : kernel
  const symbols = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.name === 'Makefile' || entry.name === 'Kbuild') {
        for (const [module, symbol] of symbolsOfKbuild(readInputFile(path).toString('utf8')))
          symbols.set(module, symbol)
      }
    }
  }
  for (const name of SOURCE_FOLDERS) if (existsSync(join(root, name))) visit(join(root, name))
  return symbols
}
