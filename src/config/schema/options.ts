/**
 * `options:` of a volume. Which keys there are, and what each takes, follows from the file system: its option table
 * reads them (config/own-options.ts). Editors see the keys of all file systems together.
 */
import * as z from 'zod'
import { FILE_SYSTEMS } from '../../filesystems/registry.js'
import { tidyJson } from './tidy-json.js'

export const options = z.record(z.string(), z.unknown())
// Only `diskloom schema` asks for it.
z.globalRegistry.add(options, {
  get json() {
    return optionsJson()
  },
})

type Json = Readonly<Record<string, unknown>>

interface Described {
  readonly name: string
  readonly json: Json
  readonly description: string
}

function optionsJson(): Json {
  const keys = new Map<string, Described[]>()
  for (const { family, title, options: table } of FILE_SYSTEMS) {
    const name = /[ ,]/.test(title) ? family : title
    for (const [key, schema] of Object.entries(table)) {
      const generated = tidyJson(z.toJSONSchema(schema as z.ZodType, SCHEMA_FORM)) as Record<string, unknown>
      const { $schema: _, description, ...json } = generated
      keys.set(key, [...(keys.get(key) ?? []), { name, json, description: String(description) }])
    }
  }
  const properties = Object.fromEntries([...keys].map(([key, described]) => [key, propertyJson(described)]))
  return { type: 'object', properties, additionalProperties: false }
}

const SCHEMA_FORM = { target: 'draft-7', io: 'input', unrepresentable: 'any' } as const

/** One key for all the file systems that have it: `JFFS2, UBI: what the flash erases at once`. */
function propertyJson(described: readonly Described[]): Json {
  const names = new Map<string, string[]>()
  for (const { name, description } of described) names.set(description, [...(names.get(description) ?? []), name])
  const description = [...names].map(([text, of]) => `${of.join(', ')}: ${text}`).join('; ')
  const kinds = new Map(described.map(({ json }) => [JSON.stringify(json), json]))
  const [only, ...others] = kinds.values()
  return { description, ...(others.length === 0 ? only : { anyOf: [only, ...others] }) }
}
