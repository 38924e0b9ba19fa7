/**
 * JFFS2 as a volume format: a log of nodes on flash that is erased block by block. Read by Linux and by U-Boot, which scan all of it.
 * Nodes and checksums are those of mkfs.jffs2; every free choice: docs/OUTPUT.md, "JFFS2". The bytes are described in disklayout.ts.
 */
import type { VolumeFormat } from '../volume.js'
import type { Jffs2FormatOptions } from './options.js'
import { Jffs2Planner } from './plan.js'

export type { Jffs2FormatOptions } from './options.js'

export const jffs2Format: VolumeFormat<Jffs2FormatOptions> = {
  plan(tree, sizeBytes, options) {
    return new Jffs2Planner(tree, options).plan(sizeBytes)
  },

  smallestSizeBytes(tree, options, _environment, free) {
    return new Jffs2Planner(tree, options).smallestSizeBytes(free)
  },
}
