import { basename, join } from 'node:path'
import { type Command, Option } from '@commander-js/extra-typings'
import { formatSize } from '../bytes/format-size.js'
import { statsAt } from '../bytes/path-stats.js'
import { type ByteString, displayName } from '../bytes/text.js'
import { UsageError, type Warning } from '../errors.js'
import { chunksOf } from '../image/chunks.js'
import type { DiskImage } from '../image/extent.js'
import { type FoundNode, findNode, findNodes, isPattern } from '../inspect/find-nodes.js'
import { type Found, volumeOf } from '../inspect/lookup.js'
import type { OpenPartition } from '../inspect/open-image.js'
import { compareTimestamps, type DirectoryNode, EPOCH_1980, type FileNode } from '../tree/file-tree.js'
import { nodeAtPath } from '../tree/tree-builder.js'
import { setOption } from './config-options.js'
import { mtdpartsOption, namesConfigOption, TARGET_HELP, withPlace } from './image-target.js'
import { problemFields, writeEvent } from './json-events.js'
import { reportWarnings, shortPath } from './report-error.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom extract sd.img:2:/etc/fstab                 one file, as ./fstab
  diskloom extract 'sd.img:root:/etc/*.conf' --out d   all files that match, into a new folder
  diskloom extract sd.img:root:/etc --out etc-of-sd    a folder with all that is in it
  diskloom extract sd.img:root:/ --tar root.tar        with owners, devices and attributes, without root
  diskloom extract sd.img:root:/ --tar - | tar -tv
  diskloom extract sd.img:2 --out root.ext4            the partition itself, byte by byte
