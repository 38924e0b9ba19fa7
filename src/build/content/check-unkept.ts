/**
 * Judges what the nodes of a finished tree do not carry of their sources: ids that nobody asked to keep, extended
 * attributes, special mode bits, links that lead to files of the build machine.
 */
import { type ByteString, displayName } from '../../bytes/text.js'
import { type ConfigPath, LayoutError, type Problem, type Warning } from '../../errors.js'
import { CAPABILITY_XATTR } from '../../tree/file-capability.js'
import type { DirectoryNode, FileNode, FileTree, Unkept } from '../../tree/file-tree.js'
import { ACL_ACCESS_XATTR, ACL_DEFAULT_XATTR } from '../../tree/kept-xattrs.js'
import { splitPayloadPath } from '../../tree/tree-builder.js'
import { followPath } from '../../tree/volume-links.js'

export interface UnkeptOptions {
  /** The format has neither owners nor modes, so no privilege depends on an id. */
  readonly ownerless: boolean
}

const SHOWN_PATHS = 5

/** The warnings, in a fixed order. LayoutError for what must not be lost: it names what would be accepted. */
export function checkUnkept(tree: FileTree, { ownerless }: UnkeptOptions): Warning[] {
  const found = new Findings()
  visit(tree, '', (path, node, unkept) => found.add({ path, node, unkept }))
  const errors: Problem[] = []
  const warnings: Warning[] = []
  const owners = found.of('owner')
  const privileged = ownerless ? [] : owners.filter(({ node }) => privilegeOf(node) !== undefined)
  if (privileged.length > 0) errors.push(privilegedOwners(privileged))
  else if (owners.length > 0) warnings.push(droppedOwners(owners, ownerless))
  const links = found.of('hostTarget').filter(({ path }) => !leadsSomewhere(tree, path))
  if (links.length > 0) errors.push(hostLinks(links))
  const xattrs = found.of('xattrs')
  if (xattrs.length > 0) warnings.push(droppedXattrs(xattrs))
  const modes = ownerless ? [] : found.of('modeBits')
  if (modes.length > 0) warnings.push(droppedModeBits(modes))
  if (errors.length > 0) throw new LayoutError(errors)
  return warnings
}

interface Found {
  readonly path: ByteString
  readonly node: FileNode
  readonly unkept: Unkept
}

class Findings {
  readonly #found: Found[] = []
  readonly #seen = new Set<FileNode>()

