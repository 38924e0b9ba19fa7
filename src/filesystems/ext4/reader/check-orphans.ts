/**
 * Files that were deleted while open: a list that runs through i_dtime from s_last_orphan, or the blocks of the orphan file.
 * They are sound, if the list is.  [EXT4 disk layout, orphan file; Linux 6.1 fs/ext4/orphan.c]
 */
import { orphanBlockChecksum } from '../checksums.js'
import { EXT4_ORPHAN_BLOCK_MAGIC, Ext4OrphanBlockTail } from '../disklayout/orphan-file.js'
import { SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import { readBlockMap } from './block-map.js'
import { type CheckContext, SILENT } from './check-context.js'
import { hex } from './volume-shape.js'

const NUMBER_BYTES = 4

/** Finds the orphans; to be called before inodes are checked. */
export function checkOrphans(context: CheckContext): void {
  followList(context)
  if (context.shape.features.has('orphan_file')) readOrphanFile(context)
}

function followList(context: CheckContext): void {
  const { shape, report, orphans } = context
  let structure = 'superblock'
  let offset = SUPERBLOCK_OFFSET_BYTES
  let field = 's_last_orphan'
  for (let number = shape.superblock.s_last_orphan; number !== 0; ) {
    const inode = number < shape.firstInode ? undefined : context.inode(number)
    if (inode === undefined || orphans.has(number)) {
      const expected = 'an inode that is not in the list yet, or 0 at its end'
      report({ structure, offset, field, found: number, expected })
      return
    }
    orphans.add(number)
    structure = `inode ${number}, an orphan`
    offset = inode.offset
    field = 'i_dtime'
    number = inode.dtime
  }
}

function readOrphanFile(context: CheckContext): void {
  const { shape, disk, report, orphans } = context
  const number = shape.superblock.s_orphan_file_inum
  const inode = context.inode(number)
  if (inode === undefined || number < shape.firstInode || inode.links === 0) {
    const expected = 'an inode in use'
    report({
      structure: 'superblock',
      offset: SUPERBLOCK_OFFSET_BYTES,
      field: 's_orphan_file_inum',
      found: number,
      expected,
    })
    return
  }
  for (const { logical, physical, blocks } of readBlockMap(context.reading(SILENT), inode).runs) {
    for (let index = 0; index < blocks; index++) {
      const block = physical + index
      const structure = `orphan file, block ${logical + index}`
      const bytes = disk.block(block, structure)
      const offset = block * shape.blockSize
      const tailAt = shape.blockSize - Ext4OrphanBlockTail.SIZE
      const tail = Ext4OrphanBlockTail.decode(bytes, tailAt)
      if (tail.ob_magic !== EXT4_ORPHAN_BLOCK_MAGIC) {
        const expected = hex(EXT4_ORPHAN_BLOCK_MAGIC)
        report({ structure, offset, field: 'ob_magic', found: hex(tail.ob_magic), expected })
        continue
      }
      if (inode.seed !== undefined) {
        const expected = orphanBlockChecksum(inode.seed, block, bytes.subarray(0, tailAt))
        if (tail.ob_checksum !== expected) {
          report({ structure, offset, field: 'ob_checksum', found: hex(tail.ob_checksum), expected: hex(expected) })
        }
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, tailAt)
      for (let at = 0; at < tailAt; at += NUMBER_BYTES) {
        const orphan = view.getUint32(at, true)
        if (orphan === 0) continue
        if (orphan < shape.firstInode || orphan > shape.inodeCount) {
          const expected = `0 or an inode from ${shape.firstInode} to ${shape.inodeCount}`
          report({ structure, offset: offset + at, field: 'an inode number', found: orphan, expected })
        } else orphans.add(orphan)
      }
    }
  }
}
