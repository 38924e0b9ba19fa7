/** How much a payload is, and since when. */
import type { VolumeSpec } from '../config/spec.js'
import {
  compareTimestamps,
  EPOCH_1980,
  type FileNode,
  type FileTree,
  type RegularFileNode,
  type Timestamp,
} from '../tree/file-tree.js'
import type { Payload } from './disk-plan.js'

/** Every node, under each of its names. The order means nothing: nothing is sorted. */
function* nodesOf(tree: FileTree): Generator<FileNode> {
  const waiting: FileNode[] = [tree]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    if (node.type === 'directory') for (const child of node.children.values()) waiting.push(child)
  }
}

/** The newest modification time in the payload; 1980-01-01 where there is none, or none later. */
export function newestTime(payload: Payload): Timestamp {
  let newest = EPOCH_1980
  if (payload.kind !== 'tree' || payload.tree.children.size === 0) return newest
  for (const { mtime } of nodesOf(payload.tree)) if (compareTimestamps(mtime, newest) > 0) newest = mtime
  return newest
}

/** Bytes of the files, holes included; a hard link counts once. */
export function payloadBytes(payload: Payload): number {
  switch (payload.kind) {
    case 'tree': {
      const files = new Set<RegularFileNode>()
      for (const node of nodesOf(payload.tree)) if (node.type === 'file') files.add(node)
      let total = 0
      for (const { content } of files) total += content.sizeBytes
      return total
    }
    case 'file':
      return payload.file.sizeBytes
    case 'image':
      return payload.image.extents.reduce(
        (total, { length, source }) => total + (source.kind === 'fill' ? 0 : length),
        0,
      )
    case 'none':
      return 0
  }
}

/** `ext4`, `fat`, the base name of a raw file, `none`: the last word of a PartList.cfg line. */
export function payloadWord(volume: VolumeSpec): string {
  if (volume.kind === 'raw') return volume.path.slice(volume.path.lastIndexOf('/') + 1)
  return volume.kind === 'none' ? 'none' : volume.type
}
