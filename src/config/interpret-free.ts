import { type Quantity, toSizeSpec } from '../schema/quantity.js'
import type { PartitionContext } from './interpretation.js'
import type { SizeSpec, VolumeSpec } from './spec.js'

/** Beyond it lies what a file system takes for itself. */
const MAX_FREE_PERCENT = 90

/** Room to leave is a wish about a size that is still to be found. */
export function interpretFree(
  input: { readonly free?: Quantity },
  volume: VolumeSpec,
  { size, context }: { readonly size: SizeSpec | undefined; readonly context: PartitionContext },
): { readonly free?: Extract<SizeSpec, { kind: 'bytes' | 'percent' }> } {
  const { interpretation, path, text } = context
  const free = input.free && toSizeSpec(input.free, interpretation.sectorSize)
  // Without a file system the key itself is refused.
  if (
    volume.kind === 'raw' ||
    volume.kind === 'none' ||
    volume.kind === 'verity' ||
    (free?.kind !== 'bytes' && free?.kind !== 'percent')
  )
    return {}
  const at = [...path, 'free']
  if (size?.kind !== 'auto') {
    const found = size?.kind === 'rest' ? 'it takes the rest of the disk' : 'its size is fixed'
    interpretation.refuse(at, `Cannot use free of ${text}: ${found}, free is accepted with size: auto`)
  } else if (free.kind === 'percent' && free.percent > MAX_FREE_PERCENT) {
    const found = `${free.percent}% leaves too little for the content`
    interpretation.refuse(at, `Cannot use free of ${text}: ${found}, accepted are 0% to ${MAX_FREE_PERCENT}%`)
  }
  return { free }
}
