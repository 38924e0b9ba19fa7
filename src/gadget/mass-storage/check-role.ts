/** A port that stays a host shows no storage to anybody. */
import type { DtsValue } from '../../bytes/dts-value.js'
import type { DeviceTreeSpec, GadgetSpec } from '../../config/spec.js'
import type { Warning } from '../../errors.js'
import type { DeviceTreeInput } from '../device-tree-files.js'
import { effectiveProperty } from '../effective-property.js'

const PROPERTY = 'dr_mode'

/** What a node's role will be, as far as it is certain: of several possibilities none is. */
type Role = string | undefined

/** One for each node of `device_tree:` that ends up a host, unless another one there ends up otherwise. */
export function hostRoleWarnings(
  { deviceTrees }: Pick<GadgetSpec, 'deviceTrees'>,
  inputs: readonly DeviceTreeInput[] = [],
): readonly Warning[] {
  const roles = deviceTrees.map((spec) => roleOf(spec, deviceTrees, inputs))
  if (roles.some((role) => role === 'peripheral' || role === 'otg')) return []
  return deviceTrees.flatMap(({ node, configPath }, index) =>
    roles[index] === 'host'
      ? [
          {
            finding: 'usb-host-role' as const,
            path: configPath,
            message: `The device tree leaves ${node} a host: a host shows no storage`,
            hint: `${PROPERTY}: peripheral`,
          },
        ]
      : [],
  )
}

/** The last one that the config sets for this node, else what its source says. */
function roleOf(
  { file, node }: DeviceTreeSpec,
  specs: readonly DeviceTreeSpec[],
  inputs: readonly DeviceTreeInput[],
): Role {
  const set = specs
    .filter((spec) => spec.file === file && spec.node === node)
    .flatMap(({ properties }) => properties)
    .findLast(({ name }) => name === PROPERTY)
  if (set !== undefined) return wordOf(set.value)
  const input = inputs.find(({ path }) => path === file)
  if (input === undefined) return undefined
  const { possible, unreadInclude } = effectiveProperty(input, node, PROPERTY)
  return possible.length === 1 && unreadInclude === undefined ? wordOf(possible[0]!.value) : undefined
}

function wordOf(value: DtsValue | undefined): Role {
  const [piece, ...more] = value ?? []
  return piece?.kind === 'string' && more.length === 0 ? piece.text : undefined
}
