import type { ConfigPath } from '../errors.js'

/** For messages: `fs of partition "data"`, `options.inodes of partition 2`, `bundle.include[0]`, `the config`. */
export function describePath(path: ConfigPath, plain: unknown): string {
  if (path.length === 0) return 'the config'
  const [top, index, ...rest] = path
  if (top !== 'partitions' || typeof index !== 'number') return joinKeys(path)
  const partition = describePartition(index, plain)
  return rest.length === 0 ? partition : `${joinKeys(rest)} of ${partition}`
}

/** `partition "data"`, or `partition 3` (counted from 1) where it has no name. */
function describePartition(index: number, plain: unknown): string {
  const partition = (plain as { partitions?: readonly unknown[] } | null)?.partitions?.[index]
  const name = (partition as { name?: unknown } | null)?.name
  return typeof name === 'string' && name !== '' ? `partition "${name}"` : `partition ${index + 1}`
}

function joinKeys(path: ConfigPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}
