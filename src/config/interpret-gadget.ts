import { interpretDeviceTrees } from './interpret-device-tree.js'
import { interpretGadgetModules } from './interpret-gadget-modules.js'
import type { Interpretation } from './interpretation.js'
import type { GadgetInput } from './schema/gadget.js'
import type { GadgetSpec } from './spec.js'

export function interpretGadget(input: GadgetInput, interpretation: Interpretation): GadgetSpec {
  const configPath = ['gadget'] as const
  const { modules = [], device_tree: tree } = input
  if (modules.length === 0 && tree === undefined) {
    interpretation.refuse(
      configPath,
      'Cannot make gadget files: neither modules nor device_tree is given, at least one is needed',
    )
  }
  return {
    ...interpretGadgetModules(input, interpretation),
    deviceTrees: tree === undefined ? [] : interpretDeviceTrees(tree, interpretation),
    configPath,
  }
}
