/** The commands and what they have in common: help, errors, exit codes. Nothing here ends the process. */
import { Command, CommanderError } from '@commander-js/extra-typings'
import { UsageError } from '../errors.js'
import { VERSION } from '../version.js'
import { ExitRequest } from './exit-request.js'
import { writeErrorEvent } from './json-events.js'
import { exitCodeOf, reportable, reportError } from './report-error.js'
import type { Services } from './services.js'
import {
  columnsOf,
  hasColour,
  openTerminal,
  type Paint,
  type ProcessStreams,
  paintFor,
  type Terminal,
} from './terminal.js'

const SERVICES: Services = {
  loadBuild: () => import('../build.js'),
  loadConvert: () => import('../convert.js'),
  loadFlash: () => import('../flash.js'),
  loadGadget: () => import('../gadget.js'),
  loadInputs: () => import('../build.js'),
  loadInspect: () => import('../inspect.js'),
  loadVerify: () => import('../verify.js'),
}

/** In the order of the help. Loaded is the one that was called, so that no command waits for the code of the others. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  build: async () => (await import('./build-command.js')).addBuildCommand,
  plan: async () => (await import('./plan-command.js')).addPlanCommand,
  convert: async () => (await import('./convert-command.js')).addConvertCommand,
  inspect: async () => (await import('./inspect-command.js')).addInspectCommand,
  ls: async () => (await import('./ls-command.js')).addLsCommand,
  tree: async () => (await import('./tree-command.js')).addTreeCommand,
  cat: async () => (await import('./cat-command.js')).addCatCommand,
  stat: async () => (await import('./stat-command.js')).addStatCommand,
  extract: async () => (await import('./extract-command.js')).addExtractCommand,
  diff: async () => (await import('./diff-command.js')).addDiffCommand,
  verify: async () => (await import('./verify-command.js')).addVerifyCommand,
  gadget: async () => (await import('./gadget-command.js')).addGadgetCommand,
  inputs: async () => (await import('./inputs-command.js')).addInputsCommand,
  keygen: async () => (await import('./keygen-command.js')).addKeygenCommand,
  attest: async () => (await import('./attest-command.js')).addAttestCommand,
  flash: async () => (await import('./flash-command.js')).addFlashCommand,
  devices: async () => (await import('./devices-command.js')).addDevicesCommand,
  schema: async () => (await import('./schema-command.js')).addSchemaCommand,
  init: async () => (await import('./init-command.js')).addInitCommand,
}

type AddCommand = (program: Command, terminal: Terminal, services: Services) => void

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
  streams: ProcessStreams,
  services: Partial<Services> = {},
): Promise<number> {
  const terminal = openTerminal(streams)
  try {
    const program = makeProgram(terminal, isJson(args))
    for (const addCommand of await loadCommands(args[0])) addCommand(program, terminal, { ...SERVICES, ...services })
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (thrown) {
    if (thrown instanceof ExitRequest) return thrown.exitCode
    if (thrown instanceof CommanderError) {
      // commander has written its message, or the help that was asked for.
      if (thrown.exitCode === 0) return 0
      if (isJson(args)) writeErrorEvent(terminal.stdout, new UsageError(thrown.message.replace(/^error: /, '')))
      return USAGE_EXIT_CODE
    }
    const error = reportable(thrown)
    // A program that reads the events needs no second copy for people.
    if (isJson(args)) writeErrorEvent(terminal.stdout, error)
    else reportError(error, terminal)
    return exitCodeOf(error)
  }
}

/** All of them where the first word is no command: it may ask for help, or be a name to be mended. */
function loadCommands(word: string | undefined): Promise<AddCommand[]> {
  const called = word !== undefined && Object.hasOwn(COMMANDS, word) ? [COMMANDS[word]!] : Object.values(COMMANDS)
  return Promise.all(called.map((load) => load()))
}

function isJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}

function makeProgram(terminal: Terminal, json: boolean): Command {
  const { stdout, stderr, environment } = terminal
  return (
    new Command('diskloom')
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
        writeOut: (text) => stdout.document(text),
        writeErr: (text) => stderr.document(text),
        getOutHelpWidth: () => columnsOf(stdout, environment),
        getErrHelpWidth: () => columnsOf(stderr, environment),
        getOutHasColors: () => hasColour(stdout, environment),
        getErrHasColors: () => hasColour(stderr, environment),
        outputError: (text) => {
          if (!json) stderr.lines(usageLines(text, paintFor(stderr, environment)))
        },
      })
  )
}

/** commander ends its message with a suggestion on a line of its own; other newlines are part of what was typed. */
const SUGGESTION = /\n(\(Did you mean [^\n]*\))$/

/** Returns commander's `error: …` in the colours of ours. */
function usageLines(text: string, paint: Paint): string[] {
  const message = text.replace(/\n$/, '')
  const suggestion = SUGGESTION.exec(message)
  const first = message.slice(0, suggestion?.index).replace(/^error:/, () => paint('bold', paint('red', 'error:')))
  return suggestion === null ? [first] : [first, suggestion[1]!]
}
