/** The folders between the root of a walk that follows links and a folder of it: a link may lead back to one of them. */
import { displayName } from '../bytes/text.js'
import { LayoutError } from '../errors.js'
import { type FileStatus, type HostPath, pathBytes } from './folder-listing.js'

/** A folder and those above it. */
export interface FolderWay {
  readonly id: string
  readonly above: FolderWay | undefined
}

/** Throws LayoutError where the folder is one of those above it. */
export function wayInto(path: HostPath, { dev, ino }: FileStatus, above: FolderWay | undefined): FolderWay {
  const id = `${dev}:${ino}`
  for (let folder = above; folder !== undefined; folder = folder.above) {
    if (folder.id !== id) continue
    const message = `Cannot follow link "${displayName(pathBytes(path))}": it leads back to a folder that holds it`
    throw new LayoutError(message)
  }
  return { id, above }
}
