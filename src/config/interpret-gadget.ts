import { interpretDeviceTrees } from './interpret-device-tree.js'
import type { Interpretation } from './interpretation.js'
import type { GadgetInput } from './schema/gadget.js'
import type { GadgetSpec } from './spec.js'

/** What `${INSTALL_ROOT}` is in a list that gen_init_cpio reads on the build machine. */
const DEFAULT_INSTALL_ROOT = `\${INSTALL_ROOT}`

export function interpretGadget(input: GadgetInput, interpretation: Interpretation): GadgetSpec {
  const configPath = ['gadget'] as const
  const { modules = [], modules_dir: modulesDir, device_tree: tree } = input
  if (modules.length === 0 && tree === undefined) {
    interpretation.refuse(
      configPath,
      'Cannot make gadget files: neither modules nor device_tree is given, at least one is needed',
    )
  }
  for (const [index, module] of modules.entries()) {
    if (modules.indexOf(module) !== index) {
      interpretation.refuse(
        [...configPath, 'modules', index],
        `Cannot list module ${module} twice: each is accepted once`,
      )
    }
  }
  return {
    installRoot: input.install_root ?? DEFAULT_INSTALL_ROOT,
    modules,
    deviceTrees: tree === undefined ? [] : interpretDeviceTrees(tree, interpretation),
    configPath,
    ...(modulesDir !== undefined && {
      modulesDir: interpretation.absolute(modulesDir, [...configPath, 'modules_dir']),
    }),
  }
}
