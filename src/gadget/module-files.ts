/** The module list, and a list of the board with the modules in it. */
import { appendAll } from '../bytes/append-all.js'
import { byteStringFromBytes, byteStringToBytes } from '../bytes/text.js'
import { unifiedDiff } from '../bytes/unified-diff.js'
import type { GadgetSpec } from '../config/spec.js'
import type { GadgetPart } from './gadget-part.js'
import { insertModules } from './insert-modules.js'
import { planModuleList } from './module-list.js'
import type { ModuleTree } from './module-tree.js'

export const MODULE_LIST = 'modules.list'

export interface ModuleInputs {
  readonly templates: ReadonlyMap<string, string>
  readonly tree?: ModuleTree
  /** The list that gets the modules. */
  readonly host?: { readonly name: string; readonly bytes: Uint8Array }
}

/** Errors as `planModuleList` and `insertModules`. */
export function planModuleFiles(spec: GadgetSpec, { templates, tree, host }: ModuleInputs): GadgetPart {
  const { installRoot, modules, prefix, mode, configPath } = spec
  const list = planModuleList({
    installRoot,
    modules,
    configPath,
    templates,
    ...(tree !== undefined && { tree }),
    ...(prefix !== undefined && { prefix }),
    ...(mode !== undefined && { mode }),
  })
  const files = [{ name: MODULE_LIST, bytes: Buffer.from(list.text, 'utf8') as Uint8Array }]
  const warnings = [...list.warnings]
  if (host !== undefined) {
    // One character per byte: a list in any encoding comes back unchanged.
    const before = byteStringFromBytes(host.bytes)
    const inserted = insertModules(before, list, { name: host.name, path: [...configPath, 'modules_into'] })
    files.push({ name: host.name, bytes: byteStringToBytes(inserted.text) })
    const diff = unifiedDiff(host.name, before, inserted.text)
    if (diff !== undefined) files.push({ name: `${host.name}.patch`, bytes: Buffer.from(diff, 'latin1') })
    appendAll(warnings, inserted.warnings)
  }
  return { files, warnings }
}
