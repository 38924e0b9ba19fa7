import type { Command } from '@commander-js/extra-typings'
import { type ByteString, displayName } from '../bytes/text.js'
import { findNode } from '../inspect/find-nodes.js'
import { nodeFields } from '../inspect/listing.js'
import { volumeOf } from '../inspect/lookup.js'
import { type DirectoryNode, type FileNode, sortedEntries, walkTree } from '../tree/file-tree.js'
import { nodeAtPath } from '../tree/tree-builder.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, TARGET_HELP, withPlace } from './image-target.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import { type Paint, paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom tree sd.img:boot
  diskloom tree sd.img:2:/etc
`

export function addTreeCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('tree')
    .summary('show everything below a folder inside an image')
    .description('Show everything below a folder inside an image as a tree.')
    .argument('<target>', TARGET_HELP)
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .option('--json', 'write one JSON object per entry')
    .addHelpText('after', EXAMPLES)
    .action((target, { json = false, ...names }) =>
      withPlace(target, { terminal, services, names }, ({ partition, path: asked = [] }) => {
        const { stdout, environment } = terminal
        const { node: found, path } = findNode(partition, asked, 'to-folder')
        const start = path.join('/') as ByteString
        const node = nodeAtPath(volumeOf(partition).tree(), start) ?? found
        if (json) {
          for (const [at, child] of below(node, start)) writeEvent(stdout, 'entry', nodeFields(at, child))
          return
        }
        const paint = paintFor(stdout, environment)
        stdout.line(label(`/${displayName(start)}`, node, paint))
        if (node.type === 'directory') stdout.lines(branches(node, '', paint))
        stdout.lines(['', countText(node)])
      }),
    )
}

function* below(node: FileNode, path: ByteString): Generator<readonly [ByteString, FileNode]> {
  yield [path, node]
  if (node.type !== 'directory') return
  for (const [at, child] of walkTree(node, path)) if (at !== path) yield [at, child]
}

function* branches(folder: DirectoryNode, indent: string, paint: Paint): Generator<string> {
  const entries = sortedEntries(folder)
  for (const [index, [name, node]] of entries.entries()) {
    const isLast = index === entries.length - 1
    yield `${indent}${isLast ? '└── ' : '├── '}${label(displayName(name), node, paint)}`
    if (node.type === 'directory') yield* branches(node, `${indent}${isLast ? '    ' : '│   '}`, paint)
  }
}

function label(name: string, node: FileNode, paint: Paint): string {
  if (node.type === 'directory') return paint('blue', name)
  return node.type === 'symlink' ? `${paint('cyan', name)} -> ${displayName(node.target)}` : name
}

function countText(node: FileNode): string {
  const below = node.type === 'directory' ? [...walkTree(node)].slice(1).map(([, child]) => child.type) : []
  const folders = below.filter((type) => type === 'directory').length
  return `${below.length} entr${below.length === 1 ? 'y' : 'ies'}, ${folders} of them folders`
}
