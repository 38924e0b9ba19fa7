/**
 * The list of kernel modules for an initramfs, in the format of gen_init_cpio ([gen_init_cpio], usage text):
 *
 *   dir <name> <mode> <uid> <gid>
 *   file <name> <location> <mode> <uid> <gid>
 *
 * Fields are split on blanks and nothing quotes them; modes are octal; `${VAR}` is expanded in the location only. Parents
 * are not made by the kernel's unpacker, so their `dir` lines stand first.
 */
import { ConfigError, type ConfigPath, type Warning } from '../errors.js'
import { moduleClosure } from './module-index.js'
import { moduleName } from './module-name.js'
import type { ModuleTree } from './module-tree.js'
import { renderTemplate } from './template.js'

export interface ModuleListOptions {
  /** Text before every location; usually the literal `${INSTALL_ROOT}`, expanded when the list is used. */
  readonly installRoot: string
  /** Names (`g_mass_storage`), in the order of loading unless there is a tree. */
  readonly modules: readonly string[]
  readonly tree?: ModuleTree
  /** Folder of the initramfs in which all modules stand side by side (`/lib/modules`). */
  readonly prefix?: string
  /** Permission bits of the modules. */
  readonly mode?: number
  readonly templates: ReadonlyMap<string, string>
  /** The `gadget:` section, for errors. */
  readonly configPath: ConfigPath
}

export interface ModuleList {
  readonly text: string
  /** Its lines without the comments: folders with their paths, then files. */
  readonly folders: readonly { readonly path: string; readonly line: string }[]
  readonly files: readonly { readonly path: string; readonly line: string }[]
  readonly comments: readonly string[]
  readonly warnings: readonly Warning[]
}

const MODULES_FOLDER = '/lib/modules'
const DEFAULT_MODE = 0o644
const DIRECTORY_MODE = 0o755

/** One `file` line: where it goes, and where it comes from below the install root. */
interface ListedModule {
  readonly target: string
  readonly location: string
}

/**
 * With a tree: the closure in the order of insmod. An installed tree's files keep their paths, so that modprobe finds them
 * too, unless `prefix` is given; those of a build tree stand side by side, as it says nothing else. Without a tree: what is
 * named, in the order given, side by side.
 *
 * Throws ConfigError for every module that is not in the tree, and for what the list cannot hold.
 */
export function planModuleList(options: ModuleListOptions): ModuleList {
  const { installRoot, tree, prefix, mode = DEFAULT_MODE, configPath } = options
  const { listed, builtin, warnings } =
    tree === undefined
      ? { listed: options.modules.map((module) => namedModule(module, prefix)), builtin: [], warnings: [] }
      : treeModules(options.modules, tree, prefix, configPath)
  const assertPlain = (text: string, key: string): void => {
    if (!/\s/.test(text)) return
    throw new ConfigError({
      message: `Cannot list modules below "${text}": gen_init_cpio splits fields at blanks and cannot quote them, a path without blanks is expected`,
      path: [...configPath, key],
    })
  }
  const assertLiteral = (location: string): void => {
    if (!location.includes('${')) return
    throw new ConfigError({
      message: `Cannot list modules below "${location}": gen_init_cpio takes \${ for a variable, a path without it is expected`,
      path: [...configPath, 'modules_dir'],
    })
  }
  assertPlain(installRoot, 'install_root')
  for (const { location } of listed) {
    assertPlain(location, 'modules_dir')
    assertLiteral(location)
  }
  for (const { target } of listed) assertPlain(target, 'prefix')
  const order = listed.map(({ target }) => moduleName(target)).join(' ') || 'none'
  const comments = [
    `# Load them in this order: ${order}`,
    ...(builtin.length === 0 ? [] : [`# Built into the kernel, nothing to load: ${builtin.join(' ')}`]),
  ]
  const folders = parentFolders(listed.map(({ target }) => target)).map((path) => ({
    path,
    line: `dir ${path} ${octal(DIRECTORY_MODE)} 0 0`,
  }))
  const files = listed.map(({ target, location }) => ({
    path: target,
    line: `file ${target} ${installRoot}${location} ${octal(mode)} 0 0`,
  }))
  const text = renderTemplate(options.templates, 'modules.list', {
    comments: comments.join('\n'),
    entries: [...folders, ...files].map(({ line }) => `${line}\n`).join(''),
  })
  return { text, folders, files, comments, warnings }
}

function namedModule(module: string, prefix = MODULES_FOLDER): ListedModule {
  return { target: `${prefix}/${module}.ko`, location: `${MODULES_FOLDER}/${module}.ko` }
}

function treeModules(
  modules: readonly string[],
  tree: ModuleTree,
  prefix: string | undefined,
  configPath: ConfigPath,
): { listed: readonly ListedModule[]; builtin: readonly string[]; warnings: readonly Warning[] } {
  const { paths, problems, builtin, warnings } = moduleClosure(modules, tree, [...configPath, 'modules'])
  if (problems.length > 0) throw new ConfigError(problems)
  const folder = prefix ?? (tree.kind === 'build' ? MODULES_FOLDER : undefined)
  const listed = paths.map((path) => {
    const location = `${tree.location}/${path}`
    return { location, target: folder === undefined ? location : `${folder}/${path.slice(path.lastIndexOf('/') + 1)}` }
  })
  return { listed, builtin, warnings }
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
