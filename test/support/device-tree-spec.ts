import { parseDtsValue } from '../../src/bytes/dts-value.js'
import type { DeviceTreeSpec } from '../../src/config/spec.js'

/** What the config's `device_tree:` becomes; values as a source has them, undefined = the property shall go. */
export function deviceTreeSpec(
  file: string,
  node: string,
  properties: Readonly<Record<string, string | undefined>> = { dr_mode: '"peripheral"' },
  more: Partial<DeviceTreeSpec> = {},
): DeviceTreeSpec {
  return {
    file,
    node,
    properties: Object.entries(properties).map(([name, value]) => {
      return { name, value: value === undefined ? undefined : parseDtsValue(value) }
    }),
    overlay: false,
    check: true,
    includeFolders: [],
    configPath: ['gadget', 'device_tree'],
    ...more,
  }
}
