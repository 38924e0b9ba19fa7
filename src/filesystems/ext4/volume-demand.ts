/** What the tree takes in blocks and inodes. Depends on block size and inode size, not on the volume's. */

import { ceilDivide } from '../../bytes/align.js'
import { appendAll } from '../../bytes/append-all.js'
import { FormatError, type Problem } from '../../errors.js'
import type { FileNode } from '../../tree/file-tree.js'
import type { BlockRange } from './block-ranges.js'
import type { DirectoryHasher } from './directory-hash.js'
import { type DirectoryFormat, type DirectoryLayout, directoryFormat, layOutDirectory } from './directory-layout.js'
import { EXT4_GOOD_OLD_FIRST_INO, I_BLOCK_BYTES, I_BLOCKS_UNIT_BYTES } from './disklayout/inode.js'
import type { FeatureSet } from './features.js'
import { allocatedRanges, countBlocks } from './file-blocks.js'
import { countIndirectBlocks, maxMappedBlocks } from './indirect-map.js'
import { MAX_DEVICE_MAJOR, MAX_DEVICE_MINOR } from './inode-encode.js'
import type { TreeSurvey } from './tree-survey.js'
import { planXattrs, type XattrPlan } from './xattr-plan.js'

export interface VolumeDemand {
  readonly directoryFormat: DirectoryFormat
  /** By index into the survey's directories. */
  readonly directoryLayouts: readonly DirectoryLayout[]
  readonly xattrs: XattrPlan
  /** By node: blocks of content, directory entries or a long symlink's target; without those that map them. */
  readonly blocks: Float64Array
  /** All blocks of directories, long symlinks and attributes: they stand together. */
  readonly areaBlocks: number
  /** All blocks of files' content. */
  readonly fileBlocks: number
  /** The file system's own inodes included. */
  readonly inodes: number
}

export interface DemandInput {
  readonly blockSize: number
  readonly inodeSize: number
  readonly features: FeatureSet
  readonly hasher: DirectoryHasher
}

const LOST_AND_FOUND_BYTES = 16384
/** lost+found grows only into direct blocks when it is made. */
const LOST_AND_FOUND_MAX_BLOCKS = 12
/** Block numbers within a file have 32 bits, and the last one is kept as an end mark. */
const MAX_EXTENT_BLOCKS = 0xffff_ffff
const MAX_SIZE_WITHOUT_LARGE_FILE = 0x7fff_ffff
const MAX_SECTORS_WITHOUT_HUGE_FILE = 0xffff_ffff
const MAX_OWNER = 0xffff_ffff

/** Throws FormatError with every node that this format cannot hold. */
export function measureDemand(survey: TreeSurvey, input: DemandInput): VolumeDemand {
  const { blockSize, features } = input
  assertNodesFit(survey, input)
  const format = directoryFormat(blockSize, features)
  const blocks = new Float64Array(survey.nodes.length)
  let areaBlocks = 0
  let fileBlocks = 0
  survey.nodes.forEach((node, index) => {
    if (node.type === 'file') {
      const ranges = allocatedRanges(node.content, blockSize)
      blocks[index] = countBlocks(ranges)
      if (!features.has('huge_file')) assertSectorsFit(ranges, blockSize, () => survey.pathOf(index))
      fileBlocks += blocks[index]!
    } else if (isLongSymlink(node)) {
      blocks[index] = 1
      areaBlocks++
    }
  })
  const directoryLayouts = survey.directories.map(({ node, names }) => {
    const layout = layOutDirectory(names, format, input.hasher, () => survey.pathOf(node))
    const padded = survey.hasLostAndFound && node === 1 ? padLostAndFound(layout, blockSize) : layout
    blocks[node] = padded.blockCount
    areaBlocks += padded.blockCount
    return padded
  })
  const xattrs = planXattrs(survey, blockSize, input.inodeSize)
  return {
    directoryFormat: format,
    directoryLayouts,
    xattrs,
    blocks,
    areaBlocks: areaBlocks + xattrs.blocks.length,
    fileBlocks,
    inodes: EXT4_GOOD_OLD_FIRST_INO - 1 + (survey.nodes.length - 1) + (features.has('orphan_file') ? 1 : 0),
  }
}

