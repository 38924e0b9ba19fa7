import type { Warning } from '../errors.js'

/** What one part of the `gadget:` section gives. */
export interface GadgetPart {
  /** Names are relative to the folder of the board files. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly warnings: readonly Warning[]
}
