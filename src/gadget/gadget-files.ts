/**
 * The board files that go beside the image: the rootfs module list and the patched device tree. Pure; what it needs from
 * the host arrives in `GadgetInputs` (read-gadget-inputs.ts).
 */
import type { GadgetSpec } from '../config/spec.js'
import type { Problem } from '../errors.js'
import { planDeviceTreeFiles } from './device-tree-files.js'
import type { ModuleIndexes } from './module-index.js'
import { planModuleList } from './module-list.js'

/** What the host holds for a `gadget:` section. */
export interface GadgetInputs {
  /** Texts of the templates by file name (`modules.list`). */
  readonly templates: ReadonlyMap<string, string>
  readonly deviceTree?: {
    /** Base name of the source. */
    readonly name: string
    readonly bytes: Uint8Array
  }
  readonly moduleIndexes?: ModuleIndexes
}

export interface GadgetFile {
  /** Relative, with `/`: `gadget/modules.list`. */
  readonly path: string
  readonly bytes: Uint8Array
}

export interface GadgetPlan {
  readonly files: readonly GadgetFile[]
  readonly warnings: readonly Problem[]
}

export const GADGET_FOLDER = 'gadget'

/**
 * Throws ConfigError for what the config asks and the sources do not have (a module, a node, a mode), FormatError for a
 * source that cannot be followed.
 */
export function planGadgetFiles(spec: GadgetSpec, inputs: GadgetInputs): GadgetPlan {
  const files: GadgetFile[] = []
  const warnings: Problem[] = []
  if (spec.modules.length > 0) {
    const list = planModuleList({
      installRoot: spec.installRoot,
      modules: spec.modules,
      configPath: spec.configPath,
      templates: inputs.templates,
      ...(inputs.moduleIndexes !== undefined && { indexes: inputs.moduleIndexes }),
    })
    files.push({ path: `${GADGET_FOLDER}/modules.list`, bytes: Buffer.from(list.text, 'utf8') })
    warnings.push(...list.warnings)
  }
  if (spec.deviceTree !== undefined && inputs.deviceTree !== undefined) {
    const tree = planDeviceTreeFiles(spec.deviceTree, inputs.deviceTree, inputs.templates)
    files.push(...tree.files.map(({ name, bytes }) => ({ path: `${GADGET_FOLDER}/${name}`, bytes })))
    warnings.push(...tree.warnings)
  }
  return { files, warnings }
}