/** Room for what e2fsck finds, so that it need not grow the directory of a damaged volume. An indexed one is left as it is. */
function padLostAndFound(layout: DirectoryLayout, blockSize: number): DirectoryLayout {
  if (layout.index !== undefined) return layout
  const wanted = Math.min(LOST_AND_FOUND_BYTES / blockSize, LOST_AND_FOUND_MAX_BLOCKS)
  return { blockCount: Math.max(layout.blockCount, wanted) }
}

/** A target of 60 bytes or more has a block of its own; a shorter one stands in the inode. */
export function isLongSymlink(node: FileNode): boolean {
  return node.type === 'symlink' && node.target.length >= I_BLOCK_BYTES
}

/** Without huge_file i_blocks counts 512-byte sectors in 32 bits, those of the map included. */
function assertSectorsFit(ranges: readonly BlockRange[], blockSize: number, path: () => string): void {
  const blocks = countBlocks(ranges) + countIndirectBlocks(ranges, blockSize)
  const sectors = blocks * (blockSize / I_BLOCKS_UNIT_BYTES)
  if (sectors <= MAX_SECTORS_WITHOUT_HUGE_FILE) return
  throw new FormatError(
    `Cannot write the file "${path()}": it takes ${sectors} sectors, at most ${MAX_SECTORS_WITHOUT_HUGE_FILE} without the feature huge_file`,
  )
}

function isDevice(major: number, minor: number): boolean {
  return isBetween(major, MAX_DEVICE_MAJOR) && isBetween(minor, MAX_DEVICE_MINOR)
}

function isOwner(id: number): boolean {
  return isBetween(id, MAX_OWNER)
}

function isBetween(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}

function assertNodesFit(survey: TreeSurvey, { blockSize, features }: DemandInput): void {
  const problems: Problem[] = []
  const maxBlocks = features.has('extent') ? MAX_EXTENT_BLOCKS : Math.min(maxMappedBlocks(blockSize), MAX_EXTENT_BLOCKS)
  survey.nodes.forEach((node, index) => {
    if (node.type === 'symlink' && (node.target.length === 0 || node.target.length >= blockSize)) {
      problems.push({
        message: `Cannot write the symlink "${survey.pathOf(index)}": its target has ${node.target.length} bytes, accepted are 1 to ${blockSize - 1}`,
      })
    }
    if (node.type === 'file') appendAll(problems, fileProblems(node.content.sizeBytes, index))
    if ((node.type === 'char' || node.type === 'block') && !isDevice(node.major, node.minor)) {
      problems.push({
        message: `Cannot write the device "${survey.pathOf(index)}": number ${node.major}:${node.minor}, accepted are 0 to ${MAX_DEVICE_MAJOR} and 0 to ${MAX_DEVICE_MINOR}`,
      })
    }
    if (!isOwner(node.uid) || !isOwner(node.gid)) {
      problems.push({
        message: `Cannot write "${survey.pathOf(index)}": owner ${node.uid}:${node.gid}, accepted are 0 to ${MAX_OWNER}`,
      })
    }
    if (node.xattrs !== undefined && node.xattrs.size > 0 && !features.has('ext_attr')) {
      problems.push({
        message: `Cannot store the extended attributes of "${survey.pathOf(index)}": the volume lacks the feature ext_attr`,
      })
    }
  })
  if (problems.length > 0) throw new FormatError(problems)

  function* fileProblems(sizeBytes: number, index: number): Generator<Problem> {
    if (ceilDivide(sizeBytes, blockSize) > maxBlocks) {
      yield {
        message: `Cannot write the file "${survey.pathOf(index)}": ${sizeBytes} bytes, at most ${maxBlocks * blockSize} with blocks of ${blockSize} bytes`,
      }
    } else if (sizeBytes > MAX_SIZE_WITHOUT_LARGE_FILE && !features.has('large_file')) {
      yield {
        message: `Cannot write the file "${survey.pathOf(index)}": ${sizeBytes} bytes, at most ${MAX_SIZE_WITHOUT_LARGE_FILE} without the feature large_file`,
      }
    }
  }
}
