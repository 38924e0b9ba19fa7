import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import type { BuildEvent } from '../build.js'
import { formatSize } from '../bytes/format-size.js'
import type { ConvertResult } from '../convert.js'
import type { Warning } from '../errors.js'
import { quietOption, strictOption } from './config-options.js'
import { writeEvent } from './json-events.js'
import { openProgress } from './open-progress.js'
import { reportWarnings, shortPath } from './report-error.js'
import type { Services } from './services.js'
import { type Paint, paintFor, type Terminal } from './terminal.js'
import { layOutTable } from './text-table.js'
import { formatSeconds } from './transfer.js'

const EXAMPLES = `
Formats, by extension or after a colon:
  raw (.img .raw .bin .wic)   zip   gz   xz   zst   bmap   android-sparse (.simg)   qcow2

Examples:
  diskloom convert disk.img --output disk.img.zst
  diskloom convert disk.img.xz -o disk.img -o disk.bmap -o disk.simg
  diskloom convert super.img_sparsechunk.* -o super:raw
  curl -L https://example.org/board.img.gz | diskloom convert - -o board.zip
`

/** What the display calls the phases of a conversion. */
const TASKS = [
  { phase: 'payload', title: 'Image' },
  { phase: 'write', title: 'Outputs' },
] as const

export function addConvertCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('convert')
    .summary('turn an image into other formats, all in one pass')
    .description(
      'Read an image (raw, qcow2, Android sparse; alone, or in gz, xz, zst, bz2, lzma, zip or tar; or the folder of a build) and write it in other formats, all in one pass.',
    )
    .argument('<image...>', 'an image, "-" for standard input, or all parts of a split Android sparse image')
    .addOption(outputOption())
    .option('--member <name>', 'which file of a zip or tar, where several may be the image')
    .addOption(new Option('--entry <name>', 'an older name of --member').hideHelp())
    .option('--as-is', 'take the bytes as they are, also where nothing says that they are a disk or a volume')
    .addOption(new Option('--level <n>', 'how hard to compress, in the count of each format').argParser(parseLevel))
    .addOption(strictOption())
    .addOption(quietOption())
    .option('--json', 'write events to standard output, one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(
      async (source, { output: outputs, member, entry = member, asIs, level, strict, json = false, quiet = false }) => {
        const { stdout, environment, signal } = terminal
        const { convert } = await services.loadConvert()
        const progress = await openProgress(terminal, { json, quiet, tasks: TASKS })
        const warnings: Warning[] = []
        const settle = async (outcome: 'done' | 'failed'): Promise<void> => {
          await progress.finish(outcome)
          if (!json) reportWarnings(warnings, terminal, { quiet })
        }
        const onEvent = (event: BuildEvent): void => {
          if (event.kind === 'warning') warnings.push(event.problem)
          progress.event(event)
        }
        const result = await convert({
          source,
          outputs,
          entry,
          asIs,
          level,
          strict,
          environment,
          signal,
          onEvent,
        }).catch(async (error: unknown) => {
          await settle('failed')
          throw error
        })
        await settle('done')
        if (json) writeEvent(stdout, 'result', result)
        else if (!quiet) stdout.lines(resultLines(result, paintFor(stdout, environment)))
      },
    )
}

function outputOption() {
  return new Option('-o, --output <path[:format]>', 'a file to write; may be repeated')
    .argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
    .makeOptionMandatory()
}

function parseLevel(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('A whole number is expected, such as --level 9.')
  return Number(text)
}

function resultLines({ format, sizeBytes, outputs, seconds }: ConvertResult, paint: Paint): string[] {
  const table = layOutTable(
    outputs,
    [
      { title: 'file', align: 'left', value: ({ path }) => shortPath(path) },
      { title: 'format', align: 'left', value: (output) => output.format },
      { title: 'size', align: 'right', value: (output) => formatSize(output.sizeBytes) },
    ],
    Number.POSITIVE_INFINITY,
  )
  const made = `${formatSize(sizeBytes)} disk (${format}) converted in ${formatSeconds(seconds)}`
  return [...outputs.map(table.line), paint('green', made)]
}
