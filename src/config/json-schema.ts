/** The JSON Schema (draft-07) of a config, made from the schema that reads it, so that editors complete and check. */
import * as z from 'zod'
import { image } from './schema/image.js'

const TITLE = 'diskloom config'

export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...generated } = z.toJSONSchema(image, { target: 'draft-7', io: 'input', unrepresentable: 'any' })
  return { $schema, title: TITLE, ...(tidy(generated) as Record<string, unknown>) }
}

/**
 * The schema reads texts and notes beside each leaf what editors shall see of it (`json`), and beside each map what its
 * messages need (`group`): the first replaces the leaf, the second is left out.
 */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy)
  if (typeof node !== 'object' || node === null) return node
  const { json, group: _, ...rest } = node as Record<string, unknown>
  if (json !== undefined) {
    const { description } = rest
    return { ...(description !== undefined && { description }), ...(json as Record<string, unknown>) }
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, key === 'default' ? value : tidy(value)]))
}
