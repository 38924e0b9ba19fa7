/**
 * Directories against the inodes that they name, and the tree that they make.
 * [e2fsprogs 1.47.0 e2fsck/pass2.c, pass3.c, pass4.c]
 */
import type { ByteString } from '../../../bytes/text.js'
import {
  EXT4_FT_BLKDEV,
  EXT4_FT_CHRDEV,
  EXT4_FT_DIR,
  EXT4_FT_FIFO,
  EXT4_FT_REG_FILE,
  EXT4_FT_SOCK,
  EXT4_FT_SYMLINK,
} from '../disklayout/directory.js'
import {
  EXT4_LINK_MAX,
  EXT4_ROOT_INO,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from '../disklayout/inode.js'
import { type CheckContext, SILENT } from './check-context.js'
import { checkHashTree } from './check-hash-tree.js'
import { type DirectoryEntry, hasHashTree, readDirectory } from './read-directory.js'
import type { InodeRecord } from './read-inode.js'
import { XattrReader } from './read-xattrs.js'

const FILE_TYPES: ReadonlyMap<number, number> = new Map([
  [S_IFREG, EXT4_FT_REG_FILE],
  [S_IFDIR, EXT4_FT_DIR],
  [S_IFCHR, EXT4_FT_CHRDEV],
  [S_IFBLK, EXT4_FT_BLKDEV],
  [S_IFIFO, EXT4_FT_FIFO],
  [S_IFSOCK, EXT4_FT_SOCK],
  [S_IFLNK, EXT4_FT_SYMLINK],
])

interface Parents {
  /** Of a directory the one whose entry names it. */
  readonly named: Map<number, number>
  /** What its `..` says, and where that is to be told. */
  readonly said: Map<number, { readonly parent: number | undefined; readonly offset: number }>
}

export function checkDirectories(context: CheckContext): void {
  const parents: Parents = { named: new Map([[EXT4_ROOT_INO, EXT4_ROOT_INO]]), said: new Map() }
  for (const number of context.directories) checkDirectory(context, number, parents)
  checkParents(context, parents)
  checkReachable(context, parents)
  checkLinks(context, parents)
}

function checkDirectory(context: CheckContext, number: number, parents: Parents): void {
  const { census, report, shape } = context
  const inode = context.inode(number)!
  const reading = context.reading()
  const xattrs = new XattrReader(context.reading(SILENT)).of(inode)
  const { entries, parent, blocks } = readDirectory(reading, inode, xattrs)
  if (hasHashTree(shape, inode)) checkHashTree(context, inode, blocks)
  parents.said.set(number, { parent, offset: inode.offset })
  // `.` is a name of its own; the root's `..` is another.
  census.addName(number)
  if (number === EXT4_ROOT_INO) census.addName(number)
  const names = new Set<ByteString>()
  for (const entry of entries) {
    if (names.has(entry.name)) {
      const structure = `directory inode ${number}`
      const field = 'name'
      report({ structure, offset: entry.offset, field, found: `"${entry.name}" again`, expected: 'each name once' })
    }
    names.add(entry.name)
    checkEntry(context, inode, entry, parents)
  }
}

function checkEntry(context: CheckContext, directory: InodeRecord, entry: DirectoryEntry, parents: Parents): void {
  const { census, shape, report } = context
  const { name, inode, offset, fileType } = entry
  const structure = `entry "${name}" of directory inode ${directory.number}`
  const type = census.typeOf(inode)
  if (type === undefined || inode < shape.firstInode || isHidden(context, inode)) {
    const found = type === undefined ? `${inode}, which is not in use` : `${inode}, which has a purpose of its own`
    report({ structure, offset, field: 'inode', found, expected: 'an inode in use' })
    return
  }
  if (shape.features.has('filetype')) {
    const expected = FILE_TYPES.get(type)
    if (fileType !== expected) {
      report({ structure, offset, field: 'file_type', found: fileType, expected: `${expected}, as the inode's i_mode` })
    }
  }
  census.addName(inode)
  if (type !== S_IFDIR) return
  const other = parents.named.get(inode)
  if (other === undefined) {
    parents.named.set(inode, directory.number)
    // Its `..`. Where that says something else, it is told once, and not by link counts too.
    census.addName(directory.number)
  } else {
    const found = `directory ${inode}, which directory ${other} names too`
    report({ structure, offset, field: 'inode', found, expected: 'a directory that has one name' })
  }
}

/** Inodes in use that no directory may name: the volume's own files. */
function isHidden({ shape }: CheckContext, number: number): boolean {
  const { superblock: s, features } = shape
  if (features.has('orphan_file') && number === s.s_orphan_file_inum) return true
  return features.has('quota') && [s.s_usr_quota_inum, s.s_grp_quota_inum, s.s_prj_quota_inum].includes(number)
}

function checkParents({ report }: CheckContext, { named, said }: Parents): void {
  for (const [number, { parent, offset }] of said) {
    const expected = named.get(number)
    // One without a name is told as such; one without `..` was told.
    if (expected === undefined || parent === undefined || parent === expected) continue
    const structure = `directory inode ${number}`
    report({ structure, offset, field: 'inode of ".."', found: parent, expected: `${expected}` })
  }
}

/** Directories whose parents run in a circle have names and are nowhere. */
function checkReachable({ report, directories, disk }: CheckContext, { named }: Parents): void {
  const reachable = new Set<number>([EXT4_ROOT_INO])
  for (const start of directories) {
    const way: number[] = []
    const onWay = new Set<number>()
    let at: number | undefined = start
    while (at !== undefined && !reachable.has(at) && !onWay.has(at)) {
      way.push(at)
      onWay.add(at)
      at = named.get(at)
    }
    if (at !== undefined && onWay.has(at)) {
      const offset = disk.inodeOffset(at, SILENT)
      const expected = 'a directory that can be reached from the root'
      report({ structure: `directory inode ${at}`, offset, field: 'its place', found: 'within itself', expected })
    }
    // What hangs on a lost one is told once, by the lost one.
    for (const number of way) reachable.add(number)
  }
}

function checkLinks(context: CheckContext, { named }: Parents): void {
  const { census, shape, report, disk, orphans, valueNames } = context
  for (const { number, type, links, names } of census.all()) {
    const isReserved = number < shape.firstInode && number !== EXT4_ROOT_INO
    if (isReserved || orphans.has(number) || isHidden(context, number) || valueNames.has(number)) continue
    const finding = { structure: `inode ${number}`, offset: disk.inodeOffset(number, SILENT) }
    const isDirectory = type === S_IFDIR
    if (isDirectory ? !named.has(number) : names === 0) {
      report({ ...finding, field: 'its names', found: 'none', expected: 'a directory that names an inode in use' })
      continue
    }
    const expected = isDirectory && names > EXT4_LINK_MAX ? 1 : names
    if (links === expected) continue
    const field = 'i_links_count'
    report({ ...finding, field, found: links, expected: `${expected}, the names that lead to it` })
  }
}
