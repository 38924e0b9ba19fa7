/** Everything that `planGadgetFiles` needs from the host, read in one place. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { GadgetSpec } from '../config/spec.js'
import { type ConfigPath, errnoOf, LayoutError, type Problem } from '../errors.js'
import type { GadgetInputs } from './gadget-files.js'
import type { ModuleIndexes } from './module-index.js'
import { readDeviceTrees } from './read-device-tree.js'
import { reasonOf } from './read-failure.js'
import { readTemplates } from './template.js'

/** Throws LayoutError with every input that is missing or unreadable. */
export async function readGadgetInputs(spec: GadgetSpec): Promise<GadgetInputs> {
  const problems: Problem[] = []
  const templates = await readTemplates()
  const deviceTrees = await readDeviceTrees(spec.deviceTrees, problems)
  const moduleIndexes =
    spec.modulesDir === undefined ? undefined : await readModuleIndexes(spec.modulesDir, spec.configPath, problems)
  if (problems.length > 0) throw new LayoutError(problems)
  return { templates, deviceTrees, ...(moduleIndexes && { moduleIndexes }) }
}

/** modules.dep must be there; a kernel without built-in modules or soft dependencies may lack the others. */
async function readModuleIndexes(
  folder: string,
  configPath: ConfigPath,
  problems: Problem[],
): Promise<ModuleIndexes | undefined> {
  const version = basename(folder)
  try {
    const dep = await readFile(join(folder, 'modules.dep'), 'utf8')
    const [builtin = '', softdep = '', alias = ''] = await Promise.all(
      ['modules.builtin', 'modules.softdep', 'modules.alias'].map((name) => readIfThere(join(folder, name))),
    )
    return { version, dep, builtin, softdep, alias }
  } catch (error) {
    const noIndex = errnoOf(error) === 'ENOENT'
    problems.push({
      message: `Cannot read the module tree ${folder}: ${noIndex ? 'it has no modules.dep' : reasonOf(error)}`,
      ...(noIndex && { hint: `Make it: depmod -b ${join(folder, '../../..')} ${version}` }),
      path: [...configPath, 'modules_dir'],
    })
    return undefined
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw error
  }
}
