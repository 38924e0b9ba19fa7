import type { Command } from '@commander-js/extra-typings'
import { quietOption, setOption, strictOption } from './config-options.js'
import { writeEvent, writeWarningEvent } from './json-events.js'
import { reportWarnings } from './report-error.js'
import { outputLines } from './result-report.js'
import type { Services } from './services.js'
import { paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom gadget board.yaml
  diskloom gadget board.yaml --out /tmp/release
  diskloom gadget board.yaml --json | jq -r 'select(.event == "result").outputs[].path'
`

export function addGadgetCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('gadget')
    .summary('make the board files alone')
    .description(
      'Make what the gadget section describes into <out>/<image>/gadget/, as build does, without the image: no payload of a ' +
        'partition is read.',
    )
    .argument('<config>', 'a YAML config with a gadget section')
    .option('-o, --out <folder>', 'folder for the results', 'out')
    .addOption(setOption())
    .addOption(strictOption())
    .addOption(quietOption())
    .option('--json', 'write warnings and the result to standard output, one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(async (config, { out, set, strict, quiet = false, json = false }) => {
      const { stdout, environment, signal } = terminal
      const { gadget } = await services.loadGadget()
      const { folder, outputs, warnings } = await gadget({ config, out, set, strict, environment, signal })
      if (json) {
        if (!quiet) for (const warning of warnings) writeWarningEvent(stdout, warning)
        writeEvent(stdout, 'result', { folder, outputs })
        return
      }
      reportWarnings(warnings, terminal, { quiet })
      if (quiet) return
      stdout.lines(outputLines(folder, outputs, paintFor(stdout, environment)))
    })
}
