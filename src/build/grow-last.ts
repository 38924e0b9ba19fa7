import type { ImageSpec, PartitionSpec } from '../config/spec.js'
import { LayoutError } from '../errors.js'
import type { DiskPlan } from '../layout/disk-plan.js'

/**
 * The spec of `plan` for a disk of `sizeBytes` on which the last partition takes the rest. The last is the one that ends last of
 * those in the table; it begins where the config says, and what the config says of its size or end no longer counts.
 */
export function grownSpec(plan: DiskPlan, sizeBytes: number): ImageSpec {
  const last = plan.partitions
    .filter(({ index }) => plan.spec.partitions[index]!.inTable)
    .toSorted((a, b) => a.endByte - b.endByte)
    .at(-1)
  if (last === undefined) throw new LayoutError('Cannot grow the last partition: the config has none in its table')
  const partitions = plan.spec.partitions.map((partition, index) =>
    index === last.index ? withRest(partition) : partition,
  )
  return { ...plan.spec, sizeBytes, partitions }
}

function withRest({ endExclusive: _end, size: _size, ...partition }: PartitionSpec): PartitionSpec {
  return { ...partition, size: { kind: 'rest' } }
}
