/**
 * A payload tree as a folder, for tools that take nothing else, and the tool called on it. Whoever is not root does both
 * under fakeroot: owners, devices and attributes are then what the tool is told, and nothing that a file of the host gets.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ByteString, displayName } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { chunksOf } from '../image/chunks.js'
import { attributeLines, isAttributeName } from '../tree/attribute-list.js'
import type { CommandResult, CommandRunner } from '../tree/command-runner.js'
import { type FileNode, type FileTree, walkTree } from '../tree/file-tree.js'
import { planTar, type TarPlan } from '../tree/tar-image.js'

export interface TreeCommand {
  /** For messages: `erofs volume "root"`. */
  readonly title: string
  readonly tree: FileTree
  /** A folder of its own for everything temporary, on a file system that knows holes. */
  readonly folder: string
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
}

export const isRoot = (): boolean => process.geteuid?.() === 0

/** What has to be installed for `runOverTree`. */
export function treeTools(tree: FileTree): string[] {
  const attributes = hasXattrs(tree) ? ['setfattr'] : []
  return ['setpriv', 'sh', 'tar', ...attributes, ...(isRoot() ? [] : ['fakeroot'])]
}

/** $1 the folder, $2 the list of attributes or '', $3 of whom the files are, then the command. Attributes come last: a chown clears capabilities. */
const SCRIPT = `
folder=$1 attributes=$2 owner=$3
shift 3
tar --extract --file=- --directory="$folder" --preserve-permissions "$owner" --numeric-owner --delay-directory-restore --warning=no-timestamp
if [ -n "$attributes" ]; then (cd "$folder" && setfattr --no-dereference --restore="$attributes"); fi
exec "$@"
`

/** Where `runOverTree` lays the tree, for the arguments of its command. */
export function treeFolder({ folder }: Pick<TreeCommand, 'folder'>): string {
  return join(folder, 'tree')
}

/**
 * Unpacks the tree into `treeFolder` and runs `command` on it. `plain`: for formats without owners, the files are ours and no
 * fakeroot is needed. `before`: a command around both. FormatError for what cannot be unpacked.
 */
export async function runOverTree(
  request: TreeCommand,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { plain = false, before = [] }: { plain?: boolean; before?: readonly string[] } = {},
): Promise<CommandResult> {
  const { tree, runner, signal } = request
  const { image } = tarOf(request)
  mkdirSync(treeFolder(request), { recursive: true })
  const attributes = writeAttributeList(request, tree)
  const owner = plain ? '--no-same-owner' : '--same-owner'
  const args = ['-euc', SCRIPT, 'sh', treeFolder(request), attributes, owner, ...command]
  const under = isRoot() || plain ? [] : ['fakeroot', '--']
  // The tool ends with us, even by SIGKILL; tar ends with its input.
  return runner.run('setpriv', ['--pdeathsig=KILL', ...before, ...under, 'sh', ...args], {
    input: chunksOf(image),
    env,
    ...(signal && { signal }),
  })
}

/** The tree as a tar. FormatError with all sockets in it, for which tars have no entry. */
export function tarOf({ title, tree }: Pick<TreeCommand, 'title' | 'tree'>): TarPlan {
  const plan = planTar(tree)
  if (plan.leftOut.length > 0) throw unkept(title, 'sockets', plan.leftOut)
  return plan
}

const MAX_SHOWN = 20

/** FormatError with all paths of the first kind that `judge` names. */
export function assertKept(
  title: string,
  tree: FileTree,
  judge: ((node: FileNode) => string | undefined) | undefined,
  hint?: string,
): void {
  if (judge === undefined) return
  const found = new Map<string, ByteString[]>()
  for (const [path, node] of walkTree(tree)) {
    const what = judge(node)
    if (what === undefined) continue
    const paths = found.get(what) ?? []
    found.set(what, paths)
    paths.push(path === '' ? ('.' as ByteString) : path)
  }
  const [first] = found
  if (first !== undefined) throw unkept(title, first[0], first[1], hint)
}

/** What a tool does not write, with the paths of all of it. */
export function unkept(title: string, what: string, paths: readonly ByteString[], hint?: string): FormatError {
  const shown = paths.slice(0, MAX_SHOWN).map((path) => `"${displayName(path)}"`)
  const more = paths.length > MAX_SHOWN ? ` and ${paths.length - MAX_SHOWN} more` : ''
  return new FormatError(
    `Cannot write ${title}: its tool keeps no ${what}, which are among its content: ${shown.join(', ')}${more}`,
    {
      hint: hint ?? 'leave them out with { remove: [PATTERN] } or with exclude',
    },
  )
}

/** The path of a list for `setfattr --restore`; '' where there is nothing to list. */
export function writeAttributeList({ folder, title }: Pick<TreeCommand, 'folder' | 'title'>, tree: FileTree): string {
  if (!hasXattrs(tree)) return ''
  const path = join(folder, 'attributes')
  writeFileSync(path, attributeList(title, tree))
  return path
}

function hasXattrs(tree: FileTree): boolean {
  for (const [, { xattrs }] of walkTree(tree)) if (xattrs !== undefined && xattrs.size > 0) return true
  return false
}

/** FormatError for a name that no file of Linux can have. */
function attributeList(title: string, tree: FileTree): string {
  const texts: string[] = []
  for (const [path, { xattrs }] of walkTree(tree)) {
    if (xattrs === undefined || xattrs.size === 0) continue
    const wrong = [...xattrs.keys()].find((name) => !isAttributeName(name))
    if (wrong !== undefined) {
      throw new FormatError(
        `Cannot write ${title}: "${displayName(path)}" has an extended attribute "${displayName(wrong as ByteString)}", Linux has no such name`,
        { hint: 'Leave attributes out with xattrs: none' },
      )
    }
    texts.push(attributeLines(path === '' ? ('.' as ByteString) : path, xattrs))
  }
  return texts.join('')
}
