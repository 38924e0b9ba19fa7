/**
 * The schema reads texts and notes beside each leaf what editors shall see of it (`json`), and beside each map what its
 * messages need (`group`): the first replaces the leaf, the second is left out.
 */
export function tidyJson(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidyJson)
  if (typeof node !== 'object' || node === null) return node
  const { json, group: _, ...rest } = node as Record<string, unknown>
  if (json !== undefined) {
    const { description } = rest
    return { ...(description !== undefined && { description }), ...(json as Record<string, unknown>) }
  }
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === 'default' ? value : tidyJson(value)]),
  )
}
