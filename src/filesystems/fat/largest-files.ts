import { formatSize } from '../../bytes/format-size.js'
import type { ByteString } from '../../bytes/text.js'
import { showPath } from '../path-list.js'
import type { FatPayload } from './payload.js'

const LISTED = 5

/** What takes the room, for messages: `; the largest are Image (12 MiB), rootfs.cpio (8 MiB)`, or nothing. O(files · log files). */
export function largestFilesText({ directories }: FatPayload): string {
  const files = directories.flatMap(({ path, node }) =>
    [...node.children].flatMap(([name, child]) =>
      child.type === 'file' && child.content.sizeBytes > 0
        ? [{ path: (path === '' ? name : `${path}/${name}`) as ByteString, bytes: child.content.sizeBytes }]
        : [],
    ),
  )
  if (files.length === 0) return ''
  const largest = files.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1)).slice(0, LISTED)
  return `; the largest are ${largest.map(({ path, bytes }) => `${showPath(path)} (${formatSize(bytes)})`).join(', ')}`
}
