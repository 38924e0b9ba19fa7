import type { Command } from '@commander-js/extra-typings'
import { jsonText } from '../bytes/json-text.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Example, for editors with the YAML language server:
  diskloom schema > diskloom.schema.json
  # and as the first line of the config:
  # yaml-language-server: $schema=./diskloom.schema.json
`

export function addSchemaCommand(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .summary('print the JSON Schema of a config')
    .description('Print the JSON Schema of a config, with which editors complete and check it.')
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      const { configJsonSchema } = await import('../config/json-schema.js')
      terminal.stdout.document(`${jsonText(configJsonSchema(), { indent: 2 })}\n`)
    })
}
