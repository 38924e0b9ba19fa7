/**
 * ext2, ext3 and ext4 as a volume format. Read by Linux, U-Boot, GRUB, e2fsprogs; little-endian but for the journal.
 * Geometry, features and placement of the groups' structures are those of mke2fs 1.47.0 as Debian 12 configures it; what is
 * free (journal, directories, content) stands without gaps in tree order. docs/OUTPUT.md says why.
 */
import { formatSize } from '../../bytes/format-size.js'
import { LayoutError } from '../../errors.js'
import { freeSpaceText, NO_FREE_SPACE, type VolumeFormat } from '../volume.js'
import type { ExtFormatOptions } from './options.js'
import { optionsThatFit } from './options-that-fit.js'
import { ExtPlanner, fits, payloadTooLarge } from './plan.js'
import { findSmallestSize, LARGEST_BYTES } from './smallest-size.js'

export type { ExtFormatOptions } from './options.js'

export const extFormat: VolumeFormat<ExtFormatOptions> = {
  plan(tree, sizeBytes, options, environment) {
    const planner = new ExtPlanner(tree, options, environment)
    const attempt = planner.place(planner.layOut(sizeBytes))
    if (!fits(attempt)) {
      throw payloadTooLarge(planner, sizeBytes, attempt, {
        smallestBytes: findSmallestSize(planner),
        options: optionsThatFit({ tree, options, environment }, sizeBytes, attempt),
      })
    }
    return planner.finish(sizeBytes, attempt)
  },

  smallestSizeBytes(tree, options, environment, free = NO_FREE_SPACE) {
    const planner = new ExtPlanner(tree, options, environment)
    const size = findSmallestSize(planner, free)
    if (size === undefined) {
      // Not even this one: its own error, if it has one, says more.
      planner.layOut(LARGEST_BYTES)
      const room = free === NO_FREE_SPACE ? '' : ` with ${freeSpaceText(free)} free`
      throw new LayoutError(
        `Cannot find an ${options.type} volume for the payload${room}: it does not fit ${formatSize(LARGEST_BYTES)}, the largest`,
      )
    }
    return size
  },
}
