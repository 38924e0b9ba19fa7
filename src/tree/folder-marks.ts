/** What a walk over a folder of the host notes about each file that its node will not carry (`Unkept`). */
import { resolve } from 'node:path'
import type { ByteString } from '../bytes/text.js'
import type { ConfigPath } from '../errors.js'
import { typeOfMode } from './file-mode.js'
import type { FileNode, SymlinkNode } from './file-tree.js'
import type { FileStatus } from './folder-listing.js'
import { HostPlaces } from './host-places.js'
import type { Ownership } from './ownership.js'
import { markUnkept } from './unkept.js'

/** `git`: 0644, or 0755 where the owner may execute, as git keeps them; folders 0755. */
export type ModeRule = 'host' | 'git'

const OWNER_MAY_EXECUTE = 0o100
const SETUID_SETGID = 0o6000
const STICKY = 0o1000
const EXECUTABLE_MODE = 0o755
const PLAIN_MODE = 0o644

/**
 * The permission bits under `modes: git`. Symlinks have those of Linux; devices, fifos and sockets, which git does not
 * hold, keep their own.
 */
export function gitMode(mode: number): number {
  switch (typeOfMode(mode)) {
    case 'directory':
      return EXECUTABLE_MODE
    case 'file':
      return (mode & OWNER_MAY_EXECUTE) === 0 ? PLAIN_MODE : EXECUTABLE_MODE
    case 'symlink':
      return 0o777
    default:
      return mode & 0o7777
  }
}

export interface FolderMarksOptions {
  readonly owner: Ownership
  readonly modes?: ModeRule
  readonly configPath?: ConfigPath
}

export class FolderMarks {
  /** Nodes that were marked. */
  count = 0
  readonly #options: FolderMarksOptions
  readonly #judgesOwners: boolean
  readonly #judgesModes: boolean
  readonly #user = process.geteuid?.() ?? 0
  readonly #group = process.getegid?.() ?? 0
  readonly #root: string
  #places: HostPlaces | undefined

  /** `root`: the folder that is read. */
  constructor(root: string, options: FolderMarksOptions) {
    this.#options = options
    this.#root = resolve(root)
    this.#judgesOwners = options.owner.kind === 'root' && options.owner.byDefault === true
    this.#judgesModes = options.modes === 'git'
  }

  /** Marks what the source says of owner and mode and the node does not have. Returns the node. */
  node<Node extends FileNode>(node: Node, status: FileStatus): Node {
    if (this.#judgesOwners && this.#isForeign(status)) {
      this.#mark(node, { owner: { uid: status.uid, gid: status.gid } })
    }
    if (this.#judgesModes && (status.mode & (SETUID_SETGID | STICKY)) !== 0) {
      // A folder's setgid bit is inherited from the folder above it, like the ids that come with it.
      const modeBits = status.mode & (node.type === 'directory' ? STICKY : SETUID_SETGID | STICKY)
      if (modeBits !== 0 && (node.type === 'file' || node.type === 'directory')) this.#mark(node, { modeBits })
    }
    return node
  }

  /** Marks a link that leads to a file of the build machine. */
  link(node: SymlinkNode, path: ByteString): SymlinkNode {
    this.#places ??= new HostPlaces(this.#root)
    const hostTarget = this.#places.targetOf(path, node.target)
    if (hostTarget !== undefined) this.#mark(node, { hostTarget })
    return node
  }

  /** Marks attributes that the rule of `xattrs:` left out. */
  xattrs(node: FileNode, names: readonly string[]): void {
    this.#mark(node, { xattrs: names })
  }

  #isForeign({ uid, gid }: FileStatus): boolean {
    return (uid !== 0 && uid !== this.#user) || (gid !== 0 && gid !== this.#group)
  }

  #mark(node: FileNode, unkept: Parameters<typeof markUnkept>[1]): void {
    const { configPath } = this.#options
    markUnkept(node, configPath === undefined ? unkept : { ...unkept, configPath })
    this.count++
  }
}
