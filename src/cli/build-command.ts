import { type Command, Option } from '@commander-js/extra-typings'
import type { BuildEvent, BuildResult, OutputKind } from '../build.js'
import { DifferenceError, type Warning } from '../errors.js'
import { outputOption, quietOption, setOption, sizeOption, strictOption } from './config-options.js'
import { writeEvent, writeWarningEvent } from './json-events.js'
import { openProgress } from './open-progress.js'
import { reportWarnings } from './report-error.js'
import { resultFields, resultLines } from './result-report.js'
import type { Services } from './services.js'
import { columnsOf, paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom build board.yaml
  diskloom build board.yaml --out /tmp/release --set VERSION=1.2
  diskloom build board.yaml --only image --quiet
  diskloom build board.yaml --output raw --output zst --output bmap
  diskloom build board.yaml --json | jq 'select(.event == "result")'
`

export function addBuildCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('build')
    .summary('build the image and what goes with it')
    .description('Build the image, its bundle and what goes with them into <out>/<image>/.')
    .argument('<config>', 'a YAML config, or a PartConfig.cfg')
    .option('-o, --out <folder>', 'folder for the results', 'out')
    .addOption(setOption())
    .addOption(sizeOption())
    .addOption(outputOption())
    .addOption(
      new Option('--only <what>', 'make one thing and nothing else')
        .choices(['image', 'bundle'] as const)
        .conflicts('output'),
    )
    .option('--full-sha256', 'also make the SHA-256 of the whole raw image, holes included')
    .option('--sign <key>', 'sign the manifest with an Ed25519 key (diskloom keygen makes one)')
    .option('--history <file>', 'sizes of each release, in place of budget.history')
    .option('--reproducible', 'refuse what would make other bytes on another machine')
    .option('--depfile <file>', 'also tell Make or Ninja what the result depends on')
    .addOption(
      new Option(
        '--verify',
        'read the results back: sums, tables, digests, every volume; ask other readers too',
      ).conflicts('only'),
    )
    .addOption(strictOption())
    .addOption(quietOption())
    .option('--json', 'write events to standard output, one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(async (config, options) => {
      const { stdout, environment, signal } = terminal
      const { json = false, quiet = false } = options
      const { build } = await services.loadBuild()
      const progress = await openProgress(terminal, { json, quiet })
      const warnings: Warning[] = []
      // Warnings wait until the display has ended, and stand before the result or the error.
      const settle = async (outcome: 'done' | 'failed'): Promise<void> => {
        await progress.finish(outcome)
        if (!json) reportWarnings(warnings, terminal, { quiet })
      }
      const onEvent = (event: BuildEvent): void => {
        if (event.kind === 'warning') warnings.push(event.problem)
        progress.event(event)
      }
      const {
        out,
        set,
        size: sizeBytes,
        output: outputs,
        only,
        fullSha256,
        sign: signingKey,
        history,
        depfile,
        reproducible,
        strict,
      } = options
      const result = await build({
        config,
        out,
        set,
        sizeBytes,
        outputs,
        only,
        fullSha256,
        signingKey,
        history,
        depfile,
        reproducible,
        strict,
        environment,
        signal,
        onEvent,
      }).catch(async (error: unknown) => {
        await settle('failed')
        throw error
      })
      await settle('done')
      if (options.verify === true) {
        const notes = await readBack(result, terminal, services)
        if (json && !quiet) for (const note of notes) writeWarningEvent(stdout, note)
        else if (!json) reportWarnings(notes, terminal, { quiet })
      }
      if (json) writeEvent(stdout, 'result', resultFields(result))
      else if (!quiet) {
        // A log has the plan's figures in the manifest; a map is for eyes.
        const mapColumns = stdout.isTTY === true ? columnsOf(stdout, environment) : undefined
        stdout.lines(resultLines(result, { paint: paintFor(stdout, environment), mapColumns }))
      }
    })
}

/** What the whole disk can be read from. */
const DISK_OUTPUTS: readonly OutputKind[] = ['image', 'bundle', 'compressed', 'virtual-disk', 'android-sparse']

/**
 * As `diskloom verify FOLDER --structure`: exit code 1 with what differs, and the results stay to be looked at. Returns
 * which other readers could not be asked.
 */
async function readBack(
  { folder, outputs }: BuildResult,
  { environment, signal }: Terminal,
  services: Services,
): Promise<readonly Warning[]> {
  const { verifyRelease } = await import('../proof/verify-release.js')
  const { checkProblems } = await import('./check-problems.js')
  // What this process has written nothing to needs no second look.
  await verifyRelease(folder, { key: undefined, unspecified: 'any', signal })
  if (!outputs.some(({ kind }) => DISK_OUTPUTS.includes(kind))) return []
  const { checkImageFile } = await services.loadInspect()
  const checked = await checkImageFile(folder, { environment, signal })
  const problems = checkProblems(checked, folder)
  if (problems.length > 0) throw new DifferenceError(problems)
  return checked.notes
}
