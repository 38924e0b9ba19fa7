/** The users and groups that a tree itself names, in its etc/passwd and etc/group: the only ones that mean anything in it. */
import { byteStringFromBytes } from '../bytes/text.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { FileTree } from './file-tree.js'
import { nodeAtPath } from './tree-builder.js'

export interface AccountNames {
  readonly users: ReadonlyMap<string, number>
  readonly groups: ReadonlyMap<string, number>
}

/** A file that is not there names nobody. Reads both files. */
export function readAccountNames(tree: FileTree): AccountNames {
  return { users: namesIn(tree, 'etc/passwd'), groups: namesIn(tree, 'etc/group') }
}

/** `name:password:number:…`, both of them. */
function namesIn(tree: FileTree, path: string): Map<string, number> {
  const node = nodeAtPath(tree, path)
  const names = new Map<string, number>()
  if (node?.type !== 'file') return names
  const bytes = new Uint8Array(node.content.sizeBytes)
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
