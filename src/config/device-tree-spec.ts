import type { DtsValue } from '../bytes/dts-value.js'
import type { ConfigPath } from '../errors.js'

/** What is set of one node of a device tree. */
export interface DeviceTreeSpec {
  /** A source or a compiled tree; absolute. */
  readonly file: string
  /** `&label` or `/path`. */
  readonly node: string
  /** In the order of the config. A value that is missing: the node shall not have the property. */
  readonly properties: readonly { readonly name: string; readonly value: DtsValue | undefined }[]
  /** Also as an overlay. */
  readonly overlay: boolean
  /** Whether the result is compiled where the host can. */
  readonly check: boolean
  /** Where included files are looked for, beside the folder of the file that includes them; absolute. */
  readonly includeFolders: readonly string[]
  readonly configPath: ConfigPath
}
