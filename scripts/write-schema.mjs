// Writes schema/*.schema.json from the compiled schemas: of the config, for editors, and of manifest.json, for whoever reads
// it. Both are committed and shipped.
import { mkdirSync, writeFileSync } from 'node:fs'
import { configJsonSchema } from '../dist/config/json-schema.js'
import { manifestJsonSchema } from '../dist/proof/manifest-schema.js'

const folder = new URL('../schema/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, schema] of [
  ['diskloom.schema.json', configJsonSchema()],
  ['manifest.schema.json', manifestJsonSchema()],
]) {
  writeFileSync(new URL(name, folder), `${JSON.stringify(schema, undefined, 2)}\n`)
}
