/** JFFS2 volumes for tests: made, written down, read back. */
import { type Jffs2FormatOptions, jffs2Format } from '../../src/filesystems/jffs2/format.js'
import { openJffs2 } from '../../src/filesystems/jffs2/reader.js'
import type { VolumeEnvironment } from '../../src/filesystems/volume.js'
import type { VolumeReader } from '../../src/filesystems/volume-reader.js'
import type { DiskImage } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { contentOfFile, type FileTree } from '../../src/tree/file-tree.js'
import { readSourceFile } from '../../src/tree/raw-file.js'
import { materialize } from './materialize.js'
import { runTool } from './oracle.js'

/** None of it has a place in JFFS2. */
export const ENVIRONMENT: VolumeEnvironment = {
  time: { seconds: 0, nanoseconds: 0 },
  uuid: '00000000-0000-0000-0000-000000000000',
  offsetBytes: 0,
  sectorSize: 512,
}
/** What a used flash holds. */
const USED = 0xd1

export function writeJffs2(tree: FileTree, sizeBytes: number, options: Jffs2FormatOptions, path: string): void {
  writeImage(jffs2Format.plan(tree, sizeBytes, options, ENVIRONMENT).encode(), options, path)
}

export function writeImage(image: DiskImage, { pad }: Jffs2FormatOptions, path: string): void {
  materialize(image, path, { unspecified: pad === false ? 0xff : USED })
}

export function openFile(path: string): VolumeReader {
  return openJffs2(ImageView.of(contentOfFile(readSourceFile(path, [])), path))
}

/** What jffs2dump says of an image: nodes by type, and whatever it complains of. */
export function dumpJffs2(path: string, order: 'little' | 'big' = 'little') {
  const { stdout, stderr, status } = runTool('jffs2dump', [order === 'big' ? '-b' : '-l', '-c', path])
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '')
  const counts: Record<string, number> = {}
  const complaints: string[] = status === 0 ? [] : [`exit code ${status}`]
  for (const line of lines) {
    const [, type] = /^\s+(Inode|Dirent|Xattr|Xref|Cleanmarker|Padding|Summary)\b/.exec(line) ?? []
    if (type !== undefined) counts[type] = (counts[type] ?? 0) + 1
    // A name may hold line feeds, so that not every line is the tool's own.
    if (/^\s*(?:Wrong|Unknown)\b/.test(line)) complaints.push(line)
  }
  return { counts, complaints }
}
