/**
 * The list of kernel modules for an initramfs, in the format of gen_init_cpio ([gen_init_cpio], usage text):
 *
 *   dir <name> <mode> <uid> <gid>
 *   file <name> <location> <mode> <uid> <gid>
 *
 * Fields are split on blanks and nothing quotes them; modes are octal; `${VAR}` is expanded in the location only. Parents
 * are not made by the kernel's unpacker, so their `dir` lines stand first.
 */
import { ConfigError, type ConfigPath, type Problem } from '../errors.js'
import { hasModuleSuffix, type ModuleIndexes, moduleClosure, moduleName } from './module-index.js'
import { renderTemplate } from './template.js'

export interface ModuleListOptions {
  /** Text before every location; usually the literal `${INSTALL_ROOT}`, expanded when the list is used. */
  readonly installRoot: string
  /**
   * Names (`g_mass_storage`), or paths below the install root (`linux/drivers/usb/gadget/libcomposite.ko`). The order is
   * the order of loading unless `indexes` are there.
   */
  readonly modules: readonly string[]
  readonly indexes?: ModuleIndexes
  /** Folder of the modules in the initramfs. */
  readonly prefix?: string
  /** Permission bits of the modules. */
  readonly mode?: number
  readonly templates: ReadonlyMap<string, string>
  /** The `gadget:` section, for errors. */
  readonly configPath: ConfigPath
}

export interface ModuleList {
  readonly text: string
  readonly warnings: readonly Problem[]
}

const DEFAULT_PREFIX = '/lib/modules'
const DEFAULT_MODE = 0o644
const DIRECTORY_MODE = 0o755

/** One `file` line: where it goes, and where it comes from below the install root. */
interface ListedModule {
  readonly target: string
  readonly location: string
}

/**
 * With indexes: the closure in the order of insmod, each file at its path of the installed tree, so that modprobe finds
 * it too. Without: what is named, in the order given, all in one folder.
 *
 * Throws ConfigError for every name that cannot stand in the list or is not in the tree.
 */
export function planModuleList(options: ModuleListOptions): ModuleList {
  const { installRoot, indexes, prefix = DEFAULT_PREFIX, mode = DEFAULT_MODE, configPath, templates } = options
  const problems = [
    ...(/\s/.test(installRoot) ? [blankInField('install root', installRoot, [...configPath, 'install_root'])] : []),
    ...options.modules.flatMap((module, index) => moduleProblems(module, [...configPath, 'modules', index])),
  ]
  if (problems.length > 0) throw new ConfigError(problems)

  const warnings: Problem[] = []
  const listed =
    indexes === undefined
      ? flatModules(options.modules, prefix, configPath)
      : installedModules(options.modules, indexes, prefix, configPath, warnings)
  const text = renderTemplate(templates, 'modules.list', {
    order: listed.map(({ target }) => moduleName(target)).join(' '),
    directories: parentFolders(listed.map(({ target }) => target))
      .map((path) => `dir ${path} ${octal(DIRECTORY_MODE)} 0 0`)
      .join('\n'),
    files: listed
      .map(({ target, location }) => `file ${target} ${installRoot}${location} ${octal(mode)} 0 0`)
      .join('\n'),
  })
  return { text, warnings }
}

/** A module named twice stands once; two modules for one place are refused. */
function flatModules(modules: readonly string[], prefix: string, configPath: ConfigPath): ListedModule[] {
  const locations = new Map<string, string>()
  const problems: Problem[] = []
  modules.forEach((module, index) => {
    const { target, location } = flatModule(module, prefix)
    const other = locations.get(target)
    if (other !== undefined && other !== location) {
      problems.push({
        message: `Cannot list module "${module}": ${target} comes from ${other} already, one source is expected for each`,
        path: [...configPath, 'modules', index],
      })
    }
    locations.set(target, location)
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return [...locations].map(([target, location]) => ({ target, location }))
}

function flatModule(module: string, prefix: string): ListedModule {
  const file = hasModuleSuffix(module) ? module : `${module}.ko`
  const target = `${prefix}/${file.slice(file.lastIndexOf('/') + 1)}`
  return { target, location: file.includes('/') ? `/${file.replace(/^\/+/, '')}` : `${DEFAULT_PREFIX}/${file}` }
}

function installedModules(
  modules: readonly string[],
  indexes: ModuleIndexes,
  prefix: string,
  configPath: ConfigPath,
  warnings: Problem[],
): ListedModule[] {
  const closure = moduleClosure(modules, indexes)
  if (closure.problems.length > 0) {
    throw new ConfigError(closure.problems.map((problem) => ({ ...problem, path: [...configPath, 'modules'] })))
  }
  for (const module of closure.builtin) {
    warnings.push({
      message: `Module "${module}" is built into kernel ${indexes.version}: the list leaves it out`,
      path: [...configPath, 'modules'],
    })
  }
  return closure.paths.map((path) => ({
    target: `${prefix}/${indexes.version}/${path}`,
    location: `${DEFAULT_PREFIX}/${indexes.version}/${path}`,
  }))
}

function moduleProblems(module: string, path: ConfigPath): Problem[] {
  if (/\s/.test(module)) return [blankInField('module', module, path)]
  if (module.split('/').some((part) => part === '..')) {
    return [
      { message: `Cannot list module "${module}": ".." leaves the install root, a path below it is expected`, path },
    ]
  }
  if (!/[^/]$/.test(module)) {
    return [{ message: `Cannot list module "${module}": a module's name or path is expected`, path }]
  }
  return []
}

function blankInField(what: string, value: string, path: ConfigPath): Problem {
  return {
    message: `Cannot list ${what} "${value}": gen_init_cpio splits fields at blanks and cannot quote them`,
    path,
  }
}

/** Every folder on the way to `paths`, parents first, in the order of first use. */
function parentFolders(paths: readonly string[]): string[] {
  const folders = new Set<string>()
  for (const path of paths) {
    for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
      folders.add(path.slice(0, slash))
    }
  }
  return [...folders]
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`
}
