/** What the guest does to a volume (`use` in test/qemu/guest/init.sh), and what must come of it. */
import { byteString } from '../../src/bytes/text.js'
import type { DirectoryNode, FileNode, FileTree } from '../../src/tree/file-tree.js'
import { type Entries, type Entry, sha256 } from './qemu-entries.js'

const VICTIMS = 40
const MOVING = 12
const SHRUNK_BYTES = 5

/** The part of a tree that the guest changes; `file` and `folder` make nodes as the tree's other ones are. */
export function workoutNodes(
  file: (bytes: Uint8Array) => FileNode,
  folder: (children: Record<string, FileNode>) => DirectoryNode,
): Record<string, FileNode> {
  const numbered = (count: number, name: string) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`${name} ${index}.text`, file(pattern(index * 97, index))]),
    )
  return {
    kept: folder({ 'one file.txt': file(pattern(5000, 1)), more: folder({ 'another.txt': file(pattern(10, 2)) }) }),
    victims: folder({ ...numbered(VICTIMS, 'a file that goes'), nested: folder({ deep: folder({}) }) }),
    moving: folder(numbered(MOVING, 'a file that moves')),
    renamed: file(pattern(3000, 3)),
    grows: file(pattern(GROWS_BYTES, 4)),
    shrinks: file(pattern(9000, 5)),
  }
}

/** Ends inside a cluster or block. */
const GROWS_BYTES = 4000

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff)
}

/** Type, size and content of every path after the use; times and the rest are the kernel's own by then. */
export function afterUse(tree: FileTree, before: Entries): Entries {
  const after: Entries = new Map()
  const put = (path: string, entry: Entry): void => {
    after.set(path, essenceOf(entry))
  }
  const putBytes = (path: string, bytes: Uint8Array): void => {
    put(path, { type: 'file', sizeBytes: bytes.length, sha256: sha256(bytes) })
  }
  for (const [path, entry] of before) {
    const [top] = path.split('/')
    if (top === 'victims' || path === 'moving') continue
    if (top === 'moving') put(path.replace('moving', 'new folder'), entry)
    else if (top === 'renamed') put('Renamed to a name of more than one slot', entry)
    else put(path, entry)
    if (top === 'kept') put(path.replace('kept', 'copy of kept'), entry)
  }
  putBytes('grows', Buffer.concat([bytesAt(tree, 'grows'), Buffer.from('appended\n')]))
  putBytes('shrinks', bytesAt(tree, 'shrinks').subarray(0, SHRUNK_BYTES))
  put('new folder', { type: 'directory' })
  const sequence = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('')
  putBytes(byteString('new folder/written by the kernel – größe 漢字.txt'), Buffer.from(sequence))
  for (let number = 1; number <= 60; number++) {
    putBytes(`new folder/file number ${number} of sixty.text`, Buffer.from(`${number}\n`))
  }
  return after
}

function bytesAt(tree: FileTree, name: string): Uint8Array {
  const node = tree.children.get(byteString(name))
  const source = node?.type === 'file' ? node.content.extents[0]?.source : undefined
  if (source?.kind !== 'bytes') throw new Error(`the tree of a workout has no "${name}"`)
  return source.bytes
}

export function essenceOf({ type, sizeBytes, sha256: hash }: Entry): Entry {
  return { type, ...(sizeBytes !== undefined && { sizeBytes }), ...(hash !== undefined && { sha256: hash }) }
}
