import type { Command } from '@commander-js/extra-typings'
import { displayName } from '../bytes/text.js'
import { UsageError } from '../errors.js'
import { chunksOf } from '../image/chunks.js'
import { findNode } from '../inspect/lookup.js'
import { TARGET_HELP, withPlace } from './image-target.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom cat sd.img:2:/etc/fstab
  diskloom cat board.zip:boot:/config.txt
`

/** What a string of base64 has room for. */
const MAX_JSON_BYTES = 256 * 1024 * 1024

export function addCatCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('cat')
    .summary('write a file of an image to standard output')
    .description('Write a file of an image to standard output. Symlinks are not followed.')
    .argument('<target>', TARGET_HELP)
    .option('--json', 'write one JSON object that holds the content as base64')
    .addHelpText('after', EXAMPLES)
    .action((target, { json = false }) =>
      withPlace(target, { terminal, services }, async ({ partition, path: asked = [] }) => {
        const { node, path } = findNode(partition, asked)
        const name = `/${path.map(displayName).join('/')}`
        if (node.type !== 'file') {
          const what = node.type === 'symlink' ? `a symlink to "${displayName(node.target)}"` : `a ${node.type}`
          throw new UsageError(`Cannot write "${name}" of ${partition.view.name}: it is ${what}, a file is accepted`)
        }
        if (json) {
          if (node.content.sizeBytes > MAX_JSON_BYTES) {
            throw new UsageError(
              `Cannot write "${name}" as JSON: it has ${node.content.sizeBytes} bytes, at most ${MAX_JSON_BYTES} are accepted`,
              { hint: 'Leave --json out' },
            )
          }
          const bytes = Buffer.concat([...chunksOf(node.content)].map((chunk) => chunk.slice()))
          writeEvent(terminal.stdout, 'file', { path: name, sizeBytes: bytes.length, base64: bytes.toString('base64') })
          return
        }
        for (const chunk of chunksOf(node.content)) {
          if (!(await terminal.stdout.bytes(chunk))) return
        }
      }),
    )
}
