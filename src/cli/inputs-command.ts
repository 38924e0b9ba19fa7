import { type Command, Option } from '@commander-js/extra-typings'
import { byteStringFromBytes, displayName } from '../bytes/text.js'
import { setOption, sizeOption } from './config-options.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom inputs board.yaml
  diskloom inputs board.yaml --null | xargs -0 sha256sum 2>/dev/null
  diskloom build board.yaml --depfile board.d      the same for Make or Ninja
`

export function addInputsCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('inputs')
    .summary('list every file and folder that the result depends on')
    .description(
      'List every file and folder that the result depends on: configs, payload, files of the bundle. Nothing is written.',
    )
    .argument('<config>', 'a YAML config, or a PartConfig.cfg')
    .addOption(setOption())
    .addOption(sizeOption())
    .option('-0, --null', 'end each path with a zero byte instead of a newline')
    .addOption(new Option('--json', 'write one JSON object with all of them').conflicts('null'))
    .addHelpText('after', EXAMPLES)
    .action(async (config, { set, size: sizeBytes, null: zero = false, json = false }) => {
      const { stdout, environment, signal } = terminal
      const { inputs } = await services.loadInputs()
      const found = await inputs({ config, set, sizeBytes, environment, signal })
      if (zero) {
        await stdout.bytes(Buffer.concat(found.flatMap((path) => [Buffer.from(path), Buffer.alloc(1)])))
        return
      }
      const paths = found.map((path) => (typeof path === 'string' ? path : displayName(byteStringFromBytes(path))))
      if (json) writeEvent(stdout, 'inputs', { inputs: paths })
      else stdout.lines(paths)
    })
}
