import type { Command } from '@commander-js/extra-typings'
import { type ByteString, displayName } from '../bytes/text.js'
import { behindLink, findNode } from '../inspect/find-nodes.js'
import { modeLetters, nodeFields } from '../inspect/listing.js'
import { volumeOf } from '../inspect/lookup.js'
import type { OpenPartition } from '../inspect/open-image.js'
import type { FileNode } from '../tree/file-tree.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, TARGET_HELP, withPlace } from './image-target.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom stat sd.img:2:/bin/su
  diskloom stat --json sd.img:root:/usr/bin/ping
`

export function addStatCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('stat')
    .summary('show all attributes of a file inside an image')
    .description('Show all attributes of a file inside an image, with what its format tells of it.')
    .argument('<target>', TARGET_HELP)
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .option('--json', 'write one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((target, { json = false, ...names }) =>
      withPlace(target, { terminal, services, names }, ({ partition, path: asked = [] }) => {
        const { node, path } = findNode(partition, asked, 'keep')
        const fields = {
          ...nodeFields(path.join('/') as ByteString, node),
          ...resolutionOf(partition, node, path),
          ...holesOf(node),
          volume: volumeOf(partition).summary.format,
          details: volumeOf(partition).details(path) ?? {},
        }
        if (json) writeEvent(terminal.stdout, 'stat', fields)
        else terminal.stdout.lines(statLines(fields, node))
      }),
    )
}

/** Where a link leads in the end, or why it leads nowhere. */
function resolutionOf(
  partition: OpenPartition,
  { type }: FileNode,
  path: readonly ByteString[],
): { readonly leadsTo?: string; readonly leadsNowhere?: string } {
  if (type !== 'symlink') return {}
  const behind = behindLink(partition, path)
  if ('why' in behind) return { leadsNowhere: behind.why }
  return { leadsTo: `/${behind.path.map(displayName).join('/')}` }
}

/** Bytes that a file has room for on the disk, where those are fewer than its length. */
function holesOf(node: FileNode): { readonly holeBytes?: number } {
  if (node.type !== 'file') return {}
  const stored = node.content.extents.reduce((sum, { length }) => sum + length, 0)
  return stored === node.content.sizeBytes ? {} : { holeBytes: node.content.sizeBytes - stored }
}

const LABEL_COLUMNS = 12

function statLines(
  { details, xattrs = {}, mode, ...fields }: Readonly<Record<string, unknown>> & { details: object; xattrs?: object },
  node: FileNode,
): string[] {
  const rows: [string, unknown][] = [
    ...Object.entries(fields).toSpliced(2, 0, ['mode', `${String(mode)} ${modeLetters(node)}`]),
    ...Object.entries(details),
    ...Object.entries(xattrs).map(([name, hex]): [string, unknown] => [name, `0x${String(hex)}`]),
  ]
  const width = Math.max(LABEL_COLUMNS, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`)
}
