/** The users and groups that a tree itself names, in its etc/passwd and etc/group: the only ones that mean anything in it. */
import { byteStringFromBytes } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { FileTree } from './file-tree.js'
import type { Owner } from './ownership.js'
import { nodeBehindLinks } from './volume-links.js'

export interface AccountNames {
  readonly users: ReadonlyMap<string, number>
  readonly groups: ReadonlyMap<string, number>
}

/** A user and a group, each a number in decimal or a name. */
export interface Account {
  readonly user: string
  readonly group: string
}

/** FormatError where a name is not the tree's. */
export function accountIds({ user, group }: Account, { users, groups }: AccountNames): Owner {
  return { uid: idOf(user, users, 'user', 'etc/passwd'), gid: idOf(group, groups, 'group', 'etc/group') }
}

function idOf(text: string, names: ReadonlyMap<string, number>, kind: string, file: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  // Every system has it, an /etc/passwd need not be in the tree.
  const id = names.get(text) ?? (text === 'root' ? 0 : undefined)
  if (id === undefined) {
    throw new FormatError(
      `Cannot find the ${kind} "${text}": the tree's ${file} has ${names.size} names, and not this one`,
    )
  }
  return id
}

/** More than 100,000 accounts; it is read whole, and a sparse file may claim any size. */
const MAX_ACCOUNT_FILE_BYTES = 16 << 20

/** A file that is not there names nobody. Reads both files. */
export function readAccountNames(tree: FileTree): AccountNames {
  return { users: namesIn(tree, 'etc/passwd'), groups: namesIn(tree, 'etc/group') }
}

/** `name:password:number:…`, both of them. */
function namesIn(tree: FileTree, path: string): Map<string, number> {
  const node = nodeBehindLinks(tree, path, 'follow')
  const names = new Map<string, number>()
  if (node?.type !== 'file') return names
  const { sizeBytes } = node.content
  if (sizeBytes > MAX_ACCOUNT_FILE_BYTES) {
    throw new FormatError(
      `Cannot read the names in the tree's ${path}: it has ${sizeBytes} bytes, at most ${MAX_ACCOUNT_FILE_BYTES} are accepted`,
    )
  }
  const bytes = new Uint8Array(sizeBytes)
  const reader = new PayloadReader()
  try {
    readImage(node.content, 0, bytes, reader)
  } finally {
    reader.close()
  }
  for (const line of byteStringFromBytes(bytes).split('\n')) {
    const [name, , number] = line.split(':')
    if (name !== undefined && number !== undefined && /^\d+$/.test(number) && !names.has(name)) {
      names.set(name, Number(number))
    }
  }
  return names
}
