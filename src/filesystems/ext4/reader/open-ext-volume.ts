/**
 * Reads ext2, ext3 and ext4 as mke2fs and kernels make them: block sizes of 1 to 64 KiB, extents and indirect blocks, hash
 * trees (as chains), extended attributes in inodes, blocks and inodes of their own, inline data, bigalloc, meta_bg, and
 * checksums of everything it relies on. Of encrypted content only the names' bytes are shown. A journal that needs recovery is
 * not replayed: content is what lies on the disk. Shares its records and checksums with the writer and nothing else.
 * [EXT4 disk layout]
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import type { ByteString } from '../../../bytes/text.js'
import type { ImageView } from '../../../image/image-view.js'
import type { FileNode, FileTree } from '../../../tree/file-tree.js'
import type { NodeDetails, UsedStretch, VolumeReader, VolumeSummary } from '../../volume-reader.js'
import { checkVolume } from './check-volume.js'
import { ExtDisk } from './ext-disk.js'
import { describeNode } from './node-details.js'
import { TreeReader } from './read-tree.js'
import { type Reading, startReading } from './reading.js'
import { reportByThrowing } from './report.js'
import { findUsedStretches } from './used-stretches.js'
import { checkSuperblockChecksum } from './volume-shape.js'
import { summarize } from './volume-summary.js'

/**
 * Throws FormatError where nothing can be read: no superblock, impossible geometry, a volume longer than the view, features
 * that nobody here knows (by name). A wrong checksum of the superblock is told by the summary, and ends all reading.
 */
export function openExtVolume(view: ImageView): VolumeReader {
  return new ExtVolumeReader(view)
}

class ExtVolumeReader implements VolumeReader {
  readonly summary: VolumeSummary
  readonly #disk: ExtDisk

  constructor(view: ImageView) {
    this.#disk = new ExtDisk(view)
    this.summary = summarize(view, this.#disk.shape)
  }

  find(path: readonly ByteString[]): FileNode | undefined {
    const tree = new TreeReader(this.#reading())
    const located = tree.find(path)
    if (located !== undefined) tree.fill(located)
    return located?.node
  }

  details(path: readonly ByteString[]): NodeDetails | undefined {
    const reading = this.#reading()
    const located = new TreeReader(reading).find(path)
    return located === undefined ? undefined : describeNode(reading, located.inode)
  }

  tree(): FileTree {
    return new TreeReader(this.#reading()).tree()
  }

  usedStretches(): readonly UsedStretch[] {
    return findUsedStretches(this.#reading())
  }

  check(): readonly FieldFinding[] {
    return checkVolume(this.#disk.view)
  }

  #reading(): Reading {
    const report = reportByThrowing(this.#disk.view.name)
    checkSuperblockChecksum(this.#disk.shape, report)
    return startReading(this.#disk, report)
  }
}
