/** Everything that `planGadgetFiles` needs from the host, read in one place. */

import { basename } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { readInputFile } from '../bytes/read-input-file.js'
import type { GadgetSpec } from '../config/spec.js'
import { errnoOf, LayoutError, type Problem, systemReason } from '../errors.js'
import type { GadgetInputs } from './gadget-files.js'
import { readDeviceTrees } from './read-device-tree.js'
import { readModuleTree } from './read-module-tree.js'
import { readTemplates } from './template.js'

/** Throws LayoutError with every input that is missing or unreadable. */
export async function readGadgetInputs(spec: GadgetSpec): Promise<GadgetInputs> {
  const problems: Problem[] = []
  const templates = await readTemplates()
  const deviceTrees = readDeviceTrees(spec.deviceTrees, problems)
  const { modulesDir } = spec
  const moduleHost = readModuleHost(spec, problems)
  const moduleTree =
    modulesDir === undefined ? undefined : attempt(() => readModuleTree({ ...spec, modulesDir }), problems)
  if (problems.length > 0) throw new LayoutError(problems)
  return { templates, deviceTrees, ...(moduleTree && { moduleTree }), ...(moduleHost && { moduleHost }) }
}

function readModuleHost({ modulesInto, configPath }: GadgetSpec, problems: Problem[]): GadgetInputs['moduleHost'] {
  if (modulesInto === undefined) return undefined
  try {
    return { name: basename(modulesInto), bytes: readInputFile(modulesInto) }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    problems.push({
      message: `Cannot read list ${modulesInto}: ${systemReason(error)}`,
      path: [...configPath, 'modules_into'],
    })
    return undefined
  }
}

/** What `read` gives; undefined with its problems where the host has not got it. */
function attempt<T>(read: () => T, problems: Problem[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error
    appendAll(problems, error.problems)
    return undefined
  }
}
