/** The hint of a volume that is too small only because holes of its files are written in full. */
import { formatSize } from '../bytes/format-size.js'
import type { PartitionSpec } from '../config/spec.js'
import { LayoutError } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { Payload } from './disk-plan.js'

/** A payload that is larger than its volume, but would not be with its holes, gets the way out as a hint. */
export function explainingHoles<T>({ volume }: PartitionSpec, payload: Payload, plan: () => T): T {
  try {
    return plan()
  } catch (error) {
    const sparse = payload.kind === 'tree' ? payload.sparseAtSource : undefined
    const isWrittenInFull =
      volume.kind === 'file-system' && volume.holes === 'none' && fileSystemOf(volume.type).keeps.holes
    if (!(error instanceof LayoutError) || !isWrittenInFull || sparse === undefined || sparse.files === 0) throw error
    const files =
      sparse.files === 1
        ? '1 file is sparse at its source, and is'
        : `${sparse.files} files are sparse at their source, and are`
    const hint = `${files} written in full: holes: host leaves out the ${formatSize(sparse.bytes)} that are holes there`
    const [first, ...others] = error.problems
    const hints = first?.hint === undefined ? hint : `${first.hint} ${hint}`
    throw new LayoutError([{ ...first!, hint: hints }, ...others], { details: error.details, cause: error })
  }
}
