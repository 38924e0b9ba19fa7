import { writeFile } from 'node:fs/promises'
import type { Command } from '@commander-js/extra-typings'
import { errnoOf, IoError, systemReason } from '../errors.js'
import type { Terminal } from './terminal.js'

export function addInitCommand(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .summary('write a commented config to start from')
    .description('Write a commented config to start from. A file that is there already stays as it is.')
    .argument('[file]', 'where to write it; - for standard output', 'diskloom.yaml')
    .action(async (file) => {
      const { starterConfig } = await import('../config/starter.js')
      const text = starterConfig()
      if (file === '-') {
        terminal.stdout.document(text)
        return
      }
      await writeNewFile(file, text)
      terminal.stdout.line(file)
      terminal.stderr.line(`Edit it, then: diskloom plan ${file}`)
    })
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
