import type { Command } from '@commander-js/extra-typings'
import type { BuildEvent } from '../build.js'
import type { Warning } from '../errors.js'
import { quietOption, setOption, sizeOption, strictOption } from './config-options.js'
import { writeEvent, writeWarningEvent } from './json-events.js'
import { pictureOption, writePicture } from './picture-option.js'
import { planFields } from './plan-fields.js'
import { planLines } from './plan-report.js'
import { reportWarnings } from './report-error.js'
import type { Services } from './services.js'
import { columnsOf, paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom plan board.yaml
  diskloom plan board.yaml --size 16GiB
  diskloom plan board.yaml --picture layout.html
  diskloom plan board.yaml --json | jq '.plan.partitions[].startByte'
`

export function addPlanCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('plan')
    .summary('show the layout; writes nothing')
    .description('Show where everything will stand, as a table and a map of the disk. Nothing is written.')
    .argument('<config>', 'a YAML config, or a PartConfig.cfg')
    .addOption(setOption())
    .addOption(sizeOption())
    .addOption(pictureOption())
    .addOption(strictOption())
    .addOption(quietOption())
    .option('--json', 'write warnings and the plan to standard output, one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(async (config, { set, size, picture, strict, quiet = false, json = false }) => {
      const { stdout, environment, signal } = terminal
      const { plan } = await services.loadBuild()
      const warnings: Warning[] = []
      const onEvent = (event: BuildEvent): void => {
        if (event.kind === 'warning') warnings.push(event.problem)
      }
      const showWarnings = (): void => {
        if (quiet) return
        if (json) for (const warning of warnings) writeWarningEvent(stdout, warning)
        else reportWarnings(warnings, terminal, { accepted: true })
      }
      const planned = plan({ config, set, sizeBytes: size, strict, environment, signal, onEvent })
      const result = await planned.catch((error: unknown) => {
        // A warning may say why it fails.
        showWarnings()
        throw error
      })
      if (picture !== undefined) {
        const { pictureOfPlan } = await import('../pictures/picture-of-plan.js')
        await writePicture(picture, pictureOfPlan(result.plan, []))
      }
      if (json) {
        showWarnings()
        writeEvent(stdout, 'plan', { plan: planFields(result.plan) })
        return
      }
      stdout.lines(
        planLines(result.plan, { columns: columnsOf(stdout, environment), paint: paintFor(stdout, environment) }),
      )
      showWarnings()
    })
}
