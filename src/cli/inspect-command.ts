import type { Command } from '@commander-js/extra-typings'
import { UsageError } from '../errors.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, withImage } from './image-target.js'
import { problemFields, writeEvent } from './json-events.js'
import { pictureOption, writePicture } from './picture-option.js'
import { reportWarnings } from './report-error.js'
import type { Services } from './services.js'
import { columnsOf, paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom inspect sd.img
  diskloom inspect board.zip
  xz -dc board.img.xz | diskloom inspect -
  diskloom inspect sd.img --picture sd.html
  diskloom inspect --json sd.img | jq '.partitions[] | {name, format, label}'

An image in any format that "convert" reads is looked at, also a bundle or the folder that a build wrote.
`

export function addInspectCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('inspect')
    .summary('show what an image holds: table, volumes, what boots it')
    .description(
      'Show what an image holds: its partition table, the volume in each partition with its figures, gaps, and what a machine would boot from it. Nothing is mounted.',
    )
    .argument(
      '<image>',
      'an image in any format that is read, a bundle, the folder of a build, or - for standard input',
    )
    .addOption(pictureOption())
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .option('--json', 'write the result to standard output as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action((image, { json = false, picture, ...names }) =>
      withImage(image, { terminal, services, names }, async (disk, rest) => {
        if (rest !== undefined) {
          throw new UsageError(`Cannot inspect "${image}": a whole image is accepted, without a partition or path`, {
            hint: 'diskloom ls, tree and stat look at one place.',
          })
        }
        const { stdout, environment } = terminal
        const { inspectImage } = await import('../inspect/inspection.js')
        const { warnings, ...inspection } = inspectImage(disk)
        if (picture !== undefined) {
          const { pictureOfImage } = await import('../inspect/picture-of-image.js')
          await writePicture(picture, pictureOfImage(disk))
        }
        if (json) {
          writeEvent(stdout, 'result', { ...inspection, warnings: warnings.map(problemFields) })
          return
        }
        const { inspectionLines } = await import('./inspect-report.js')
        const options = { columns: columnsOf(stdout, environment), paint: paintFor(stdout, environment) }
        stdout.lines(inspectionLines(inspection, options))
        reportWarnings(warnings, terminal)
      }),
    )
}
