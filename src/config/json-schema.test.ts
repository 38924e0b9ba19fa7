import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configJsonSchema } from './json-schema.js'
import { image } from './schema/image.js'
import { partition } from './schema/partition.js'

const SCHEMA = new URL('../../schema/diskloom.schema.json', import.meta.url)

/** Every schema object in the tree with its path. */
function* walk(node: unknown, path = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) yield [path, node as Record<string, unknown>]
  for (const [key, value] of Object.entries(node)) yield* walk(value, `${path}/${key}`)
}

it('is the committed schema/diskloom.schema.json (npm run build writes it)', () => {
  expect(JSON.parse(readFileSync(SCHEMA, 'utf8'))).toEqual(configJsonSchema())
})

it('describes every key, for editors to show', () => {
  const silent: string[] = []
  for (const [path, { type, properties }] of walk(configJsonSchema())) {
    // `properties` is also a key of ours.
    if (type !== 'object') continue
    for (const [key, value] of Object.entries((properties ?? {}) as Record<string, { description?: string }>)) {
      if (!value.description) silent.push(`${path}/${key}`)
    }
  }
  expect(silent).toEqual([])
})

it('has the keys that the schema reads, accepts no others, and shows nothing of its own making', () => {
  const schema = configJsonSchema() as { properties: Record<string, { items?: { properties: object } }> }
  expect(Object.keys(schema.properties)).toEqual(Object.keys(image.shape))
  expect(Object.keys(schema.properties.partitions!.items!.properties)).toEqual(Object.keys(partition.shape))
  for (const [path, node] of walk(schema)) {
    if (node.properties !== undefined && node.type === 'object')
      expect([path, node.additionalProperties]).toEqual([path, false])
    expect(node).not.toHaveProperty('json')
    expect(node).not.toHaveProperty('group')
  }
})
