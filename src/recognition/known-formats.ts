/**
 * Formats that are recognised by their bytes and named, without a reader here: what stands where, and where label and UUID
 * do. The words are those of blkid(8) and file(1) where they have one. Offsets are bytes from the start of the stretch.
 * [LIBBLKID] for file systems and containers, [FILE magic] for kernels and streams; what-boots.ts names the boot ROMs' own.
 */

export interface KnownFormat {
  /** `squashfs`, `crypto_LUKS`. */
  readonly format: string
  /** For people. */
  readonly description: string
  /** All of them must stand there, in hex. */
  readonly magics: readonly (readonly [offset: number, hex: string])[]
  /** `ascii` ends at a NUL or at blanks; `utf16` is little-endian, the length in bytes. */
  readonly label?: readonly [offset: number, length: number, encoding: 'ascii' | 'utf16']
  /** 16 bytes, or a text of 36 characters. */
  readonly uuid?: readonly [offset: number, encoding: 'bytes' | 'text']
}

/** LUKS, whatever its version. */
export const LUKS_FORMAT = 'crypto_LUKS'
export const VERITY_FORMAT = 'DM_verity_hash'

/** In the order in which they are tried: a longer or surer sign stands before a shorter one. */
export const KNOWN_FORMATS: readonly KnownFormat[] = [
  { format: 'squashfs', description: 'squashfs', magics: [[0, '68737173']] },
  {
    format: 'jbd',
    description: 'journal of an ext volume on another device',
    // s_feature_incompat is journal_dev alone.
    magics: [
      [1080, '53ef'],
      [1120, '08000000'],
    ],
    uuid: [1128, 'bytes'],
    label: [1144, 16, 'ascii'],
  },
  {
    format: 'erofs',
    description: 'EROFS',
    magics: [[1024, 'e2e1f5e0']],
    uuid: [1072, 'bytes'],
    label: [1088, 16, 'ascii'],
  },
  {
    format: 'btrfs',
    description: 'Btrfs',
    magics: [[65_600, '5f42485266535f4d']],
    uuid: [65_568, 'bytes'],
    label: [65_835, 256, 'ascii'],
  },
  {
    format: 'xfs',
    description: 'XFS',
    magics: [[0, '58465342']],
    uuid: [32, 'bytes'],
    label: [108, 12, 'ascii'],
  },
  {
    format: 'f2fs',
    description: 'F2FS',
    magics: [[1024, '1020f5f2']],
    uuid: [1132, 'bytes'],
    label: [1148, 1024, 'utf16'],
  },
  {
    format: 'swap',
    description: 'Linux swap',
    magics: [[4086, '53574150535041434532']],
    uuid: [1036, 'bytes'],
    label: [1052, 16, 'ascii'],
  },
  {
    format: LUKS_FORMAT,
    description: 'LUKS2 container',
    magics: [[0, '4c554b53babe0002']],
    uuid: [168, 'text'],
    label: [24, 48, 'ascii'],
  },
  {
    format: LUKS_FORMAT,
    description: 'LUKS1 container',
    magics: [[0, '4c554b53babe0001']],
    uuid: [168, 'text'],
  },
  {
    format: VERITY_FORMAT,
    description: 'dm-verity hash tree',
    magics: [[0, '7665726974790000']],
    uuid: [16, 'bytes'],
  },
  { format: 'ubi', description: 'UBI volumes', magics: [[0, '55424923']] },
  { format: 'ubifs', description: 'UBIFS', magics: [[0, '31181006']] },
  { format: 'cramfs', description: 'cramfs', magics: [[0, '453dcd28']], label: [48, 16, 'ascii'] },
  { format: 'romfs', description: 'romfs', magics: [[0, '2d726f6d3166732d']], label: [16, 16, 'ascii'] },
  { format: 'ntfs', description: 'NTFS', magics: [[3, '4e54465320202020']] },
  { format: 'exfat', description: 'exFAT', magics: [[3, '4558464154202020']] },
  { format: 'BitLocker', description: 'BitLocker', magics: [[3, '2d4656452d46532d']] },
  {
    format: 'iso9660',
    description: 'ISO 9660',
    magics: [[32_769, '4344303031']],
    label: [32_808, 32, 'ascii'],
  },
  { format: 'udf', description: 'UDF', magics: [[32_769, '4245413031']] },
  { format: 'hfsplus', description: 'HFS+', magics: [[1024, '482b0004']] },
  { format: 'hfsplus', description: 'HFSX', magics: [[1024, '48580005']] },
  { format: 'apfs', description: 'APFS', magics: [[32, '4e585342']] },
  { format: 'reiserfs', description: 'ReiserFS', magics: [[65_588, '52654973457232']] },
  { format: 'jfs', description: 'JFS', magics: [[32_768, '4a465331']] },
  { format: 'bcachefs', description: 'bcachefs', magics: [[4120, 'c68573f64e1a45ca8265f57f48ba6d81']] },
  { format: 'littlefs', description: 'littlefs', magics: [[8, '6c6974746c656673']] },
  { format: 'LVM2_member', description: 'LVM physical volume', magics: [[512, '4c4142454c4f4e45']] },
  {
    format: 'linux_raid_member',
    description: 'Linux RAID, metadata 1.2',
    magics: [[4096, 'fc4e2ba9']],
    uuid: [4112, 'bytes'],
    label: [4128, 32, 'ascii'],
  },
  { format: 'android-super', description: 'Android dynamic partitions', magics: [[4096, '67446c61']] },

  { format: 'u-boot-image', description: 'U-Boot legacy image', magics: [[0, '27051956']], label: [32, 32, 'ascii'] },
  { format: 'android-boot', description: 'Android boot image', magics: [[0, '414e44524f494421']] },
  { format: 'android-vendor-boot', description: 'Android vendor boot image', magics: [[0, '564e4452424f4f54']] },
  { format: 'android-vbmeta', description: 'Android verified boot metadata', magics: [[0, '41564230']] },
  { format: 'android-dtbo', description: 'Android device-tree overlays', magics: [[0, 'd7b7ab1e']] },
  { format: 'allwinner-egon', description: 'Allwinner boot0 or U-Boot SPL (eGON)', magics: [[4, '65474f4e2e425430']] },
  { format: 'allwinner-toc0', description: 'Allwinner secure boot (TOC0)', magics: [[0, '544f43302e474c48']] },
  { format: 'rockchip-idblock', description: 'Rockchip IDBLOCK (RKNS)', magics: [[0, '524b4e53']] },
  { format: 'rockchip-idblock', description: 'Rockchip IDBLOCK (RC4)', magics: [[0, '3b8cdcfc']] },
  { format: 'imx-ivt', description: 'i.MX image vector table', magics: [[0, 'd1002040']] },
  { format: 'imx-ivt', description: 'i.MX image vector table', magics: [[0, 'd1002041']] },
  { format: 'imx-ivt', description: 'i.MX image vector table', magics: [[0, 'd1002043']] },
  { format: 'ti-mlo', description: 'TI first loader (MLO)', magics: [[20, '434853455454494e4753']] },
  { format: 'stm32-image', description: 'STM32MP boot image', magics: [[0, '53544d32']] },
  { format: 'amlogic-bl2', description: 'Amlogic BL2', magics: [[16, '40414d4c']] },

  { format: 'cpio', description: 'cpio archive (initramfs)', magics: [[0, '303730373031']] },
  { format: 'cpio', description: 'cpio archive (initramfs, with sums)', magics: [[0, '303730373032']] },
  { format: 'tar', description: 'tar archive', magics: [[257, '7573746172']] },
  { format: 'arm64-kernel', description: 'Linux kernel for ARM64', magics: [[56, '41524d64']] },
  { format: 'riscv-kernel', description: 'Linux kernel for RISC-V', magics: [[56, '52534305']] },
  { format: 'arm-kernel', description: 'Linux kernel for ARM (zImage)', magics: [[36, '18286f01']] },
  {
    format: 'x86-kernel',
    description: 'Linux kernel for x86 (bzImage)',
    magics: [
      [510, '55aa'],
      [514, '48647253'],
    ],
  },
  { format: 'gzip', description: 'gzip stream', magics: [[0, '1f8b08']] },
  { format: 'xz', description: 'xz stream', magics: [[0, 'fd377a585a00']] },
  { format: 'zstd', description: 'zstd stream', magics: [[0, '28b52ffd']] },
  { format: 'lz4', description: 'lz4 stream', magics: [[0, '04224d18']] },
  { format: 'lz4', description: 'lz4 stream of the kernel (legacy)', magics: [[0, '02214c18']] },
  {
    format: 'bzip2',
    description: 'bzip2 stream',
    magics: [
      [0, '425a68'],
      [4, '314159265359'],
    ],
  },
  { format: 'zip', description: 'zip archive', magics: [[0, '504b0304']] },
  { format: 'elf', description: 'ELF program', magics: [[0, '7f454c46']] },
]
