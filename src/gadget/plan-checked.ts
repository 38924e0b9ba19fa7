/** The board files from the config to the end: what they need is read, they are planned, and the host's compilers are asked. */
import type { GadgetSpec } from '../config/spec.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { type ChangedSource, checkDeviceTrees } from './check-device-tree.js'
import { GADGET_FOLDER, type GadgetPlan, planGadgetFiles } from './gadget-files.js'
import { readGadgetInputs } from './read-gadget-inputs.js'

export interface PlanCheckedOptions {
  readonly runner: CommandRunner
  readonly unwritten?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface CheckedGadget extends GadgetPlan {
  /** What the module tree stands below on this machine: the install root of the list. */
  readonly hostRoot?: string
  /** Files that the module list was made from. */
  readonly moduleFiles: readonly string[]
}

/**
 * Throws as `readGadgetInputs`, `planGadgetFiles` and `checkDeviceTrees`. `unwritten`: the files are planned for their errors
 * alone, and nobody is asked for a second opinion on them.
 */
export async function planCheckedGadget(
  spec: GadgetSpec,
  { runner, unwritten = false, signal }: PlanCheckedOptions,
): Promise<CheckedGadget> {
  const inputs = await readGadgetInputs(spec)
  const { files, warnings } = planGadgetFiles(spec, inputs)
  const sources = (inputs.deviceTrees ?? []).flatMap((input): ChangedSource[] => {
    if (input.kind !== 'source') return []
    const after = files.find(({ path }) => path === `${GADGET_FOLDER}/${input.file.name}`)!.bytes
    const specs = spec.deviceTrees.filter(({ file }) => file === input.path)
    return [{ path: input.path, before: input.file, after, specs }]
  })
  const unchecked = unwritten ? [] : await checkDeviceTrees(sources, runner, signal)
  const { moduleTree } = inputs
  return {
    files,
    warnings: [...warnings, ...unchecked],
    ...(moduleTree && { hostRoot: moduleTree.hostRoot }),
    moduleFiles: moduleTree?.files ?? [],
  }
}
