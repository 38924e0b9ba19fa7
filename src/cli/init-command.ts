import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from '@commander-js/extra-typings'
import { didYouMean } from '../bytes/nearest.js'
import { errnoOf, IoError, systemReason, UsageError } from '../errors.js'
import type { Terminal } from './terminal.js'

const DEFAULT_FILE = 'diskloom.yaml'

const EXAMPLES = `
Examples:
  diskloom init                        ./diskloom.yaml
  diskloom init --from ab-slots        a ready config and its payload
`

export function addInitCommand(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .summary('write a commented config to start from')
    .description('Write a commented config to start from. A file that is there already stays as it is.')
    .argument('[file]', 'where to write it, - for standard output; with --from a new folder')
    .option('--from <name>', 'take a ready config with its payload instead (a wrong name lists them)')
    .addHelpText('after', EXAMPLES)
    .action(async (file, { from }) => {
      const { stdout, stderr } = terminal
      const ready = await import('../config/starter.js')
      const config = from === undefined ? await writeStarter(file) : await writeReady(from, file, ready)
      if (typeof config === 'object') stdout.document(config.text)
      else {
        stdout.line(config)
        stderr.line(`Edit it, then: diskloom plan ${config}`)
      }
    })
}

type Written = string | { readonly text: string }
type Ready = typeof import('../config/starter.js')

/** The path that was written, or for `-` the text. */
async function writeStarter(file = DEFAULT_FILE): Promise<Written> {
  const { starterConfig } = await import('../config/starter.js')
  const text = starterConfig()
  if (file === '-') return { text }
  await writeNewFile(file, text)
  return file
}

/** Copies a ready config with everything beside it into a folder that is not there yet. */
async function writeReady(name: string, folder: string | undefined, ready: Ready): Promise<Written> {
  const names = ready.readyConfigNames()
  if (!names.includes(name)) {
    const hint = didYouMean(name, names)
    throw new UsageError(`Cannot take the ready config "${name}": there are ${names.join(', ')}`, {
      ...(hint !== undefined && { hint }),
    })
  }
  const source = ready.readyConfigFolder(name)
  if (folder === '-') return { text: await readyText(source, name) }
  const target = folder ?? name
  const config = join(target, `${name}.yaml`)
  try {
    await mkdir(target)
    await cp(source, target, { recursive: true, errorOnExist: true, force: false, verbatimSymlinks: true })
    await writeFile(config, await readyText(source, name))
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    const reason = code === 'EEXIST' ? 'it exists already, a new folder is expected' : systemReason(error)
    throw new IoError(`Cannot write ${target}: ${reason}`, { details: { path: target, errno: code }, cause: error })
  }
  return config
}

/** Without the path of its schema, which is another one where the config goes. */
async function readyText(source: URL, name: string): Promise<string> {
  const text = await readFile(new URL(`${name}.yaml`, source), 'utf8')
  return text.replace(/^# yaml-language-server:.*\n(?:#\n)?/, '')
}

async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    if (code === 'EEXIST') {
      throw new IoError(`Cannot write ${path}: it exists already, a new file is expected`, {
        hint: 'Name another file, or - for standard output',
        details: { path, errno: code },
      })
    }
    const reason = systemReason(error, { ENOENT: 'its folder does not exist' })
    throw new IoError(`Cannot write ${path}: ${reason}`, { details: { path, errno: code }, cause: error })
  }
}
