/** A module list that lacks what the script will ask for is found here, and not on the board. */
import type { GadgetSpec, MassStorageSpec } from '../../config/spec.js'
import type { Warning } from '../../errors.js'
import { type ModuleSource, moduleClosure } from '../module-index.js'
import { moduleName } from '../module-name.js'
import { driverModules, FOUNDATION_MODULES } from './usb-functions.js'

/** Nothing is said where the config lists no modules: the board may have them all. */
export function missingModuleWarnings(
  spec: Pick<GadgetSpec, 'modules' | 'configPath'> & { readonly massStorage: MassStorageSpec },
  tree: ModuleSource | undefined,
): readonly Warning[] {
  const { modules, massStorage, configPath } = spec
  if (modules.length === 0) return []
  const listed = new Set(modules.map(moduleName))
  if (tree !== undefined) {
    for (const path of moduleClosure(modules, tree, configPath).paths) listed.add(moduleName(path))
  }
  const builtIn = new Set(tree?.indexes.builtin.split('\n').map(moduleName))
  const needed = driverModules(massStorage)
  const missing = needed.filter((name) => !listed.has(name) && !builtIn.has(name))
  if (missing.length === 0) return []
  const complete = tree === undefined ? needed : [...modules, ...missing]
  return [
    {
      path: [...configPath, 'modules'],
      finding: 'module-missing',
      message: `The module list lacks ${missing.join(', ')}: the gadget's script needs ${missing.length === 1 ? 'it' : 'them'}, unless built in`,
      hint: `modules: [${complete.join(', ')}]`,
    },
  ]
}

/** The order in which the script inserts: the closure where a module tree tells it, else what the drivers are known to need. */
export function modulesToInsert(massStorage: MassStorageSpec, tree: ModuleSource | undefined): readonly string[] {
  const needed = driverModules(massStorage)
  const paths = tree === undefined ? [] : moduleClosure(needed, tree, []).paths
  return paths.length > 0 ? paths.map(moduleName) : [...FOUNDATION_MODULES, ...needed]
}
