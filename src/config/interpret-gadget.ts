import { interpretDeviceTrees } from './interpret-device-tree.js'
import { interpretInitramfs } from './interpret-gadget-initramfs.js'
import { interpretGadgetModules } from './interpret-gadget-modules.js'
import { interpretMassStorage } from './interpret-mass-storage.js'
import type { Interpretation } from './interpretation.js'
import type { GadgetInput } from './schema/gadget.js'
import type { GadgetSpec, ModesSpec } from './spec.js'

/** Of the rest of the config, what the section's meaning depends on. */
export interface GadgetContext {
  readonly interpretation: Interpretation
  readonly seed: string
  readonly partitionNames: readonly (string | undefined)[]
  /** Of the whole config, where it says them. */
  readonly modes: ModesSpec | undefined
}

export function interpretGadget(input: GadgetInput, { interpretation, modes, ...rest }: GadgetContext): GadgetSpec {
  const configPath = ['gadget'] as const
  const { modules = [], device_tree: tree, initramfs } = input
  const problemsBefore = interpretation.problems.length
  const massStorage = interpretMassStorage(input, { interpretation, path: configPath, modules, ...rest })
  const isRefused = interpretation.problems.length > problemsBefore
  const asksNothing = modules.length === 0 && [tree, initramfs, massStorage].every((part) => part === undefined)
  if (asksNothing && !isRefused) {
    interpretation.refuse(
      configPath,
      'Cannot make gadget files: none of modules, device_tree, luns, initramfs is given, at least one is needed',
    )
  }
  return {
    ...interpretGadgetModules(input, interpretation),
    deviceTrees: tree === undefined ? [] : interpretDeviceTrees(tree, interpretation),
    configPath,
    ...(massStorage && { massStorage }),
    ...(initramfs && {
      initramfs: interpretInitramfs(initramfs, { hasModules: modules.length > 0, modes }, interpretation),
    }),
  }
}
