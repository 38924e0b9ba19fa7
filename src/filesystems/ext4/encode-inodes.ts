/** The inode tables and everything that inodes lead to except files' content: maps, directories, symlinks, attributes. */

import { uuidToBytes } from '../../bytes/guid.js'
import { byteStringToBytes } from '../../bytes/text.js'
import { invariant } from '../../errors.js'
import type { Extent, MakeBytes } from '../../image/extent.js'
import type { FileNode } from '../../tree/file-tree.js'
import { type AreaPart, makeOfParts } from './area-parts.js'
import { checksumSeed, inodeSeed, signInode, xattrBlockChecksum } from './checksums.js'
import { encodeDirectory, fileTypeOf } from './directory-encode.js'
import {
  EXT4_GOOD_OLD_FIRST_INO,
  EXT4_JOURNAL_INO,
  EXT4_LINK_MAX,
  EXT4_RESIZE_INO,
  I_BLOCK_BYTES,
  S_IFREG,
} from './disklayout/inode.js'
import { EXT4_XATTR_MAGIC, Ext4XattrHeader } from './disklayout/xattr.js'
import { type EncodedMap, encodeExtentTree } from './extent-tree.js'
import type { PlacedBlocks } from './file-blocks.js'
import { encodeIndirectMap } from './indirect-map.js'
import {
  blockFlags,
  encodeDevice,
  encodeInode,
  encodeShortTarget,
  type InodeContent,
  type InodeFormat,
  modeOf,
} from './inode-encode.js'
import { clampTime } from './inode-time.js'
import { encodeResizeInode } from './resize-inode.js'
import { inodeNumberOf, nodeOfInode } from './tree-survey.js'
import { isLongSymlink } from './volume-demand.js'
import { placedBlocksOf } from './volume-placement.js'
import { countPlaced, lastInodeOf, orphanInodeOf, usedInodesOf, type VolumePlan } from './volume-plan.js'

/** Mode of the journal, the resize inode and the orphan file. */
const SYSTEM_FILE_MODE = S_IFREG + 0o600
/** A directory with more directories than a link count can say. */
const MANY_LINKS = 1

const NO_BLOCK = new Uint8Array(I_BLOCK_BYTES)

export class InodeEncoder {
  readonly #plan: VolumePlan
  readonly #format: InodeFormat
  /** The file system's own that are in use, by number. */
  readonly #systemInodes = new Map<number, InodeContent>()
  /** i_block of inodes whose maps have blocks of their own, by number. */
  readonly #mapRoots = new Map<number, Uint8Array>()
  /** Nodes of directories with a hash tree. */
  readonly #indexed = new Set<number>()
  /** An inode that a read cuts through. */
  readonly #scratch: Uint8Array
  readonly #root = new Uint8Array(I_BLOCK_BYTES)
  /** Tables, and blocks of maps and of the area, out of order. */
  readonly #extents: Extent[] = []
  /** i_block and i_size of the journal, for the superblock's copy. */
  journalInode: { readonly block: Uint8Array; readonly sizeBytes: number } | undefined

