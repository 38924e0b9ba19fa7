// Writes schema/diskloom.schema.json from the compiled schema; the file is committed and shipped for editors.
import { mkdirSync, writeFileSync } from 'node:fs'
import { configJsonSchema } from '../dist/config/json-schema.js'

const folder = new URL('../schema/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('diskloom.schema.json', folder), `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`)