  /** A file with several names counts once. */
  add(found: Found): void {
    if (this.#seen.has(found.node)) return
    this.#seen.add(found.node)
    this.#found.push(found)
  }

  of(key: keyof Unkept): Found[] {
    return this.#found.filter(({ unkept }) => unkept[key] !== undefined)
  }
}

/** Every marked node in the order of names, which is sorted only where there are marks. */
function visit(
  directory: DirectoryNode,
  prefix: string,
  action: (path: ByteString, node: FileNode, unkept: Unkept) => void,
): void {
  if (prefix === '' && directory.unkept !== undefined) action('' as ByteString, directory, directory.unkept)
  for (const [name, node] of directory.children) {
    if (node.unkept !== undefined) action(`${prefix}${name}` as ByteString, node, node.unkept)
    if (node.type === 'directory') visit(node, `${prefix}${name}/`, action)
  }
}

/** Whether the link at `path` leads to something of the tree. */
function leadsSomewhere(tree: FileTree, path: ByteString): boolean {
  const followed = followPath(tree, splitPayloadPath(path) ?? [], { last: 'follow', atRoot: 'stay' })
  return !('why' in followed) && followed.node !== undefined
}

const SETUID = 0o4000
const SETGID = 0o2000

/** Why the owner of a file decides what its users may do. */
function privilegeOf({ type, mode, xattrs }: FileNode): string | undefined {
  if (type === 'file' && (mode & SETUID) !== 0) return 'setuid'
  if (type === 'file' && (mode & SETGID) !== 0) return 'setgid'
  if (xattrs?.has(CAPABILITY_XATTR) === true) return 'with a capability'
  const hasAcl = xattrs?.has(ACL_ACCESS_XATTR) === true || xattrs?.has(ACL_DEFAULT_XATTR) === true
  return hasAcl ? 'with an ACL' : undefined
}

const OWNER_HINT =
  "owner: keep keeps the source's ids, a map gives others ({ uid: { 1000: 0 } }), and owner: root says that root is meant"

function privilegedOwners(found: readonly Found[]): Problem {
  const shown = list(found, ({ node, unkept: { owner } }) => `${owner!.uid}:${owner!.gid}, ${privilegeOf(node)}`)
  const message = `Cannot give ${counted(found)} to root: what ${found.length === 1 ? 'it' : 'they'} may do depends on the owner, which is another at the source: ${shown}; an owner that is given is accepted`
  return { ...placeOf(found), message, hint: OWNER_HINT }
}

function droppedOwners(found: readonly Found[], ownerless: boolean): Warning {
  const shown = list(found, ({ unkept: { owner } }) => `${owner!.uid}:${owner!.gid}`)
  const instead = ownerless ? 'the format has none' : 'root has them in the image'
  const message = `The owners of ${counted(found)} are dropped, ${instead}: ${shown}`
  const hint = ownerless ? 'owner: root says that none are wanted' : OWNER_HINT
  return { ...placeOf(found), message, hint, finding: 'owners-dropped' }
}

function droppedXattrs(found: readonly Found[]): Warning {
  const counts = new Map<string, number>()
  for (const name of found.flatMap(({ unkept: { xattrs } }) => xattrs!)) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  const shown = names.slice(0, SHOWN_PATHS).map(([name, count]) => `${displayName(name as ByteString)} (${count})`)
  const more = names.length > SHOWN_PATHS ? ` and ${names.length - SHOWN_PATHS} more` : ''
  const message = `Extended attributes of ${counted(found)} are left out: ${shown.join(', ')}${more}; on ${list(found)}`
  const hint = 'xattrs: keep keeps what the format can hold, xattrs: none says that none are wanted'
  return { ...placeOf(found), message, hint, finding: 'xattrs-dropped' }
}

function droppedModeBits(found: readonly Found[]): Warning {
  const shown = list(found, ({ unkept: { modeBits } }) => `0${modeBits!.toString(8)}`)
  const message = `setuid, setgid and sticky bits of ${counted(found)} are dropped, git keeps none: ${shown}`
  const hint = 'Say the mode in the config: { set: /usr/bin/tool, mode: "4755" }'
  return { ...placeOf(found), message, hint, finding: 'modes-dropped' }
}

function hostLinks(found: readonly Found[]): Problem {
  const shown = list(found, ({ unkept: { hostTarget } }) => `→ ${displayName(hostTarget as ByteString)}`)
  const message = `Cannot take ${counted(found, 'link', 'links')} into the image: what is at the end is on this machine and not in the image: ${shown}; accepted are links to what is in the image`
  const hint =
    'links: follow of the entry takes what they lead to; a tar of the folder has them as they are; exclude: leaves them out'
  return { ...placeOf(found), message, hint }
}

function counted({ length }: readonly Found[], one = 'file', many = 'files'): string {
  return `${length} ${length === 1 ? one : many}`
}

/** `"/a" (0:42), "/b" (0:8) and 3 more`. */
function list(found: readonly Found[], detail?: (found: Found) => string): string {
  const sorted = found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const shown = sorted.slice(0, SHOWN_PATHS).map((each) => {
    const path = `"/${displayName(each.path)}"`
    return detail === undefined ? path : `${path} (${detail(each)})`
  })
  const more = found.length > SHOWN_PATHS ? ` and ${found.length - SHOWN_PATHS} more` : ''
  return `${shown.join(', ')}${more}`
}

function placeOf([first]: readonly Found[]): { path?: ConfigPath } {
  const path = first?.unkept.configPath
  return path === undefined ? {} : { path }
}