  constructor(plan: VolumePlan) {
    const { blockSize, inodeSize, features } = plan.geometry
    this.#plan = plan
    this.#format = {
      blockSize,
      inodeSize,
      hasExtents: features.has('extent'),
      volumeSeed: features.has('metadata_csum') ? checksumSeed(uuidToBytes(plan.uuid)) : undefined,
    }
    this.#scratch = new Uint8Array(inodeSize)
    plan.survey.directories.forEach(({ node }, at) => {
      if (plan.demand.directoryLayouts[at]!.index !== undefined) this.#indexed.add(node)
    })
  }

  /** Encodes maps; inodes and directories are made when they are read. Gives the extents in no particular order. */
  encode(): Extent[] {
    this.#planSystemInodes()
    this.#encodeMaps()
    this.#addArea()
    this.#addTables()
    invariant(this.#plan.geometry.inodeCount >= lastInodeOf(this.#plan), 'more inodes than the volume has')
    return this.#extents
  }

  /** Whole blocks of each group's table, as far as its inodes are in use. */
  #addTables(): void {
    const { geometry, layout } = this.#plan
    const { blockSize, inodeSize, inodesPerGroup } = geometry
    const groups = Math.ceil(lastInodeOf(this.#plan) / inodesPerGroup)
    for (let group = 0; group < groups; group++) {
      const make: MakeBytes = (target, offset) => this.#makeInodes(target, offset, group * inodesPerGroup + 1)
      this.#extents.push({
        offset: layout.inodeTable[group]! * blockSize,
        length: Math.ceil((usedInodesOf(this.#plan, group) * inodeSize) / blockSize) * blockSize,
        source: { kind: 'made', make, offset: 0 },
      })
    }
  }

  #addBlock(block: number, bytes: Uint8Array): void {
    this.#addBytes(block * this.#format.blockSize, bytes)
  }

  #addBytes(offset: number, bytes: Uint8Array): void {
    this.#extents.push({ offset, length: bytes.length, source: { kind: 'bytes', bytes } })
  }

  /** Bytes from `offset` on of a table that begins with inode `first`. */
  #makeInodes(target: Uint8Array, offset: number, first: number): void {
    const { inodeSize } = this.#format
    for (let at = 0; at < target.length; ) {
      const index = Math.floor((offset + at) / inodeSize)
      const skip = offset + at - index * inodeSize
      const length = Math.min(inodeSize - skip, target.length - at)
      const isWhole = length === inodeSize
      const inode = isWhole ? target.subarray(at, at + inodeSize) : this.#scratch
      this.#makeInode(inode, first + index)
      if (!isWhole) target.set(inode.subarray(skip, skip + length), at)
      at += length
    }
  }

  /** Those behind the last one in use are zeros, and so are reserved ones that are not, but for a checksum. */
  #makeInode(target: Uint8Array, number: number): void {
    const { volumeSeed } = this.#format
    target.fill(0)
    const inode = this.#systemInodes.get(number) ?? this.#nodeInode(number)
    if (inode !== undefined) encodeInode(target, number, inode, this.#format)
    else if (number < EXT4_GOOD_OLD_FIRST_INO && volumeSeed !== undefined) signInode(target, volumeSeed, number, false)
  }

  #nodeInode(number: number): InodeContent | undefined {
    const index = nodeOfInode(number)
    const node = index === undefined ? undefined : this.#plan.survey.nodes[index]
    return node && this.#inodeOf(node, index!, this.#indexed.has(index!))
  }

  #planSystemInodes(): void {
    const { geometry, placement, time } = this.#plan
    const { inodeSize, blockSize } = this.#format
    const system = {
      mode: SYSTEM_FILE_MODE,
      uid: 0,
      gid: 0,
      time: clampTime(time, inodeSize),
      links: 1,
      xattrBlock: 0,
      xattrs: undefined,
    }
    const planFile = (number: number, placed: PlacedBlocks, length: number): InodeContent => {
      const inode = {
        ...system,
        sizeBytes: length * blockSize,
        blocks: countPlaced(placed),
        flags: blockFlags(this.#format.hasExtents),
        block: this.#encodeMap(placed, number),
      }
      this.#systemInodes.set(number, inode)
      return inode
    }
    if (geometry.features.has('has_journal')) {
      this.journalInode = planFile(EXT4_JOURNAL_INO, placement.journal, geometry.journalBlocks)
    }
    if (geometry.features.has('orphan_file')) {
      const { orphanFile } = placement
      planFile(orphanInodeOf(this.#plan), orphanFile, countPlaced(orphanFile) - orphanFile.mapBlocks.length)
    }
    if (placement.resizeBlock !== undefined) {
      const { sizeBytes, blocks, block, mapBlocks } = encodeResizeInode(geometry, placement.resizeBlock)
      this.#systemInodes.set(EXT4_RESIZE_INO, { ...system, sizeBytes, blocks, flags: 0, block })
      const zeros = new Uint8Array(blockSize)
      for (const { block: place, bytes } of mapBlocks) {
        this.#addBytes(place * blockSize, bytes)
        this.#addBytes(place * blockSize + bytes.length, zeros.subarray(bytes.length))
      }
    }
  }

  /** i_block of an inode; the map's own blocks join the extents. */
  #encodeMap({ runs, mapBlocks }: PlacedBlocks, number: number): Uint8Array {
    const { blockSize, volumeSeed, hasExtents } = this.#format
    const seed = volumeSeed === undefined || mapBlocks.length === 0 ? undefined : inodeSeed(volumeSeed, number)
    const map: EncodedMap = hasExtents
      ? encodeExtentTree(runs, mapBlocks, blockSize, seed)
      : encodeIndirectMap(runs, mapBlocks, blockSize)
    for (const { block, bytes } of map.blocks) this.#addBlock(block, bytes)
    return map.root
  }

  /** i_block of an inode that leads to all its blocks itself, as nearly every one does. Valid until the next call. */
  #encodeRoot({ runs }: PlacedBlocks): Uint8Array {
    const { blockSize, hasExtents } = this.#format
    if (!hasExtents) return encodeIndirectMap(runs, [], blockSize).root
    this.#root.fill(0)
    return encodeExtentTree(runs, [], blockSize, undefined, this.#root).root
  }

  /** Of nodes whose maps have blocks of their own. */
  #encodeMaps(): void {
    for (const [node, placed] of this.#plan.placement.scattered) {
      if (placed.mapBlocks.length === 0) continue
      const number = inodeNumberOf(node)
      this.#mapRoots.set(number, this.#encodeMap(placed, number))
    }
  }

  #inodeOf(node: FileNode, index: number, isIndexed: boolean): InodeContent {
    const { survey, demand, placement } = this.#plan
    const links = survey.linkCounts[index]!
    const xattrIndex = demand.xattrs.blockOf.get(index)
    const number = inodeNumberOf(index)
    const placed = placedBlocksOf(placement, demand, index)
    const hasMap = node.type === 'file' || placed.runs.length > 0
    return {
      mode: modeOf(node),
      uid: node.uid,
      gid: node.gid,
      time: clampTime(node.mtime, this.#format.inodeSize),
      sizeBytes: this.#sizeOf(node, index),
      links: node.type === 'directory' && links > EXT4_LINK_MAX ? MANY_LINKS : links,
      blocks: countPlaced(placed) + (xattrIndex === undefined ? 0 : 1),
      flags: hasMap ? blockFlags(this.#format.hasExtents, isIndexed) : 0,
      block: hasMap ? (this.#mapRoots.get(number) ?? this.#encodeRoot(placed)) : blockWithoutMap(node),
      xattrBlock: xattrIndex === undefined ? 0 : placement.xattrBlocks[xattrIndex]!,
      xattrs: demand.xattrs.inInode.get(index),
    }
  }

  #sizeOf(node: FileNode, index: number): number {
    switch (node.type) {
      case 'directory':
        return this.#plan.demand.blocks[index]! * this.#format.blockSize
      case 'file':
        return node.content.sizeBytes
      case 'symlink':
        return node.target.length
      default:
        return 0
    }
  }

  /** Directories, long symlinks and attribute blocks, in the order of volume-placement.ts. */
  #addArea(): void {
    const { survey, demand, placement } = this.#plan
    const { blockSize } = this.#format
    const parts: AreaPart[] = []
    let blocks = 0
    const add = (count: number, encode: AreaPart['encode']): void => {
      parts.push({ offset: blocks * blockSize, length: count * blockSize, encode })
      blocks += count
    }
    survey.directories.forEach(({ node }, at) => {
      add(demand.blocks[node]!, (target) => this.#encodeDirectory(target, at))
    })
    for (const node of survey.nodes) {
      if (node.type !== 'symlink' || !isLongSymlink(node)) continue
      add(1, (target) => target.set(byteStringToBytes(node.target)))
    }
    demand.xattrs.blocks.forEach((block, index) => {
      add(1, (target) => {
        target.set(block.bytes)
        this.#finishXattrBlock(target, placement.xattrBlocks[index]!, block.references, block.hash)
      })
    })
    const make = makeOfParts(parts)
    for (const { logical, physical, length } of placement.area) {
      this.#extents.push({
        offset: physical * blockSize,
        length: length * blockSize,
        source: { kind: 'made', make, offset: logical * blockSize },
      })
    }
  }

  #encodeDirectory(target: Uint8Array, at: number): void {
    const { survey, demand } = this.#plan
    const { volumeSeed } = this.#format
    const { node, parent, names, children } = survey.directories[at]!
    const inode = inodeNumberOf(node)
    const format = demand.directoryFormat
    const content = {
      inode,
      parentInode: inodeNumberOf(parent),
      names,
      entryOf: (position: number) => {
        const child = children[position]!
        return { inode: inodeNumberOf(child), fileType: fileTypeOf(survey.nodes[child]!, format) }
      },
    }
    const seed = volumeSeed === undefined ? 0 : inodeSeed(volumeSeed, inode)
    encodeDirectory(target, content, demand.directoryLayouts[at]!, format, seed)
  }

  #finishXattrBlock(target: Uint8Array, block: number, references: number, hash: number): void {
    const { volumeSeed } = this.#format
    const header = { h_magic: EXT4_XATTR_MAGIC, h_refcount: references, h_blocks: 1, h_hash: hash, h_checksum: 0 }
    Ext4XattrHeader.encodeInto(target, 0, header)
    if (volumeSeed === undefined) return
    Ext4XattrHeader.encodeInto(target, 0, { ...header, h_checksum: xattrBlockChecksum(volumeSeed, block, target) })
  }
}

/** i_block of what has no blocks. */
function blockWithoutMap(node: FileNode): Uint8Array {
  switch (node.type) {
    case 'symlink':
      return encodeShortTarget(node.target)
    case 'char':
    case 'block':
      return encodeDevice(node.major, node.minor)
    default:
      return NO_BLOCK
  }
}
