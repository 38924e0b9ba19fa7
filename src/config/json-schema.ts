/** The JSON Schema (draft-07) of a config, made from the schema that reads it, so that editors complete and check. */
import * as z from 'zod'
import { image } from './schema/image.js'
import { tidyJson } from './schema/tidy-json.js'

const TITLE = 'diskloom config'

export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...generated } = z.toJSONSchema(image, { target: 'draft-7', io: 'input', unrepresentable: 'any' })
  return { $schema, title: TITLE, ...(tidyJson(generated) as Record<string, unknown>) }
}
