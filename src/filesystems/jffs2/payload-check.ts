/** What JFFS2 cannot hold, found over the whole tree and told at once. */
import type { ByteString } from '../../bytes/text.js'
import { FormatError, type Problem } from '../../errors.js'
import { type FileNode, type FileTree, type Timestamp, walkTree } from '../../tree/file-tree.js'
import { formatCount, listTexts, showPath } from '../path-list.js'
import { MAX_MAJOR, MAX_MINOR } from './device-number.js'
import { JFFS2_LAYOUTS, JFFS2_MAX_NAME_LEN } from './disklayout.js'
import type { Jffs2Settings } from './options.js'
import { xattrOf } from './xattr.js'

const MAX_U16 = 0xffff
const MAX_U32 = 0xffff_ffff
/** s_maxbytes of a kernel that keeps sizes in signed 32 bits (MAX_NON_LFS). */
const MAX_FILE_BYTES = 0x7fff_ffff
/** Longer ones are stored, and the kernel then refuses the inode. [LINUX fs/jffs2/readinode.c] */
const MAX_TARGET_BYTES = JFFS2_MAX_NAME_LEN

/** Throws a FormatError with a problem for each kind of thing that has no place, and all its paths. */
export function assertHolds(tree: FileTree, settings: Jffs2Settings): void {
  const found = new Map<string, string[]>()
  for (const [path, node] of walkTree(tree)) {
    for (const [accepted, what] of faultsOf(path, node, settings)) {
      const paths = found.get(accepted) ?? []
      found.set(accepted, paths)
      paths.push(`${showPath(path)} (${what})`)
    }
  }
  const problems = [...found].map(
    ([accepted, paths]): Problem => ({ message: `Cannot write to JFFS2: ${listTexts(paths)}; ${accepted}` }),
  )
  if (problems.length > 0) throw new FormatError(problems)
}

type Fault = readonly [accepted: string, what: string]

function* faultsOf(path: ByteString, node: FileNode, settings: Jffs2Settings): Generator<Fault> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.length > JFFS2_MAX_NAME_LEN) {
    yield [`names of up to ${JFFS2_MAX_NAME_LEN} bytes are accepted`, `a name of ${name.length} bytes`]
  }
  if (node.uid > MAX_U16 || node.gid > MAX_U16) {
    yield [`owners are accepted up to ${MAX_U16}, as JFFS2 has 16 bits for each`, `owner ${node.uid}:${node.gid}`]
  }
  if (!isStorable(node.mtime)) {
    const text = `seconds 0 to ${MAX_U32} since 1970 (the year 2106) are accepted`
    yield [text, `a time of ${node.mtime.seconds}`]
  }
  yield* contentFaults(node)
  for (const [key, value] of node.xattrs ?? []) {
    const { nodeBytes } = xattrOf(key, value, JFFS2_LAYOUTS[settings.byte_order]) ?? {}
    if (nodeBytes === undefined) {
      yield ['extended attributes user.*, security.*, trusted.* and POSIX ACLs are accepted', key]
    } else if (value.length > MAX_U16 || nodeBytes > settings.erase_block / 2) {
      yield ['an extended attribute of up to half an erase block is accepted', `${key} of ${value.length} bytes`]
    }
  }
}

function* contentFaults(node: FileNode): Generator<Fault> {
  if (node.type === 'file' && node.content.sizeBytes > MAX_FILE_BYTES) {
    yield [`files of up to ${formatCount(MAX_FILE_BYTES)} bytes are accepted`, formatCount(node.content.sizeBytes)]
  }
  if (node.type === 'symlink' && (node.target.length === 0 || node.target.length > MAX_TARGET_BYTES)) {
    yield [`link targets of 1 to ${MAX_TARGET_BYTES} bytes are accepted`, `a target of ${node.target.length} bytes`]
  }
  if ((node.type === 'char' || node.type === 'block') && (node.major > MAX_MAJOR || node.minor > MAX_MINOR)) {
    yield [`device numbers up to ${MAX_MAJOR}:${MAX_MINOR} are accepted`, `${node.major}:${node.minor}`]
  }
}

/** The kernel reads unsigned seconds, since 4.20 or so; fractions are dropped. */
function isStorable({ seconds }: Timestamp): boolean {
  return seconds >= 0 && seconds <= MAX_U32
}