`

/** One of the things that a target can be. */
interface Result {
  /** Undefined where it went to standard output. */
  readonly path?: string
  readonly bytes: number
  readonly entries?: number
  readonly notes: readonly Warning[]
}

export function addExtractCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('extract')
    .summary('copy a file, a folder or a partition out of an image')
    .description(
      'Copy a file, a folder or a whole partition out of an image. Modes and times are kept; owners and devices where root extracts, or in a tar.',
    )
    .argument('<target>', `${TARGET_HELP}; IMAGE:2 is the partition itself`)
    .option('-o, --out <path>', 'where it goes: a new name or an empty folder (default: its own name, here)')
    .addOption(new Option('--tar <file>', 'write a folder as a tar, - for standard output').conflicts('out'))
    .addOption(namesConfigOption())
    .addOption(setOption())
    .addOption(mtdpartsOption())
    .addOption(new Option('--json', 'write the result to standard output as a JSON object'))
    .addHelpText('after', EXAMPLES)
    .action((target, { out, tar, json = false, ...names }) =>
      withPlace(target, { terminal, services, names }, async (found, disk) => {
        const { stdout } = terminal
        if (json && tar === '-') {
          throw new UsageError('Cannot write --json and --tar - both to standard output: one of them is accepted')
        }
        const context: Context = { found, out, terminal, services, imageName: disk.name }
        const result = tar === undefined ? await extractPlace(context) : await extractTar(context, tar)
        if (!json) reportWarnings(result.notes, terminal)
        if (json) writeEvent(stdout, 'result', { ...result, notes: result.notes.map(problemFields) })
        else if (result.path !== undefined) stdout.line(resultText(result))
      }),
    )
}

interface Context {
  readonly found: Found
  readonly out: string | undefined
  readonly terminal: Terminal
  readonly services: Services
  readonly imageName: string
}

/** A partition's bytes where no path is given, a node of its volume otherwise. */
async function extractPlace({ found, out, terminal, services, imageName }: Context): Promise<Result> {
  const { environment, signal } = terminal
  const { extract, extractImage, partitionImage } = await services.loadInspect()
  const { partition, path: asked } = found
  if (asked === undefined) {
    const image = partitionImage(partition)
    return extractImage(image, outPath(out, `${partitionName(partition, imageName)}.img`), signal, { environment })
  }
  const { node, isMany } = wholeNode(partition, asked)
  if (isMany && out === undefined) {
    throw new UsageError(
      `Cannot extract what "/${asked.map(displayName).join('/')}" matches: it needs a folder to go to`,
      {
        hint: 'Name a new or empty folder: --out FOLDER',
      },
    )
  }
  // The name that was asked for: a link gives its own, and not that of what it leads to.
  const name = asked.length === 0 ? partitionName(partition, imageName) : displayName(asked.at(-1)!)
  return extract(node, outPath(out, name, node), { environment, signal })
}

async function extractTar({ found, terminal, services }: Context, tar: string): Promise<Result> {
  const { tarOf, extractImage } = await services.loadInspect()
  const { node, path } = wholeNode(found.partition, found.path ?? [])
  if (node.type !== 'directory') {
    throw new UsageError(
      `Cannot write "/${path.map(displayName).join('/')}" as a tar: it is a ${node.type}, a folder is accepted`,
    )
  }
  const { image, notes } = tarOf(node)
  const { signal, environment } = terminal
  if (tar !== '-') return { ...(await extractImage(image, tar, signal, { environment })), notes }
  await writeToStdout(image, terminal)
  return { bytes: image.sizeBytes, notes }
}

async function writeToStdout(image: DiskImage, { stdout, signal }: Terminal): Promise<void> {
  for (const chunk of chunksOf(image)) {
    signal.throwIfAborted()
    if (!(await stdout.bytes(chunk))) return
  }
}

/** A node with everything below it; of what a pattern matches, a folder with all of it. Links are kept in there. */
function wholeNode(partition: OpenPartition, asked: readonly ByteString[]): FoundNode & { readonly isMany: boolean } {
  const found = asked.some(isPattern) ? findNodes(partition, asked, 'keep') : [findNode(partition, asked, 'follow')]
  const [first] = found
  if (!asked.some(isPattern) || (found.length === 1 && first!.path.at(-1) === asked.at(-1))) {
    return { ...withContent(partition, first!), isMany: false }
  }
  const nodes = found.map((each) => withContent(partition, each))
  return { node: folderOf(nodes, partition), path: asked, isMany: true }
}

/** The tree of a folder; everything else is itself. */
function withContent(partition: OpenPartition, { node, path }: FoundNode): FoundNode {
  if (node.type !== 'directory') return { node, path }
  return { node: nodeAtPath(volumeOf(partition).tree(), path.join('/')) ?? node, path }
}

/** A folder that holds these nodes by their own names. */
function folderOf(nodes: readonly FoundNode[], partition: OpenPartition): DirectoryNode {
  const children = new Map<ByteString, FileNode>()
  let mtime = EPOCH_1980
  for (const { node, path } of nodes) {
    const name = path.at(-1)!
    if (children.has(name)) {
      throw new UsageError(
        `Cannot extract "${displayName(name)}" of ${partition.view.name} twice into one folder: the pattern matches files of that name in several folders`,
        { hint: 'Extract one folder at a time' },
      )
    }
    children.set(name, node)
    if (compareTimestamps(node.mtime, mtime) > 0) mtime = node.mtime
  }
  return { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime, children }
}

/** `out`, or `name` in the working directory; a file goes into a folder that is there. */
function outPath(out: string | undefined, name: string, node?: FileNode): string {
  if (out === undefined) return name
  const isFolder = statsAt(out)?.isDirectory() === true
  return isFolder && node?.type !== 'directory' ? join(out, name) : out
}

/** As a file name: the partition's own, else the image's with its number. */
function partitionName({ name, number }: OpenPartition, imageName: string): string {
  if (name !== '') return name.replace(/[/\0]/g, '_')
  return `${basename(imageName).replace(/\..*$/, '')}${number === undefined ? '' : `-${number}`}`
}

function resultText({ path, bytes, entries }: Result): string {
  const what = entries === undefined || entries === 1 ? '' : `${entries} entries, `
  return `${shortPath(path!)}: ${what}${formatSize(bytes)}`
}
