/** What the formats that the host's tools write can be asked for. */
import type { FileSystemType, HostFamily, HostOptions } from './spec.js'

interface Levels {
  readonly least: number
  readonly most: number
}

export interface HostFamilyRules {
  /** Bytes of a label in UTF-8; missing where there is no label. */
  readonly labelBytes?: number
  readonly hasUuid: boolean
  /** As large as it comes out, so that its partition needs no size. */
  readonly hasOwnSize?: true
  readonly options: readonly (keyof HostOptions)[]
  /** Each with its levels, where it has some. */
  readonly compressions?: Readonly<Record<string, Levels | undefined>>
  readonly blockSizes?: readonly number[]
  readonly inodeSizes?: readonly number[]
}

/** [MKSQUASHFS(1)] [MKFS.EROFS(1)] [MKFS.BTRFS(8)] [MKFS.F2FS(8)] [MKFS.XFS(8)] [MKFS.UBIFS(8)], in the versions of Debian 12 */
export const HOST_FAMILIES: Readonly<Record<HostFamily, HostFamilyRules>> = {
  squashfs: {
    hasUuid: false,
    hasOwnSize: true,
    options: ['compression', 'level', 'block_size'],
    compressions: {
      gzip: { least: 1, most: 9 },
      lzo: { least: 1, most: 9 },
      lz4: undefined,
      lz4hc: undefined,
      xz: undefined,
      zstd: { least: 1, most: 22 },
      none: undefined,
    },
    blockSizes: [4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576],
  },
  erofs: {
    hasUuid: true,
    hasOwnSize: true,
    options: ['compression', 'level'],
    compressions: { none: undefined, lz4: undefined, lz4hc: { least: 0, most: 12 } },
  },
  btrfs: { labelBytes: 255, hasUuid: true, options: ['features', 'metadata', 'mixed'] },
  f2fs: { labelBytes: 512, hasUuid: true, options: ['features', 'overprovision_percent'] },
  xfs: {
    labelBytes: 12,
    hasUuid: true,
    options: ['block_size', 'inode_size'],
    blockSizes: [1024, 2048, 4096],
    inodeSizes: [512, 1024, 2048],
  },
  ubifs: {
    hasUuid: true,
    hasOwnSize: true,
    options: ['compression', 'max_leb_count', 'space_fixup'],
    compressions: { lzo: undefined, zlib: undefined, zstd: undefined, none: undefined },
  },
}

/** What may stand in a volume of UBI: the rest wants a disk, or a flash of its own. */
export const UBI_VOLUME_FORMATS: readonly FileSystemType[] = [
  ...(['ubifs', 'squashfs', 'erofs', 'ext2', 'ext3', 'ext4', 'fat', 'fat12', 'fat16', 'fat32', 'u-boot-env'] as const),
]

export function isHostFamily(type: string): type is HostFamily {
  return Object.hasOwn(HOST_FAMILIES, type)
}
