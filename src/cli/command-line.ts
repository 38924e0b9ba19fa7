/** The commands and what they have in common: help, errors, exit codes. Nothing here ends the process. */
import { Command, CommanderError } from '@commander-js/extra-typings'
import { VERSION } from '../version.js'
import { addAttestCommand } from './attest-command.js'
import { addBuildCommand } from './build-command.js'
import { addCatCommand } from './cat-command.js'
import { addConvertCommand } from './convert-command.js'
import { addDevicesCommand } from './devices-command.js'
import { addDiffCommand } from './diff-command.js'
import { ExitRequest } from './exit-request.js'
import { addExtractCommand } from './extract-command.js'
import { addFlashCommand } from './flash-command.js'
import { addGadgetCommand } from './gadget-command.js'
import { addInitCommand } from './init-command.js'
import { addInputsCommand } from './inputs-command.js'
import { addInspectCommand } from './inspect-command.js'
import { writeErrorEvent } from './json-events.js'
import { addKeygenCommand } from './keygen-command.js'
import { addLsCommand } from './ls-command.js'
import { addPlanCommand } from './plan-command.js'
import { exitCodeOf, reportable, reportError } from './report-error.js'
import { addSchemaCommand } from './schema-command.js'
import type { Services } from './services.js'
import { addStatCommand } from './stat-command.js'
import { columnsOf, hasColour, type OutputStream, paintFor, type Terminal } from './terminal.js'
import { addTreeCommand } from './tree-command.js'
import { addVerifyCommand } from './verify-command.js'

const SERVICES: Services = {
  loadBuild: () => import('../build.js'),
  loadConvert: () => import('../convert.js'),
  loadFlash: () => import('../flash.js'),
  loadGadget: () => import('../gadget.js'),
  loadInputs: () => import('../build.js'),
  loadInspect: () => import('../inspect.js'),
  loadVerify: () => import('../verify.js'),
}

const USAGE_EXIT_CODE = 2

const EXAMPLES = `
Examples:
  diskloom init board.yaml             write a commented config to start from
  diskloom plan board.yaml             show where everything will stand; writes nothing
  diskloom build board.yaml            build it into out/<image>/
  diskloom build PartConfig.cfg --size 7456MiB
                                       the same from the lines of a PartConfig.cfg

Exit codes:
  0 done   1 a difference was found   2 command line   3 config   4 layout or payload   5 format   6 input or output
  70 a bug of diskloom   130 interrupted

Results go to standard output, progress and messages to standard error.
`

/** Runs the command that `args` name and gives the exit code. Everything that goes wrong has been reported. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  services: Partial<Services> = {},
): Promise<number> {
  try {
    await makeProgram(terminal, { ...SERVICES, ...services }).parseAsync([...args], { from: 'user' })
    return 0
  } catch (thrown) {
    // commander has written its message, or the help that was asked for.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : USAGE_EXIT_CODE
    if (thrown instanceof ExitRequest) return thrown.exitCode
    const error = reportable(thrown)
    reportError(error, terminal)
    if (args.includes('--json')) writeErrorEvent(terminal.stdout, error)
    return exitCodeOf(error)
  }
}

function makeProgram(terminal: Terminal, services: Services): Command {
  const { stdout, stderr, environment } = terminal
  const program = new Command('diskloom')
    .description('Weaves partitioned disk images for boards, without root and with the same bytes on every machine.')
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', EXAMPLES)
    // Commands that are added below inherit what stands here.
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ styleTitle: (title) => paintFor(stdout, environment)('bold', title) })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => columnsOf(stdout, environment),
      getErrHelpWidth: () => columnsOf(stderr, environment),
      getOutHasColors: () => hasColour(stdout, environment),
      getErrHasColors: () => hasColour(stderr, environment),
      outputError: (text, write) => write(usageText(text, stderr, environment)),
    })
  addBuildCommand(program, terminal, services)
  addPlanCommand(program, terminal, services)
  addConvertCommand(program, terminal, services)
  addInspectCommand(program, terminal, services)
  addLsCommand(program, terminal, services)
  addTreeCommand(program, terminal, services)
  addCatCommand(program, terminal, services)
  addStatCommand(program, terminal, services)
  addExtractCommand(program, terminal, services)
  addDiffCommand(program, terminal, services)
  addVerifyCommand(program, terminal, services)
  addGadgetCommand(program, terminal, services)
  addInputsCommand(program, terminal, services)
  addKeygenCommand(program, terminal)
  addAttestCommand(program, terminal)
  addFlashCommand(program, terminal, services)
  addDevicesCommand(program, terminal, services)
  addSchemaCommand(program, terminal)
  addInitCommand(program, terminal)
  return program
}

/** commander's `error: …` in the colours of ours. */
function usageText(text: string, stderr: OutputStream, environment: Terminal['environment']): string {
  const paint = paintFor(stderr, environment)
  return text.replace(/^error:/, paint('bold', paint('red', 'error:')))
}
