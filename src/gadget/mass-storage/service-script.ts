/** The script that shows the storage and takes it back, for configfs or for g_mass_storage. */
import type { LunSpec, MassStorageSpec } from '../../config/spec.js'
import { renderTemplate } from '../template.js'
import { configfsSteps } from './configfs-steps.js'
import { moduleParameters } from './module-parameters.js'
import { shellQuote, shellWord } from './shell-quote.js'
import { driverModules } from './usb-functions.js'

/** Modules to insert in this order; the driver's own and what they need. */
export function serviceScript(
  spec: MassStorageSpec,
  modules: readonly string[],
  templates: ReadonlyMap<string, string>,
): string {
  const common = {
    shown: spec.luns.map((lun, index) => `#     LUN ${index}: ${describeLun(lun)}`).join('\n'),
    luns: lunFunctions(spec.luns, templates),
  }
  if (spec.driver === 'g_mass_storage') {
    return renderTemplate(templates, 'usb-gadget-module.sh', {
      ...common,
      modules: shellQuote(modules.filter((name) => name !== spec.driver).join(' ')),
      parameters: moduleParameters(spec).map(shellWord).join(' \\\n\t\t'),
    })
  }
  return renderTemplate(templates, 'usb-gadget-configfs.sh', {
    ...common,
    udc: shellQuote(spec.udc ?? ''),
    wait: String(spec.udcWaitSeconds),
    modules: shellQuote(modules.join(' ')),
    steps: configfsSteps(spec)
      .map((step) => `\t${step}`)
      .join(' &&\n'),
  })
}

function lunFunctions(luns: readonly LunSpec[], templates: ReadonlyMap<string, string>): string {
  const writable = luns.flatMap(({ ro }, index) => (ro ? [] : [String(index)]))
  return renderTemplate(templates, 'usb-gadget-luns.sh', {
    files: luns.map(({ file }, index) => `\t${index}) printf '%s\\n' ${shellQuote(file)} ;;`).join('\n'),
    writable: writable.length > 0 ? writable.join(' | ') : 'none',
  })
}

/** `file, read-only, removable`. */
function describeLun({ file, ro, removable, cdrom }: LunSpec): string {
  return [file, cdrom ? 'a CD-ROM' : ro ? 'read-only' : 'the host may write', ...(removable ? ['removable'] : [])].join(
    ', ',
  )
}

/** The application note's sequence: one insmod for each module, the last with the parameters. */
export function insmodSequence(spec: MassStorageSpec, prefix: string): string {
  const lines = driverModules(spec).map((name) => `insmod ${shellWord(`${prefix}/${name}.ko`)}`)
  return `${[...lines.slice(0, -1), [lines.at(-1), ...moduleParameters(spec).map(shellWord)].join(' ')].join('\n')}\n`
}

/** For modprobe.d: a line that modprobe hands to the kernel as it is. [depmod] */
export function modprobeOptions(spec: MassStorageSpec): string {
  return `options g_mass_storage ${moduleParameters(spec).join(' ')}\n`
}
