import type { Command } from '@commander-js/extra-typings'
import { type ByteString, displayName } from '../bytes/text.js'
import { type FoundNode, findNodes } from '../inspect/find-nodes.js'
import { modeLetters, nodeFields, timeText } from '../inspect/listing.js'
import { volumeOf } from '../inspect/lookup.js'
import type { OpenPartition } from '../inspect/open-image.js'
import { type FileNode, sortedEntries } from '../tree/file-tree.js'
import { nodeAtPath } from '../tree/tree-builder.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, TARGET_HELP, withPlace } from './image-target.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import type { Terminal, TextOutput } from './terminal.js'
import { type Column, layOutTable } from './text-table.js'

const EXAMPLES = `
Examples:
  diskloom ls sd.img:2:/etc
  diskloom ls -lR board.zip:root:/
  diskloom ls 'sd.img:root:/etc/*.conf'
  diskloom ls --json sd.img:boot | jq -r .path
`

/** Names as they are listed, and the nodes behind them. */
interface Row {
  readonly name: string
  readonly path: ByteString
  readonly node: FileNode
}

export function addLsCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('ls')
    .summary('list a folder inside an image')
    .description(
      'List a folder inside an image. Nothing is mounted; links are followed inside the volume. A pattern (in quotes) lists what matches.',
    )
    .argument('<target>', TARGET_HELP)
    .option('-l, --long', 'also mode, owner, size, time')
    .option('-R, --recursive', 'also everything below')
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .option('--json', 'write one JSON object per entry')
    .addHelpText('after', EXAMPLES)
    .action((target, { long = false, recursive = false, json = false, ...names }) =>
      withPlace(target, { terminal, services, names }, ({ partition, path = [] }) => {
        const { stdout } = terminal
        const lists = foldersAt(partition, path, recursive)
        if (json) {
          for (const { rows } of lists)
            for (const row of rows) writeEvent(stdout, 'entry', nodeFields(row.path, row.node))
          return
        }
        for (const [index, { folder, rows }] of lists.entries()) {
          if (recursive) stdout.lines(index === 0 ? [`${folder}:`] : ['', `${folder}:`])
          writeRows(rows, long, stdout)
        }
      }),
    )
}

/** What is in each folder, in bytewise order; a file, and whatever a pattern matches, is a row of its own. */
function foldersAt(
  partition: OpenPartition,
  asked: readonly ByteString[],
  recursive: boolean,
): { folder: string; rows: Row[] }[] {
  const found = findNodes(partition, asked, 'to-folder')
  if (found.length !== 1) return [{ folder: shown(asked.join('/') as ByteString), rows: found.map(rowOf) }]
  const [{ node, path }] = found as [FoundNode]
  const start = path.join('/') as ByteString
  if (node.type !== 'directory') return [{ folder: shown(start), rows: [rowOf({ node, path })] }]
  const whole = recursive ? nodeAtPath(volumeOf(partition).tree(), start) : node
  return [...listFolders(whole ?? node, start, recursive)]
}

function rowOf({ node, path }: FoundNode): Row {
  const start = path.join('/') as ByteString
  return { name: shown(start), path: start, node }
}

function* listFolders(
  node: FileNode,
  path: ByteString,
  recursive: boolean,
): Generator<{ folder: string; rows: Row[] }> {
  if (node.type !== 'directory') return
  const rows = sortedEntries(node).map(([name, child]) => ({
    name: displayName(name),
    path: (path === '' ? name : `${path}/${name}`) as ByteString,
    node: child,
  }))
  yield { folder: shown(path), rows }
  if (recursive) for (const row of rows) yield* listFolders(row.node, row.path, true)
}

function shown(path: ByteString): string {
  return `/${displayName(path)}`
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'mode', align: 'left', value: ({ node }) => modeLetters(node) },
  { title: 'uid', align: 'right', value: ({ node }) => String(node.uid) },
  { title: 'gid', align: 'right', value: ({ node }) => String(node.gid) },
  { title: 'size', align: 'right', value: ({ node }) => sizeText(node) },
  { title: 'modified', align: 'left', value: ({ node }) => timeText(node.mtime) },
  { title: 'name', align: 'left', value: ({ name, node }) => `${name}${arrow(node)}` },
]

function writeRows(rows: readonly Row[], long: boolean, stdout: TextOutput): void {
  if (!long) {
    for (const { name } of rows) stdout.line(name)
    return
  }
  const table = layOutTable(rows, COLUMNS, Number.POSITIVE_INFINITY)
  for (const row of rows) stdout.line(table.line(row).trimStart())
}

/** Of a device its numbers, as in ls(1). */
function sizeText(node: FileNode): string {
  switch (node.type) {
    case 'file':
      return String(node.content.sizeBytes)
    case 'char':
    case 'block':
      return `${node.major},${node.minor}`
    default:
      return '-'
  }
}

function arrow(node: FileNode): string {
  return node.type === 'symlink' ? ` -> ${displayName(node.target)}` : ''
}
