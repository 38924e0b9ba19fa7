/** The hashes of names as the volume's superblock wants them. */
import { createDirectoryHasher, type DirectoryHasher } from '../directory-hash.js'
import { DX_HASH_SIPHASH, DX_HASH_TEA, DX_HASH_UNSIGNED, EXT2_FLAGS_UNSIGNED_HASH } from '../disklayout/superblock.js'
import type { VolumeShape } from './volume-shape.js'

/** `version` is hash_version of a tree, or s_def_hash_version. Undefined where nobody can compute it here. */
export function hasherOf({ superblock }: VolumeShape, version: number): DirectoryHasher | undefined {
  if (version === DX_HASH_SIPHASH || version > DX_HASH_TEA + DX_HASH_UNSIGNED) return undefined
  const isUnsigned = version > DX_HASH_TEA || (superblock.s_flags & EXT2_FLAGS_UNSIGNED_HASH) !== 0
  return createDirectoryHasher(superblock.s_hash_seed, {
    version: version > DX_HASH_TEA ? version - DX_HASH_UNSIGNED : version,
    isSigned: !isUnsigned,
  })
}
