/** The part of `gadget:` about kernel modules. */
import type { Interpretation } from './interpretation.js'
import type { GadgetInput } from './schema/gadget.js'
import type { GadgetModulesSpec } from './spec.js'

/** What `${INSTALL_ROOT}` is in a list that gen_init_cpio reads on the build machine. */
const DEFAULT_INSTALL_ROOT = `\${INSTALL_ROOT}`

/** Keys that say something about the modules that are listed. */
const DEPENDENT_KEYS = ['install_root', 'modules_dir', 'prefix', 'mode', 'modules_into'] as const

export function interpretGadgetModules(input: GadgetInput, interpretation: Interpretation): GadgetModulesSpec {
  const configPath = ['gadget'] as const
  const { modules = [], modules_dir: modulesDir, modules_into: modulesInto, prefix, mode } = input
  for (const [index, module] of modules.entries()) {
    if (modules.indexOf(module) !== index) {
      interpretation.refuse(
        [...configPath, 'modules', index],
        `Cannot list module ${module} twice: each is accepted once`,
      )
    }
  }
  for (const key of DEPENDENT_KEYS) {
    if (modules.length > 0 || input[key] === undefined) continue
    interpretation.refuse([...configPath, key], `Cannot use ${key}: no modules are given that it would be for`)
  }
  return {
    installRoot: input.install_root ?? DEFAULT_INSTALL_ROOT,
    modules,
    ...(modulesDir !== undefined && {
      modulesDir: interpretation.absolute(modulesDir, [...configPath, 'modules_dir']),
    }),
    ...(prefix !== undefined && { prefix }),
    ...(mode !== undefined && { mode }),
    ...(modulesInto !== undefined && {
      modulesInto: interpretation.absolute(modulesInto, [...configPath, 'modules_into']),
    }),
  }
}
