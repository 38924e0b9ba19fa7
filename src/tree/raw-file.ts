import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { type ConfigPath, LayoutError } from '../errors.js'
import type { SourceFile } from '../image/extent.js'
import { sourceFileOf } from '../image/source-file.js'
import { problemAt, unreadable } from './payload-problem.js'
import { sizeDisagreement } from './source-size.js'

/**
 * A payload that is copied as it is: a boot blob, a ready file system, a file of the bundle. Symlinks are followed.
 * LayoutError when it is missing, no regular file, or not readable; nothing of its content is read here.
 */
export function readSourceFile(path: string, configPath?: ConfigPath): SourceFile {
  const accepted = 'a file that this user can read is accepted'
  try {
    const status = statSync(path, { bigint: true })
    if (!status.isFile()) {
      const hint = status.isDirectory() ? "a folder's content goes into a file system: fs: ext4/PATH" : undefined
      throw new LayoutError(
        problemAt(`Cannot read file "${path}": it is ${kindOf(status)}, a regular file is accepted`, configPath, hint),
      )
    }
    accessSync(path, constants.R_OK)
    const wrong = sizeDisagreement(path, { sizeBytes: Number(status.size), blocks: Number(status.blocks) })
    if (wrong !== undefined) {
      const message = `Cannot read file "${path}": ${wrong}, a file whose size is true is accepted`
      throw new LayoutError(problemAt(message, configPath, 'Copy it to a file first'))
    }
    return sourceFileOf(path, Number(status.size), status)
  } catch (error) {
    if (error instanceof LayoutError) throw error
    throw new LayoutError(unreadable(`file "${path}"`, error, accepted, configPath), { cause: error })
  }
}

/** For messages: `a folder`, `a fifo` … */
export function kindOf(
  status: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isBlockDevice'>,
): string {
  if (status.isFile()) return 'a file'
  if (status.isDirectory()) return 'a folder'
  if (status.isFIFO()) return 'a fifo'
  if (status.isSocket()) return 'a socket'
  return status.isBlockDevice() ? 'a block device' : 'a character device'
}
