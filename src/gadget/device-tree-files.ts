/**
 * The board's device trees with what the config asks of them: each file as a whole, its change as a patch to apply in the
 * folder of the source (`patch -p1`), and where asked the same change as an overlay.
 */

import { unifiedDiff } from '../bytes/unified-diff.js'
import type { DeviceTreeSpec } from '../config/spec.js'
import { ConfigError, type ConfigPath, DiskloomError, FormatError, type Warning } from '../errors.js'
import { bodyReference, type OverlayNode, overlayBlob, overlaySource } from './device-tree-overlay.js'
import { type DtsFile, DtsSource } from './dts-source.js'
import { setFdtProperty } from './fdt/set-fdt-property.js'
import { setNodeProperty } from './set-node-property.js'
import { indentUnit } from './splices.js'
import { renderTemplate } from './template.js'

/** A file of `device_tree:` as it was read. */
export type DeviceTreeInput =
  | { readonly kind: 'source'; readonly path: string; readonly file: DtsFile }
  | { readonly kind: 'compiled'; readonly path: string; readonly name: string; readonly bytes: Uint8Array }

export interface DeviceTreeFiles {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly warnings: readonly Warning[]
}

/** `specs`: those of this file. No patch where nothing changes. Throws ConfigError and FormatError with the place in the config. */
export function planDeviceTreeFiles(
  specs: readonly DeviceTreeSpec[],
  input: DeviceTreeInput,
  templates: ReadonlyMap<string, string>,
): DeviceTreeFiles {
  const edited = input.kind === 'source' ? editSource(specs, input.file, templates) : editCompiled(specs, input)
  const overlay = specs.filter((spec) => spec.overlay).map(overlayNode)
  if (overlay.length === 0) return edited
  const name = `${nameOf(input).replace(/\.(?:dts|dtb|dtsi)(?:\..*)?$/, '')}-overlay`
  const files = [
    { name: `${name}.dts`, bytes: Buffer.from(overlaySource(overlay), 'latin1') },
    { name: `${name}.dtbo`, bytes: overlayBlob(overlay) },
  ]
  return { ...edited, files: [...edited.files, ...files] }
}

function nameOf(input: DeviceTreeInput): string {
  return input.kind === 'source' ? input.file.name : input.name
}

function editSource(
  specs: readonly DeviceTreeSpec[],
  file: DtsFile,
  templates: ReadonlyMap<string, string>,
): DeviceTreeFiles {
  const { name } = file
  const warnings: Warning[] = []
  let source = located(specs[0]!.configPath, () => new DtsSource(file))
  for (const spec of specs) {
    for (const { name: property, value } of spec.properties) {
      const edit = located(spec.configPath, () =>
        setNodeProperty(source, {
          name,
          node: spec.node,
          property,
          value,
          overrideBody: (node, statement) =>
            renderTemplate(templates, 'node-override.dts', { node: bodyReference(node), statement }).replaceAll(
              '\n\t',
              `\n${indentUnit(source.ownText())}`,
            ),
        }),
      )
      source = source.withText(edit.text)
      if (edit.laterInclude !== undefined) {
        warnings.push({
          finding: 'device-tree-include',
          message: `Device tree ${name}: the include at ${edit.laterInclude} follows ${spec.node} and may set its ${property} again`,
          path: spec.configPath,
        })
      }
    }
  }
  const files = [{ name, bytes: Buffer.from(source.ownText(), 'latin1') }]
  const diff = unifiedDiff(name, file.text, source.ownText())
  if (diff === undefined) warnings.push(unchanged(name, specs, 'so there is no patch'))
  else files.push({ name: `${name}.patch`, bytes: Buffer.from(diff, 'latin1') })
  return { files, warnings }
}

function editCompiled(
  specs: readonly DeviceTreeSpec[],
  { name, bytes }: Extract<DeviceTreeInput, { kind: 'compiled' }>,
): DeviceTreeFiles {
  let after = bytes
  for (const { node, properties, configPath } of specs) {
    for (const { name: property, value } of properties) {
      after = located(configPath, () => setFdtProperty(after, { name, node, property, value }))
    }
  }
  const warnings = after === bytes ? [unchanged(name, specs, 'so it is unchanged')] : []
  return { files: [{ name, bytes: after }], warnings }
}

function unchanged(name: string, specs: readonly DeviceTreeSpec[], consequence: string): Warning {
  const [spec] = specs
  const asked = specs.flatMap(({ properties }) => properties)
  const what =
    asked.length === 1
      ? `${asked[0]!.name} of ${spec!.node} is as asked`
      : `all ${asked.length} properties are as asked`
  return {
    finding: 'device-tree-unchanged',
    message: `Device tree ${name}: ${what} already, ${consequence}`,
    path: spec!.configPath,
  }
}

function overlayNode({ node, properties, configPath }: DeviceTreeSpec): OverlayNode {
  return {
    node,
    properties: properties.map(({ name, value }) => {
      if (value !== undefined) return { name, value }
      throw new ConfigError([
        {
          message: `Cannot delete ${name} of node ${node} by an overlay: it can only add and change`,
          path: [...configPath, 'overlay'],
        },
      ])
    }),
  }
}

/** Adds the place in the config to what `action` throws: the node is the config's, the syntax the file's. */
function located<T>(configPath: ConfigPath, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    const [field, ErrorClass] =
      error instanceof ConfigError ? (['node', ConfigError] as const) : (['file', FormatError] as const)
    const problems = error.problems.map((problem) => ({ ...problem, path: [...configPath, field] }))
    throw new ErrorClass(problems, { cause: error })
  }
}
