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
import { type ModuleIndexes, moduleClosure, moduleName } from './module-index.js'
import { renderTemplate } from './template.js'

export interface ModuleListOptions {
  /** Text before every location; usually the literal `${INSTALL_ROOT}`, expanded when the list is used. */
  readonly installRoot: string
  /** Names (`g_mass_storage`), in the order of loading unless `indexes` are there. */
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
 * Throws ConfigError for every module that is not in the tree, and for an install root that the list cannot hold.
 */
export function planModuleList(options: ModuleListOptions): ModuleList {
  const { installRoot, indexes, prefix = DEFAULT_PREFIX, mode = DEFAULT_MODE, configPath, templates } = options
  if (/\s/.test(installRoot)) {
    throw new ConfigError({
      message: `Cannot list modules below "${installRoot}": gen_init_cpio splits fields at blanks and cannot quote them, a path without blanks is expected`,
      path: [...configPath, 'install_root'],
    })
  }
  const { listed, warnings } =
    indexes === undefined
      ? { listed: options.modules.map((module) => flatModule(module, prefix)), warnings: [] }
      : installedModules(options.modules, indexes, prefix, configPath)
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

function flatModule(module: string, prefix: string): ListedModule {
  return { target: `${prefix}/${module}.ko`, location: `${DEFAULT_PREFIX}/${module}.ko` }
}

function installedModules(
  modules: readonly string[],
  indexes: ModuleIndexes,
  prefix: string,
  configPath: ConfigPath,
): { listed: readonly ListedModule[]; warnings: readonly Problem[] } {
  const { paths, problems, warnings } = moduleClosure(modules, indexes, [...configPath, 'modules'])
  if (problems.length > 0) throw new ConfigError(problems)
  const listed = paths.map((path) => ({
    target: `${prefix}/${indexes.version}/${path}`,
    location: `${DEFAULT_PREFIX}/${indexes.version}/${path}`,
  }))
  return { listed, warnings }
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
