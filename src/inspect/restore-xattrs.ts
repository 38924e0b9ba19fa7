/**
 * Sets extended attributes of extracted files by one call of setfattr(1) (package attr), since Node has no system call for them.
 * An attribute whose name cannot be put into its input without a second meaning is counted as left out.
 */
import { type ByteString, byteString } from '../bytes/text.js'
import { attributeLines, isAttributeName } from '../tree/attribute-list.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { FileNode } from '../tree/file-tree.js'
import type { LeftOut } from './left-out.js'

const TOOL = 'setfattr'

export interface XattrHolder {
  readonly path: ByteString
  readonly node: FileNode
}

/** `folder`: an absolute path that all paths begin with. What cannot be set is counted in `left`. */
export async function restoreXattrs(
  holders: readonly XattrHolder[],
  folder: string,
  options: {
    readonly runner: CommandRunner
    readonly isRoot: boolean
    readonly left: LeftOut
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { runner, isRoot, left, signal } = options
  const dumps = holders.map((holder) => dumpOf(holder, folder, isRoot))
  left.add('xattrs', dumps.filter(({ isWhole }) => !isWhole).length)
  const input = dumps.map(({ text }) => text).join('')
  if (input === '') return
  if (runner.locate(TOOL) === undefined) {
    left.add('xattrs', dumps.filter(({ isWhole }) => isWhole).length)
    return
  }
  const { stderr, status } = await runner.run(TOOL, ['-h', '--restore=-'], {
    cwd: folder,
    input: Buffer.from(input, 'latin1'),
    ...(signal && { signal }),
  })
  // A line for each attribute that the file system does not take.
  if (status !== 0) left.add('xattrs', Math.max(1, stderr.split('\n').filter((line) => line !== '').length))
}

/** `isWhole`: whether it has all that the node has. */
function dumpOf({ path, node }: XattrHolder, folder: string, isRoot: boolean): { text: string; isWhole: boolean } {
  const all = [...(node.xattrs ?? [])]
  const settable = all.filter(([name]) => isAttributeName(name) && (isRoot || FOR_EVERYBODY.test(name)))
  const relative = path.slice(byteString(folder).length + 1) as ByteString
  return { text: attributeLines(relative, settable), isWhole: settable.length === all.length }
}

const FOR_EVERYBODY = /^user\.|^system\.posix_acl_/
