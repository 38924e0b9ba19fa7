import type { Command } from '@commander-js/extra-typings'
import { shortPath } from './report-error.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom keygen --out release            release.key, release.pub and two more
  diskloom build board.yaml --sign release.key
  diskloom verify out/board --key release.pub
`

export function addKeygenCommand(program: Command, terminal: Terminal): void {
  program
    .command('keygen')
    .summary('make a key pair to sign with')
    .description(
      'Make an Ed25519 key pair: NAME.key (keep it secret) and NAME.pub in PEM, NAME.allowed_signers for ' +
        'ssh-keygen -Y verify and NAME.minisign.pub for minisign. No file is overwritten.',
    )
    .option('-o, --out <name>', 'path and name of the files, without an ending', 'diskloom')
    .addHelpText('after', EXAMPLES)
    .action(async ({ out }) => {
      const { writeKeyPair } = await import('../proof/write-key-pair.js')
      for (const path of writeKeyPair(out)) terminal.stdout.line(shortPath(path))
    })
}
