/**
 * The board's device tree with the USB role that the config asks for: the whole file, and its change as a patch to apply
 * in the folder of the source (`patch -p1`).
 *
 * The roles are those of the binding ([usb-drd]); a missing `dr_mode` means otg, so asking for otg writes it all the same.
 */
import type { GadgetSpec } from '../config/spec.js'
import { ConfigError, type ConfigPath, DiskloomError, FormatError, type Problem } from '../errors.js'
import { setNodeProperty } from './set-node-property.js'
import { renderTemplate } from './template.js'
import { unifiedDiff } from './unified-diff.js'

const PROPERTY = 'dr_mode'

export interface DeviceTreeFiles {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly warnings: readonly Problem[]
}

/** The patch is missing where nothing changes. Throws ConfigError and FormatError with the place in the config. */
export function planDeviceTreeFiles(
  spec: NonNullable<GadgetSpec['deviceTree']>,
  source: { readonly name: string; readonly bytes: Uint8Array },
  templates: ReadonlyMap<string, string>,
): DeviceTreeFiles {
  // One character per byte: a source in any encoding comes back unchanged.
  const before = Buffer.from(source.bytes).toString('latin1')
  const edit = located(source.name, spec.configPath, () =>
    setNodeProperty(before, {
      node: spec.node,
      property: PROPERTY,
      value: spec.drMode,
      overrideBody: (node) =>
        renderTemplate(templates, 'node-override.dts', {
          node: reference(node),
          property: PROPERTY,
          value: spec.drMode,
        }),
    }),
  )
  const warnings: Problem[] = []
  if (edit.laterIncludeLine !== undefined) {
    warnings.push({
      message: `Device tree ${source.name}: the include at line ${edit.laterIncludeLine} follows ${spec.node} and may set its ${PROPERTY} again`,
      path: spec.configPath,
    })
  }
  const files = [{ name: source.name, bytes: Buffer.from(edit.text, 'latin1') }]
  const diff = unifiedDiff(source.name, before, edit.text)
  if (diff === undefined) {
    warnings.push({
      message: `Device tree ${source.name}: ${PROPERTY} of ${spec.node} is "${spec.drMode}" already, so there is no patch`,
      path: spec.configPath,
    })
  } else {
    files.push({ name: `${source.name}.patch`, bytes: Buffer.from(diff, 'latin1') })
  }
  return { files, warnings }
}

/** How another body names the node: `&{/path}` for a path. */
function reference(node: string): string {
  return node.startsWith('/') ? `&{${node}}` : node
}

/** Adds the file's name and the place in the config to what `action` throws. */
function located<T>(name: string, configPath: ConfigPath, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    const [field, ErrorClass] =
      error instanceof ConfigError ? (['node', ConfigError] as const) : (['file', FormatError] as const)
    throw new ErrorClass(
      error.problems.map((problem) => ({
        ...problem,
        message: `${name}: ${problem.message}`,
        path: [...configPath, field],
      })),
      { cause: error },
    )
  }
}
