/** What the config's schema cannot know: values that depend on each other. All problems at once. */
import { isPowerOfTwo } from '../../bytes/align.js'
import { isGuid } from '../../bytes/guid.js'
import { byteString } from '../../bytes/text.js'
import { FormatError, type Problem } from '../../errors.js'
import { EXT4_GOOD_OLD_INODE_SIZE } from './disklayout/inode.js'
import { LABEL_BYTES } from './disklayout/superblock.js'
import type { ExtFormatOptions } from './options.js'

const BLOCK_SIZES: readonly number[] = [1024, 2048, 4096]
const MIN_BYTES_PER_INODE = 1024
const MAX_BYTES_PER_INODE = 65536 * 1024
const MAX_RESERVED_PERCENT = 50
/** s_raid_stride has 16 bits. */
const MAX_STRIDE = 0xffff

/** `blockSize` is the chosen one, in bytes. Throws FormatError. */
export function assertOptions(
  options: ExtFormatOptions,
  { blockSize, sectorSize }: { readonly blockSize: number; readonly sectorSize: number },
): void {
  const problems: Problem[] = []
  const refuse = (what: keyof ExtFormatOptions, value: unknown, accepted: string): void => {
    problems.push({
      path: ['options', what],
      message: `Cannot make ${options.type} with ${what} ${value}: accepted ${accepted}`,
    })
  }
  const {
    block_size,
    inode_size,
    bytes_per_inode,
    inodes,
    reserved_percent,
    label,
    hash_seed,
    stride = 0,
    stripe_width = 0,
  } = options
  if (block_size !== undefined && !BLOCK_SIZES.includes(block_size)) {
    refuse('block_size', block_size, `are ${BLOCK_SIZES.join(', ')}`)
  } else if (block_size !== undefined && block_size < sectorSize) {
    refuse('block_size', block_size, `is ${sectorSize} and more, since what it stands on has sectors of that`)
  }
  if (inode_size !== undefined && !isPowerWithin(inode_size, EXT4_GOOD_OLD_INODE_SIZE, blockSize)) {
    refuse('inode_size', inode_size, `are powers of two from ${EXT4_GOOD_OLD_INODE_SIZE} to ${blockSize} (block_size)`)
  }
  if (bytes_per_inode !== undefined && !isWhole(bytes_per_inode, MIN_BYTES_PER_INODE, MAX_BYTES_PER_INODE)) {
    refuse('bytes_per_inode', bytes_per_inode, `is ${MIN_BYTES_PER_INODE} to ${MAX_BYTES_PER_INODE}`)
  }
  if (bytes_per_inode !== undefined && inode_size !== undefined && bytes_per_inode <= inode_size) {
    refuse('bytes_per_inode', bytes_per_inode, `is more than the inode itself takes (inode_size ${inode_size})`)
  }
  if (inodes !== undefined && !isWhole(inodes, 1, 0xffff_ffff)) refuse('inodes', inodes, 'is 1 to 4294967295')
  if (reserved_percent !== undefined && !(reserved_percent >= 0 && reserved_percent <= MAX_RESERVED_PERCENT)) {
    refuse('reserved_percent', reserved_percent, `is 0 to ${MAX_RESERVED_PERCENT}`)
  }
  if (label !== undefined && byteString(label).length > LABEL_BYTES) {
    problems.push({
      path: ['label'],
      message: `Cannot write ${options.type} label "${label}": ${byteString(label).length} bytes, at most ${LABEL_BYTES}`,
    })
  }
  if (hash_seed !== undefined && !isGuid(hash_seed)) refuse('hash_seed', hash_seed, 'is a UUID')
  if (!isWhole(stride, 0, MAX_STRIDE)) refuse('stride', stride, `is 0 to ${MAX_STRIDE} blocks`)
  if (!isWhole(stripe_width, 0, 0xffff_ffff)) refuse('stripe_width', stripe_width, 'is 0 to 4294967295 blocks')
  if (problems.length > 0) throw new FormatError(problems)
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function isPowerWithin(value: number, min: number, max: number): boolean {
  return isWhole(value, min, max) && isPowerOfTwo(value)
}
