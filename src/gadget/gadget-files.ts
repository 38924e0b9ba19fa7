/**
 * The board files that go beside the image. Each part of the `gadget:` section gives its own; what a part needs from the
 * host arrives in `GadgetInputs` (read-gadget-inputs.ts), so all of this is pure.
 */
import type { GadgetSpec } from '../config/spec.js'
import type { Warning } from '../errors.js'
import { type DeviceTreeInput, planDeviceTreeFiles } from './device-tree-files.js'
import type { GadgetPart } from './gadget-part.js'
import { planMassStorage } from './mass-storage/mass-storage-files.js'
import { planModuleFiles } from './module-files.js'
import type { ModuleTree } from './module-tree.js'

/** What the host holds for a `gadget:` section. */
export interface GadgetInputs {
  /** Texts of the templates by file name (`modules.list`). */
  readonly templates: ReadonlyMap<string, string>
  /** Each file of `device_tree:` once. */
  readonly deviceTrees?: readonly DeviceTreeInput[]
  readonly moduleTree?: ModuleTree
  /** The list that gets the modules. */
  readonly moduleHost?: { readonly name: string; readonly bytes: Uint8Array }
}

export interface GadgetFile {
  /** Relative, with `/`: `gadget/modules.list`. */
  readonly path: string
  readonly bytes: Uint8Array
}

export interface GadgetPlan {
  readonly files: readonly GadgetFile[]
  readonly warnings: readonly Warning[]
}

export const GADGET_FOLDER = 'gadget'

/** Undefined where the config asks nothing of the part. Errors as `planGadgetFiles`. */
type PartPlanner = (spec: GadgetSpec, inputs: GadgetInputs) => GadgetPart | undefined

/** In the order in which the files are written and told. */
const PARTS: readonly PartPlanner[] = [planModules, planDeviceTrees, planStorage]

/**
 * Throws ConfigError for what the config asks and the sources do not have (a module, a node, a mode), FormatError for a
 * source that cannot be followed.
 */
export function planGadgetFiles(spec: GadgetSpec, inputs: GadgetInputs): GadgetPlan {
  const parts = PARTS.map((planPart) => planPart(spec, inputs)).filter((part) => part !== undefined)
  return {
    files: parts.flatMap(({ files }) => files.map(({ name, bytes }) => ({ path: `${GADGET_FOLDER}/${name}`, bytes }))),
    warnings: parts.flatMap(({ warnings }) => warnings),
  }
}

function planModules(spec: GadgetSpec, { moduleTree, moduleHost, templates }: GadgetInputs): GadgetPart | undefined {
  if (spec.modules.length === 0) return undefined
  return planModuleFiles(spec, {
    templates,
    ...(moduleTree !== undefined && { tree: moduleTree }),
    ...(moduleHost !== undefined && { host: moduleHost }),
  })
}

function planDeviceTrees(spec: GadgetSpec, { deviceTrees = [], templates }: GadgetInputs): GadgetPart {
  const parts = deviceTrees.map((input) => {
    const specs = spec.deviceTrees.filter(({ file }) => file === input.path)
    return planDeviceTreeFiles(specs, input, templates)
  })
  return { files: parts.flatMap(({ files }) => files), warnings: parts.flatMap(({ warnings }) => warnings) }
}

function planStorage(spec: GadgetSpec, inputs: GadgetInputs): GadgetPart | undefined {
  const { massStorage } = spec
  return massStorage && planMassStorage({ ...spec, massStorage }, inputs)
}
