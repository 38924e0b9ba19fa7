/** What sets the storage up on the board: scripts, options of modules, fragments of configs. */
import type { GadgetSpec, MassStorageSpec } from '../../config/spec.js'
import type { DeviceTreeInput } from '../device-tree-files.js'
import type { GadgetPart } from '../gadget-part.js'
import type { ModuleTree } from '../module-tree.js'
import { missingModuleWarnings, modulesToInsert } from './check-modules.js'
import { hostRoleWarnings } from './check-role.js'
import { harvestScript } from './harvest-script.js'
import { busyboxConfig, kernelConfig } from './kernel-config.js'
import { insmodSequence, modprobeOptions, serviceScript } from './service-script.js'
import { systemdUnit } from './systemd-unit.js'

/** Where the application note has its modules. */
const FLAT_PREFIX = '/lib/modules'

export interface MassStorageInputs {
  readonly templates: ReadonlyMap<string, string>
  readonly deviceTrees?: readonly DeviceTreeInput[]
  readonly moduleTree?: ModuleTree
}

export function planMassStorage(
  spec: Omit<GadgetSpec, 'massStorage'> & { readonly massStorage: MassStorageSpec },
  { templates, moduleTree, deviceTrees }: MassStorageInputs,
): GadgetPart {
  const { massStorage } = spec
  const script = serviceScript(massStorage, modulesToInsert(massStorage, moduleTree), templates)
  const texts: Record<string, string> = {
    ...(massStorage.service === 'init'
      ? { 'S50usb-gadget': script }
      : { 'usb-gadget': script, 'usb-gadget.service': systemdUnit(massStorage, templates) }),
    ...(massStorage.driver === 'g_mass_storage' && {
      'g_mass_storage.conf': modprobeOptions(massStorage),
      'insmod.sh': insmodSequence(massStorage, spec.prefix ?? FLAT_PREFIX),
    }),
    ...(massStorage.harvest && { harvest: harvestScript(massStorage, massStorage.harvest, templates) }),
    ...(massStorage.kernelConfig && {
      'kernel.config': kernelConfig(massStorage),
      'busybox.config': busyboxConfig(massStorage),
    }),
  }
  return {
    files: Object.entries(texts).map(([name, text]) => ({ name, bytes: Buffer.from(text, 'utf8') })),
    warnings: [...missingModuleWarnings(spec, moduleTree), ...hostRoleWarnings(spec, deviceTrees)],
  }
}
