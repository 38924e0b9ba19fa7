/** Bad configs, each with everything that is said about it: values, and what does not go together. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'

/** A sound config with one partition of these keys (line 3, the first key at column 7). */
const partition = (keys: string) => `image: x\npartitions:\n  - { ${keys} }\n`
/** A sound config with these lines at the top (from line 1). */
const top = (lines: string) => `${lines}\nimage: x\npartitions: [{ fs: boot.img }]\n`
const HOST_ONLY = "only the host's tools write it, accepted are host, auto"
const FS_ACCEPTED =
  'accepted are ext2, ext3, ext4, fat, fat12, fat16, fat32, vfat, exfat, jffs2, u-boot-env, ubi, squashfs, erofs, btrfs, f2fs, xfs, ubifs, swap, verity, each alone or with /FOLDER, or the path of a raw file'
const SIZE_ACCEPTED = 'accepted are bytes, sectors (s), KiB, MiB, GiB, TiB'
const EXT_OPTIONS =
  'block_size, inode_size, bytes_per_inode, inodes, reserved_percent, journal_size, profile, features, lazy_itable_init, lost_and_found, hash_seed'

const VALUES: RefusedConfig[] = [
  {
    name: 'words that are nearly right',
    config:
      'image: x\ntable: gtp\nsector_size: 1024\nengine: nativ\nsize: 64MB\npartitions:\n  - { fs: boot.img, bootable: yes }\n',
    says: [
      'a.yaml:2:8: Cannot read table: "gtp" is unknown, accepted are gpt, mbr, none, mtd',
      '  hint: Did you mean "gpt"?',
      'a.yaml:3:14: Cannot read sector_size: "1024" is not possible, accepted are 512, 4096 bytes',
      'a.yaml:4:9: Cannot read engine: "nativ" is unknown, accepted are native, host, auto',
      '  hint: Did you mean "native"?',
      `a.yaml:5:7: Cannot read size: "64MB" may mean powers of 1000 or of 1024, ${SIZE_ACCEPTED}, auto`,
      '  hint: Write MiB for powers of 1024',
      'a.yaml:7:31: Cannot read bootable of partition 1: "yes" is neither true nor false, one of them is accepted',
      '  hint: Did you mean true?',
    ],
  },
  {
    name: 'a table by the name that parted has for it',
    config: top('table: msdos'),
    says: [
      'a.yaml:1:8: Cannot read table: "msdos" is unknown, accepted are gpt, mbr, none, mtd',
      '  hint: Did you mean "mbr"?',
    ],
  },
  {
    name: 'places and sizes out of their grammar',
    config:
      'image: x\nsize: 50%\npartitions:\n  - { name: a, start: 12 parsecs, end: rest, fs: ext4 }\n  - { name: b, start: auto, size: 0.3KiB, align: 10%, fs: ext4 }\n  - { name: c, start: 0100s, fs: ext4 }\n',
    says: [
      `a.yaml:2:7: Cannot read size: "50%" is not possible here, ${SIZE_ACCEPTED}, auto`,
      `a.yaml:4:23: Cannot read start of partition "a": "12 parsecs" has the unknown unit "parsecs", ${SIZE_ACCEPTED}, %`,
      `a.yaml:4:40: Cannot read end of partition "a": "rest" is not possible here, ${SIZE_ACCEPTED}, %`,
      '  hint: Write size: rest',
      `a.yaml:5:23: Cannot read start of partition "b": "auto" is not possible here, ${SIZE_ACCEPTED}, %`,
      `a.yaml:5:35: Cannot read size of partition "b": "0.3KiB" is no whole number of bytes, a fraction is accepted where it comes to whole bytes, such as 1.5GiB`,
      `a.yaml:5:50: Cannot read align of partition "b": "10%" is not possible here, ${SIZE_ACCEPTED}`,
      'a.yaml:6:23: Cannot read start of partition "c": "0100s" begins with 0, a decimal number without leading zeros, or 0x… is accepted',
    ],
  },
  {
    name: 'file systems of others and of later',
    config:
      'image: x\npartitions:\n  - { name: a, size: 8MiB, fs: ubifs/root }\n  - { name: b, size: 8MiB, fs: ntfs }\n  - { name: c, size: 8MiB, fs: EXT4 }\n  - { name: d, size: 8MiB, fs: ext4/ }\n',
    says: [
      'a.yaml:3:32: Cannot write ubifs into partition "a": UBIFS stands in volumes of UBI, accepted is fs: ubi with it under volumes:',
      '  hint: fs: ubi, volumes: [{ name: rootfs, fs: ubifs/rootfs, autoresize: true }]',
      `a.yaml:4:32: Cannot read fs of partition "b": ntfs is no format that diskloom writes, ${FS_ACCEPTED}`,
      '  hint: A raw file of that name is written ./ntfs',
      `a.yaml:5:32: Cannot read fs of partition "c": "EXT4" is not in lower case, ${FS_ACCEPTED}`,
      '  hint: Did you mean "ext4"? A raw file of that name is written ./EXT4',
      'a.yaml:6:32: Cannot read fs of partition "d": "ext4/" names no folder after the /',
      '  hint: Write "ext4" for an empty volume, "ext4/." for this folder',
    ],
  },
  {
    name: 'identifiers',
    config:
      'image: x\npartitions:\n  - { name: a, fs: boot.img, type: 83, uuid: 1e3 }\n  - { name: b, fs: boot.img, type: 0x100 }\n  - { name: c, fs: boot.img, type: 0fc63daf-8483-4772-8e79-3d69d8477de }\n  - { name: d, fs: ext4, size: 8MiB, fs_uuid: 12345, options: { hash_seed: 5 } }\n  - { name: e, fs: fat, size: 8MiB, options: { volume_id: 0x123456789 } }\n',
    says: [
      'a.yaml:3:36: Cannot read type of partition "a": "83" may be decimal or hexadecimal, accepted are a name, 0x01 to 0xFF, or a GUID',
      '  hint: Write 0x83 for the type that fdisk calls 83',
      'a.yaml:3:46: Cannot read uuid of partition "a": "1e3" is no UUID, accepted are 32 hexadecimal digits as 8-4-4-4-12',
      'a.yaml:4:36: Cannot read type of partition "b": "0x100" is no type byte, accepted are 0x01 to 0xFF',
      'a.yaml:5:36: Cannot read type of partition "c": "0fc63daf-8483-4772-8e79-3d69d8477de" is no GUID, accepted are 32 hexadecimal digits as 8-4-4-4-12',
      'a.yaml:6:47: Cannot read fs_uuid of partition "d": "12345" identifies no file system, accepted are a UUID, or 1234-ABCD (FAT)',
      'a.yaml:6:76: Cannot read options.hash_seed of partition "d": "5" is no UUID, accepted are 32 hexadecimal digits as 8-4-4-4-12',
      'a.yaml:7:59: Cannot read options.volume_id of partition "e": "0x123456789" is no volume id, accepted are 1234-ABCD or a 32-bit number such as 0x1234ABCD',
    ],
  },
  {
    name: 'numbers out of range',
    config:
      'image: x\nsource_date_epoch: -1\ngpt: { entries: 56 }\nbundle: { level: 10 }\npartitions:\n  - { name: a, fs: ext4, size: 8MiB, options: { block_size: 3000, inodes: 4, reserved_percent: 51, journal_size: -1 } }\n  - { name: b, fs: fat, size: 8MiB, options: { fats: 5, media: 0x10, oem: "ninechars" } }\n  - { name: c, fs: boot.img, fill: 256 }\n',
    says: [
      'a.yaml:2:20: Cannot read source_date_epoch: -1 is out of range, accepted are whole numbers from 0 to 99999999999',
      'a.yaml:3:17: Cannot read gpt.entries: 56 is out of range, accepted are whole numbers from 128 to 8192',
      'a.yaml:4:18: Cannot read bundle.level: 10 is out of range, accepted are whole numbers from 0 to 9',
      'a.yaml:6:61: Cannot read options.block_size of partition "a": "3000" is not possible, accepted are 1024, 2048, 4096 bytes',
      'a.yaml:6:75: Cannot read options.inodes of partition "a": 4 is out of range, accepted are whole numbers from 11 to 4294967295',
      'a.yaml:6:96: Cannot read options.reserved_percent of partition "a": 51 is out of range, accepted are numbers from 0 to 50',
      'a.yaml:6:114: Cannot read options.journal_size of partition "a": "-1" is no size, accepted are bytes, KiB, MiB, GiB, TiB, s for sectors',
      'a.yaml:7:54: Cannot read options.fats of partition "b": 5 is out of range, accepted are whole numbers from 1 to 4',
      'a.yaml:7:64: Cannot read options.media of partition "b": 0x10 is out of range, accepted are whole numbers from 240 to 255',
      'a.yaml:7:75: Cannot read options.oem of partition "b": "ninechars" does not fit, accepted are up to 8 ASCII characters',
      'a.yaml:8:36: Cannot read fill of partition "c": 256 is out of range, accepted are whole numbers from 0 to 255',
    ],
  },
  {
    name: 'lists and maps with one wrong item',
    config:
      'image: x\npartitions:\n  - { fs: ext4, size: 8MiB, owner: { uid: { bob: 0 } }, attributes: [hiden], options: { features: ["^Journal"] } }\n  - { fs: ext4, size: 8MiB, owner: rot, holes: some }\nbundle: { include: [{ pth: a }, { path: b, name: ../b }] }\ngadget: { modules: [usb_f_mass_storage.ko] }\n',
    says: [
      'a.yaml:3:45: Cannot read owner.uid.bob of partition 1: "bob" is no key here, accepted are ids in decimal',
      'a.yaml:3:70: Cannot read attributes[0] of partition 1: "hiden" is no attribute, accepted are required, no_block_io, legacy_bios_bootable, grow_file_system, read_only, shadow_copy, hidden, no_automount, or a bit from 0 to 63',
      'a.yaml:3:100: Cannot read options.features[0] of partition 1: "^Journal" is no feature, accepted are names as after -O of its mkfs, with ^ before one to switch off',
      'a.yaml:4:36: Cannot read owner of partition 2: "rot" is unknown, accepted are root, keep',
      '  hint: Did you mean "root"?',
      'a.yaml:4:48: Cannot read holes of partition 2: "some" is unknown, accepted are none, host, all',
      'a.yaml:5:21: Cannot read bundle.include[0]: the key "path" is missing',
      '  hint: path: The file, or a folder with all that is in it',
      'a.yaml:5:23: Cannot read bundle.include[0]: "pth" is no key of a file of the bundle',
      '  hint: Did you mean "path"?',
      'a.yaml:5:50: Cannot read bundle.include[1].name: "../b" is no name in a zip, accepted is a relative path such as tools/flash.sh',
      'a.yaml:6:21: Cannot read gadget.modules[0]: "usb_f_mass_storage.ko" is no module name, accepted are letters, digits, _ and -',
      '  hint: Write usb_f_mass_storage',
    ],
  },
  {
    name: 'names that are no file names',
    config: 'image: out/x.img\npartitions: [{ name: "", fs: "a\\tb" }]\nbundle: { name: .. }\nseed: "\\uD800"\n',
    says: [
      'a.yaml:1:8: Cannot read image: "out/x.img" holds a folder, accepted is a plain file name',
      '  hint: --out chooses the folder',
      'a.yaml:2:22: Cannot read name of partition 1: it is empty',
      'a.yaml:2:30: Cannot read fs of partition 1: "a\\tb" holds a control character',
      'a.yaml:3:17: Cannot read bundle.name: ".." is a folder, accepted is a plain file name',
      'a.yaml:4:7: Cannot read seed: "\\ud800" holds half a character',
    ],
  },
]

