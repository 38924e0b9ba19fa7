import type { Command } from '@commander-js/extra-typings'
import { type ByteString, displayName } from '../bytes/text.js'
import { UsageError } from '../errors.js'
import { chunksOf } from '../image/chunks.js'
import type { DiskImage } from '../image/extent.js'
import { findNodes } from '../inspect/find-nodes.js'
import type { FileNode, RegularFileNode } from '../tree/file-tree.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, TARGET_HELP, withPlace } from './image-target.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom cat sd.img:2:/etc/fstab
  diskloom cat board.zip:boot:/config.txt
  diskloom cat 'sd.img:root:/etc/*.conf'
`

/** What a string of base64 has room for. */
const MAX_JSON_BYTES = 256 * 1024 * 1024

export function addCatCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('cat')
    .summary('write a file of an image to standard output')
    .description(
      'Write a file of an image to standard output; links are followed inside the volume. With a pattern (in quotes), all files that match, one after another.',
    )
    .argument('<target>', TARGET_HELP)
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .option('--json', 'write one JSON object that holds the content as base64')
    .addHelpText('after', EXAMPLES)
    .action((target, { json = false, ...names }) =>
      withPlace(target, { terminal, services, names }, async ({ partition, path: asked = [] }) => {
        const found = findNodes(partition, asked, 'follow')
        // All of them are judged before the first byte goes out.
        const files = found.map(({ node, path }) => assertFile(node, nameOf(path), partition.view.name))
        for (const [index, { content }] of files.entries()) {
          const name = nameOf(found[index]!.path)
          if (json) {
            writeEvent(terminal.stdout, 'file', jsonFields(content, name))
            continue
          }
          for (const chunk of chunksOf(content)) {
            if (!(await terminal.stdout.bytes(chunk))) return
          }
        }
      }),
    )
}

function nameOf(path: readonly ByteString[]): string {
  return `/${path.map(displayName).join('/')}`
}

function assertFile(node: FileNode, name: string, partition: string): RegularFileNode {
  if (node.type === 'file') return node
  throw new UsageError(`Cannot write "${name}" of ${partition}: it is a ${node.type}, a file is accepted`)
}

function jsonFields(content: DiskImage, name: string): object {
  if (content.sizeBytes > MAX_JSON_BYTES) {
    throw new UsageError(
      `Cannot write "${name}" as JSON: it has ${content.sizeBytes} bytes, at most ${MAX_JSON_BYTES} are accepted`,
      { hint: 'Leave --json out' },
    )
  }
  const bytes = Buffer.concat([...chunksOf(content)].map((chunk) => chunk.slice()))
  return { path: name, sizeBytes: bytes.length, base64: bytes.toString('base64') }
}
