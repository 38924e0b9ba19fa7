/** The results of the `gadget:` section as far as they can be known before the first byte: files, and an initramfs. */
import type { InitramfsSpec } from '../config/spec.js'
import type { Warning } from '../errors.js'
import type { GadgetFile } from '../gadget/gadget-files.js'
import type { DiskImage } from '../image/extent.js'
import type { FileTree } from '../tree/file-tree.js'

/** A result that is woven, not held. */
export interface GadgetImage {
  /** As of a GadgetFile. */
  readonly path: string
  readonly image: DiskImage
  readonly compression: InitramfsSpec['compression']
  readonly level?: number
}

export interface PreparedGadget {
  readonly files: readonly GadgetFile[]
  readonly images: readonly GadgetImage[]
  /** What the images are of, for whoever asks what they depend on. */
  readonly trees: readonly FileTree[]
  /** Files that the module list was made from. */
  readonly moduleFiles: readonly string[]
  readonly warnings: readonly Warning[]
  /** Lets archives go, after the last byte was woven. */
  release(): Promise<void>
}

export const NO_GADGET: PreparedGadget = {
  files: [],
  images: [],
  trees: [],
  moduleFiles: [],
  warnings: [],
  release: async () => {},
}