const TOGETHER: RefusedConfig[] = [
  {
    name: 'start, end and size that disagree',
    config: partition('name: a, start: 1MiB, end: 3MiB, size: 5MiB, fs: ext4'),
    says: [
      'a.yaml:3:46: Cannot place partition "a": start to end are 2097152 bytes but size is 5242880, accepted is what agrees',
      '  hint: In sectors and bytes end names the last one, in larger units and % the boundary after it; leave one of the three out',
    ],
  },
  {
    name: 'start, end and size of which one cannot be compared',
    config: partition('name: a, start: 1MiB, end: 3MiB, size: rest, fs: ext4'),
    says: ['a.yaml:3:46: Cannot place partition "a": start, end and size are all given, two of them are accepted'],
  },
  {
    name: 'an end before its start',
    config: partition('name: a, start: 2048s, end: 2047s, fs: ext4'),
    says: [
      'a.yaml:3:35: Cannot place partition "a": it would end before it starts (byte 1048576 ≤ byte 1048576), accepted is an end after the start',
    ],
  },
  {
    name: 'an end too near for its size',
    config: partition('name: a, end: 1MiB, size: 2MiB, fs: ext4'),
    says: ['a.yaml:3:33: Cannot place partition "a": 2097152 bytes before byte 1048576 begin before the disk'],
  },
  {
    name: 'an end with a size that says nothing of the start',
    config: partition('name: a, end: 50%, size: 2MiB, fs: ext4'),
    says: [
      'a.yaml:3:32: Cannot place partition "a": its start does not follow from these end and size, give start and one of them',
    ],
  },
  {
    name: 'no size, on a disk without one and with nothing to measure',
    config: partition('name: a'),
    says: [
      'a.yaml:3:5: Cannot place partition "a": neither it nor the disk has a size, and without fs there is no content to measure',
      '  hint: Give the partition or the disk a size',
    ],
  },
  {
    name: 'partitions before the last without a size; a boot blob after them does not count',
    config:
      'image: x\nsize: 1GiB\npartitions:\n  - { name: a, fs: ext4 }\n  - { name: b, fs: ext4 }\n  - { name: blob, start: 8KiB, in_table: false, fs: spl.bin }\n',
    says: [
      'a.yaml:4:5: Cannot place partition "a": it has neither end nor size, one of them is needed',
      '  hint: Only the last partition and a raw file go without; size: auto is the smallest that holds the content',
    ],
  },
  {
    name: 'a size of zero',
    config: 'image: x\nsize: 0\npartitions: [{ size: 0s, fs: ext4 }]\n',
    says: [
      'a.yaml:2:7: Cannot make a disk of 0 bytes: accepted are sizes above 0',
      '  hint: Leave size out for the smallest disk',
      'a.yaml:3:22: Cannot place partition 1: its size is 0, accepted are sizes above 0',
    ],
  },
  {
    name: 'a disk of half a sector',
    config: top('size: 1000\nsector_size: 4096'),
    says: ['a.yaml:1:7: Cannot make a disk of 1000 bytes: accepted are whole sectors of 4096 bytes'],
  },
  {
    name: 'keys that the partition does not have a use for',
    config:
      'image: x\npartitions:\n  - { name: a, fs: boot.img, label: L, owner: keep }\n  - { name: b, size: 8MiB, content: root }\n  - { name: c, fs: fat32, size: 64MiB, owner: keep, holes: all }\n  - { name: d, fs: ext4, size: 8MiB, fill: 0xFF }\n',
    says: [
      'a.yaml:3:37: Cannot use label of partition "a": its fs is the raw file boot.img, label is accepted with ext2, ext3, ext4, FAT, exFAT, btrfs, f2fs, xfs and swap',
      'a.yaml:3:47: Cannot use owner of partition "a": its fs is the raw file boot.img, owner is accepted with ext2, ext3, ext4, FAT, exFAT, JFFS2, squashfs, erofs, btrfs, f2fs, xfs and ubifs',
      'a.yaml:4:37: Cannot use content of partition "b": it has no fs, content is accepted with ext2, ext3, ext4, FAT, exFAT, JFFS2, a U-Boot environment, squashfs, erofs, btrfs, f2fs, xfs and ubifs',
      '  hint: Say which file system: fs: ext4, fs: fat32 …',
      'a.yaml:5:47: Cannot use owner of partition "c": it is keep, FAT has no place for owners, accepted is root',
      'a.yaml:5:60: Cannot use holes of partition "c": its fs is fat32, holes is accepted with ext2, ext3, ext4',
      'a.yaml:6:44: Cannot use fill of partition "d": its fs is ext4, fill is accepted with a raw file and a partition without fs',
    ],
  },
  {
    name: 'options of the other family',
    config:
      'image: x\npartitions:\n  - { name: a, fs: fat, size: 8MiB, options: { inodes: 100 } }\n  - { name: b, fs: ext4, size: 8MiB, options: { cluster_size: 4KiB, inodes: 100, bytes_per_inode: 4096 } }\n',
    says: [
      'a.yaml:3:56: Cannot use options.inodes of partition "a": its fs is fat, which has no such option',
      '  hint: Its options are cluster_size, fats, reserved_sectors, root_entries, media, volume_id, oem, lossy, order, time_zone',
      'a.yaml:4:63: Cannot use options.cluster_size of partition "b": its fs is ext4, which has no such option',
      `  hint: Its options are ${EXT_OPTIONS}`,
      'a.yaml:4:77: Cannot use options.inodes of partition "b": bytes_per_inode is given too, one of them is accepted',
    ],
  },
  {
    name: 'options that a host tool or a native writer does not have',
    config:
      'image: x\npartitions:\n  - { name: a, fs: ext4, size: 8MiB, options: { block_size: 8KiB, compression: xz } }\n  - { name: b, fs: fat, size: 8MiB, engine: host, options: { oem: ME, order: [a] } }\n  - { name: c, fs: squashfs, options: { compression: xz, level: 3, block_size: 2KiB } }\n  - { name: d, fs: squashfs, options: { level: 10 } }\n  - { name: e, fs: erofs, size: auto, options: { compression: gzip } }\n  - { name: f, fs: xfs, size: 1GiB, label: thirteen bytes, options: { inode_size: 256 } }\n  - { name: g, fs: swap, size: 1MiB, label: sixteen letters!!, options: { level: 1 } }\n',
    says: [
      'a.yaml:3:61: Cannot read options.block_size of partition "a": "8KiB" is not possible, accepted are 1024, 2048, 4096 bytes',
      'a.yaml:3:80: Cannot use options.compression of partition "a": its fs is ext4, which has no such option',
      `  hint: Its options are ${EXT_OPTIONS}`,
      'a.yaml:4:67: Cannot use options.oem of partition "b": its host tools have no such option, it is accepted with engine: native',
      'a.yaml:4:78: Cannot use options.order of partition "b": its host tools have no such option, it is accepted with engine: native',
      'a.yaml:5:65: Cannot use options.level of partition "c": 3 is not possible, xz has no levels',
      'a.yaml:5:80: Cannot read options.block_size of partition "c": "2KiB" is not possible, accepted are 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576 bytes',
      'a.yaml:6:48: Cannot use options.level of partition "d": 10 is not possible, gzip has 1 to 9',
      'a.yaml:7:63: Cannot read options.compression of partition "e": "gzip" is unknown, accepted are none, lz4, lz4hc',
      'a.yaml:8:44: Cannot use label of partition "f": "thirteen bytes" has 14 bytes, xfs takes at most 12',
      'a.yaml:8:83: Cannot read options.inode_size of partition "f": "256" is not possible, accepted are 512, 1024, 2048 bytes',
      'a.yaml:9:45: Cannot use label of partition "g": "sixteen letters!!" has 17 bytes, swap takes at most 15',
      'a.yaml:9:82: Cannot use options.level of partition "g": its fs is swap, which has no such option',
      '  hint: Its options are page_size',
    ],
  },
  {
    name: 'volumes of host tools that they cannot be',
    config:
      'image: x\nengine: native\npartitions:\n  - { name: a, fs: squashfs, label: L, fs_uuid: 11111111-2222-3333-4444-555555555555 }\n  - { name: b, fs: erofs, size: auto, engine: native, holes: all, free: 1MiB }\n  - { name: c, fs: swap/files, size: 1MiB }\n  - { name: d, fs: swap, size: 1MiB, content: files, engine: host }\n',
    says: [
      `a.yaml:4:20: Cannot write squashfs into partition "a" with engine: native: ${HOST_ONLY}`,
      'a.yaml:4:37: Cannot use label of partition "a": its fs is squashfs, label is accepted with ext2, ext3, ext4, FAT, exFAT, btrfs, f2fs, xfs and swap',
      'a.yaml:4:49: Cannot use fs_uuid of partition "a": its fs is squashfs, fs_uuid is accepted with ext2, ext3, ext4, FAT, exFAT, erofs, btrfs, f2fs, xfs, ubifs, swap and verity',
      `a.yaml:5:47: Cannot write erofs into partition "b" with engine: native: ${HOST_ONLY}`,
      'a.yaml:5:62: Cannot use holes of partition "b": its fs is erofs, holes is accepted with ext2, ext3, ext4',
      'a.yaml:5:73: Cannot use free of partition "b": its fs is erofs, free is accepted with ext2, ext3, ext4, FAT, exFAT and JFFS2',
      'a.yaml:6:20: Cannot read fs of partition "c": "swap/files" would put files into swap, accepted is swap alone',
      'a.yaml:7:47: Cannot use content of partition "d": its fs is swap, content is accepted with ext2, ext3, ext4, FAT, exFAT, JFFS2, a U-Boot environment, squashfs, erofs, btrfs, f2fs, xfs and ubifs',
      'a.yaml:7:62: Cannot use engine of partition "d": its fs is swap, engine is accepted with ext2, ext3, ext4, FAT, squashfs, erofs, btrfs, f2fs, xfs and ubifs',
    ],
  },
  {
    name: 'identifiers of the other family',
    config:
      'image: x\npartitions:\n  - { name: a, fs: ext4, size: 8MiB, fs_uuid: 1234-ABCD }\n  - { name: b, fs: fat, size: 8MiB, fs_uuid: 11111111-2222-3333-4444-555555555555 }\n  - { name: c, fs: fat, size: 8MiB, fs_uuid: 1234-ABCD, options: { volume_id: 1 } }\n',
    says: [
      'a.yaml:3:47: Cannot use fs_uuid of partition "a": "1234-ABCD" is the volume id of a FAT, accepted is a UUID',
      'a.yaml:4:46: Cannot use fs_uuid of partition "b": a FAT has no UUID, accepted is a volume id such as 1234-ABCD',
      'a.yaml:5:46: Cannot use fs_uuid of partition "c": options.volume_id says another, one of them is accepted',
    ],
  },
  {
    name: 'content given twice',
    config: partition('fs: ext4/a, content: b, size: 8MiB'),
    says: [
      'a.yaml:3:28: Cannot fill partition 1: its content is given twice, with fs (a) and here, one of them is accepted',
    ],
  },
  {
    name: 'keys of another table',
    config: top('table: mbr\nuuid: 11111111-2222-3333-4444-555555555555\ngpt: { entries: 128 }'),
    says: [
      'a.yaml:2:7: Cannot use uuid: the table is mbr, uuid is accepted with table: gpt',
      '  hint: The identifier of an MBR is mbr: { signature: 0x1234ABCD }',
      'a.yaml:3:6: Cannot use gpt: the table is mbr, gpt is accepted with table: gpt',
    ],
  },
  {
    name: 'two files of one name in the zip or beside the image',
    config:
      'image: manifest.json\npartitions: [{ fs: boot.img }]\nbundle:\n  name: PartList.cfg\n  include: [a/spi.cfg, b/spi.cfg, { path: c, name: PartList.cfg }, { path: d, name: gadget/x }]\ngadget: { modules: [libcomposite, libcomposite] }\n',
    says: [
      'a.yaml:1:8: Cannot name the image "manifest.json": a file or folder beside it has that name, any other is accepted',
      'a.yaml:4:9: Cannot name the zip "PartList.cfg": another result has that name, any other is accepted',
      'a.yaml:5:24: Cannot put spi.cfg into the zip: bundle.include[0] has that name, every name is accepted once',
      '  hint: Give it another name: { path: …, name: … }',
      'a.yaml:5:35: Cannot put PartList.cfg into the zip: a file of the build has that name, every name is accepted once',
      '  hint: Give it another name: { path: …, name: … }',
      'a.yaml:5:68: Cannot put gadget/x into the zip: the folder of the gadget files has that name, every name is accepted once',
      '  hint: Give it another name: { path: …, name: … }',
      'a.yaml:6:35: Cannot list module libcomposite twice: each is accepted once',
    ],
  },
  {
    name: 'outputs twice, of one name, of a name that is taken',
    config: top(
      'outputs: [zip, zip, zst, { format: gz, name: x.zst }, { format: bmap, name: x }, { format: xz, name: manifest.json }]',
    ),
    says: [
      'a.yaml:1:16: Cannot write zip twice: one of each is accepted',
      '  hint: Give it another name: { format: zip, name: … }',
      'a.yaml:1:26: Cannot write gz as "x.zst": the output zst has that name, any other is accepted',
      'a.yaml:1:55: Cannot write bmap as "x": the image has that name, any other is accepted',
      'a.yaml:1:82: Cannot write xz as "manifest.json": another result has that name, any other is accepted',
    ],
  },
  {
    name: 'outputs with options of others',
    config: top(
      'bundle: { name: a.zip }\noutputs: [{ format: raw, name: r }, { format: zip, name: b.zip }, { format: vhdx, level: 3 }, { format: gz, level: 10, split: 1MiB }]',
    ),
    says: [
      'a.yaml:2:32: Cannot name the raw image here: image: is its name',
      'a.yaml:2:58: Cannot name the zip twice: bundle.name is its name, one of the two is accepted',
      'a.yaml:2:90: Cannot use level 3 for vhdx: a level is accepted with zip, gz, xz, zst, qcow2',
      'a.yaml:2:116: Cannot use level 10 for gz: accepted are 0 to 9',
      'a.yaml:2:127: Cannot split gz: split is accepted with android-sparse',
    ],
  },
  {
    name: 'no outputs, and a gadget that asks for nothing',
    config: top('outputs: []\ngadget: {}'),
    says: [
      'a.yaml:1:10: Cannot write outputs: the list is empty, accepted are raw, zip, gz, xz, zst, bmap, android-sparse, qcow2, vmdk, vdi, vhdx, split, html',
      'a.yaml:2:9: Cannot make gadget files: none of modules, device_tree, luns, initramfs is given, at least one is needed',
    ],
  },
  {
    name: 'what does not go together, beside what cannot be read',
    config:
      'image: x\ntable: gtp\nmbr: { signature: 1 }\npartitions:\n  - { name: a, start: 2MiB, end: 1MiB, type: 83, fs: fat, owner: keep }\n',
    says: [
      'a.yaml:2:8: Cannot read table: "gtp" is unknown, accepted are gpt, mbr, none, mtd',
      '  hint: Did you mean "gpt"?',
      'a.yaml:5:34: Cannot place partition "a": it would end before it starts (byte 1048576 ≤ byte 2097152), accepted is an end after the start',
      'a.yaml:5:46: Cannot read type of partition "a": "83" may be decimal or hexadecimal, accepted are a name, 0x01 to 0xFF, or a GUID',
      '  hint: Write 0x83 for the type that fdisk calls 83',
      'a.yaml:5:66: Cannot use owner of partition "a": it is keep, FAT has no place for owners, accepted is root',
    ],
  },
]

describe.each([
  ['values', VALUES],
  ['what does not go together', TOGETHER],
])('a config is refused for %s', (_, cases) => {
  it.each(cases)('$name', ({ config, options, says }) => {
    expect(problemLines(problemsOf(config, options))).toEqual(says)
  })
})
