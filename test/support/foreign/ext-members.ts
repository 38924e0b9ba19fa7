/**
 * Ext volumes that other tools make: each row is a name and a shell script that leaves the volume at $IMG. $SRC is a folder
 * with every kind of file, $WORK an empty folder. Options that mke2fs knows stand in tables, which are crossed with what is
 * done to the volume afterwards.
 */
import type { ForeignMember } from './member.js'

/** Options of mke2fs by themselves. A label says what is special; the size is 24 MiB where the row says nothing else. */
const OPTIONS: readonly (readonly [options: string, size?: string])[] = [
  ['-t ext2'],
  ['-t ext3'],
  ['-t ext4'],
  ['-t ext4 -O inline_data'],
  ['-t ext4 -O inline_data -I 1024'],
  ['-t ext4 -O bigalloc'],
  ['-t ext4 -O bigalloc,inline_data -b 1024 -C 8192'],
  ['-t ext4 -O bigalloc,^resize_inode,meta_bg -b 4096 -C 65536', '64M'],
  ['-t ext4 -O bigalloc,quota -C 32768', '64M'],
  ['-t ext4 -O bigalloc,ea_inode,mmp,quota', '64M'],
  ['-t ext4 -O bigalloc,sparse_super2'],
  ['-t ext4 -O quota'],
  ['-t ext4 -O quota,project'],
  ['-t ext4 -O project -E quotatype=prjquota:usrquota'],
  ['-t ext4 -O quota -E quotatype=grpquota'],
  ['-t ext4 -O casefold'],
  ['-t ext4 -O casefold -E encoding=utf8,encoding_flags=strict'],
  ['-t ext4 -O encrypt'],
  ['-t ext4 -O encrypt,casefold,verity,stable_inodes'],
  ['-t ext4 -O verity'],
  ['-t ext4 -O ea_inode'],
  ['-t ext4 -O ea_inode,inline_data -I 256'],
  ['-t ext4 -O large_dir'],
  ['-t ext4 -O metadata_csum_seed'],
  ['-t ext4 -O orphan_file'],
  ['-t ext4 -O orphan_file,^metadata_csum'],
  ['-t ext4 -O mmp'],
  ['-t ext4 -O mmp,^metadata_csum -E mmp_update_interval=9'],
  ['-t ext4 -O meta_bg,^resize_inode -b 1024 -g 256'],
  ['-t ext4 -O meta_bg,^resize_inode,^flex_bg -b 1024 -g 512', '64M'],
  ['-t ext4 -O meta_bg,^resize_inode,^sparse_super -b 1024 -g 1024', '64M'],
  ['-t ext4 -O sparse_super2 -b 1024 -g 2048'],
  ['-t ext4 -O sparse_super2 -E num_backup_sb=1 -b 1024 -g 1024'],
  ['-t ext4 -O sparse_super2 -E num_backup_sb=0 -b 1024 -g 1024'],
  ['-t ext4 -O ^sparse_super,^resize_inode -b 1024 -g 1024'],
  ['-t ext4 -O flex_bg -G 2 -b 1024 -g 1024'],
  ['-t ext4 -O flex_bg -G 1 -b 1024'],
  ['-t ext4 -O flex_bg -G 256 -b 1024 -g 512', '64M'],
  ['-t ext4 -O ^flex_bg'],
  ['-t ext4 -O ^metadata_csum,uninit_bg'],
  ['-t ext4 -O ^metadata_csum,^uninit_bg'],
  ['-t ext4 -O ^has_journal'],
  ['-t ext4 -O ^64bit'],
  ['-t ext4 -O ^64bit,^extent,^resize_inode'],
  ['-t ext4 -O ^extent,^64bit'],
  ['-t ext4 -O ^extent,^64bit,^flex_bg,^metadata_csum'],
  ['-t ext4 -O stable_inodes'],
  ['-t ext4 -O ^huge_file'],
  ['-t ext4 -O ^large_file,^huge_file'],
  ['-t ext4 -O ^dir_nlink,^extra_isize'],
  ['-t ext4 -O ^dir_index'],
  ['-t ext4 -O ^filetype'],
  ['-t ext4 -O ^ext_attr'],
  ['-t ext4 -O ^resize_inode'],
  ['-t ext4 -O fast_commit', '64M'],
  ['-t ext4 -J size=4,fast_commit_size=256 -O fast_commit', '64M'],
  ['-t ext4 -J size=1'],
  ['-t ext4 -J size=8,location=5000'],
  ['-t ext2 -r 0'],
  ['-t ext2 -r 0 -b 4096'],
  ['-t ext4 -b 1024'],
  ['-t ext4 -b 2048'],
  ['-t ext4 -b 4096'],
  ['-t ext4 -b 8192', '64M'],
  ['-t ext4 -b 65536', '256M'],
  ['-t ext2 -b 65536', '64M'],
  ['-t ext4 -b 65536 -O inline_data,ea_inode', '256M'],
  ['-t ext4 -b 16384 -O bigalloc -C 65536', '128M'],
  ['-t ext4 -I 128'],
  ['-t ext4 -I 256 -b 1024'],
  ['-t ext4 -I 1024'],
  ['-t ext4 -I 4096 -b 4096 -N 500', '64M'],
  ['-t ext4 -b 1024 -g 256'],
  ['-t ext4 -b 1024 -g 8192 -N 500'],
  ['-t ext4 -N 20000'],
  ['-t ext4 -N 600 -I 128'],
  ['-t ext4 -i 1024 -b 1024', '40M'],
  ['-t ext4 -E stride=4,stripe_width=16'],
  ['-t ext4 -E stride=7 -O ^flex_bg -b 1024 -g 1024'],
  ['-t ext4 -E resize=1G'],
  ['-t ext4 -E resize=4G -b 1024'],
  ['-t ext4 -E packed_meta_blocks=1'],
  ['-t ext4 -E packed_meta_blocks=1 -b 1024 -g 512', '64M'],
  ['-t ext4 -E lazy_itable_init=1,lazy_journal_init=1'],
  ['-t ext4 -E lazy_itable_init=0,lazy_journal_init=0'],
  ['-t ext4 -E hash_seed=12345678-1234-1234-1234-123456789abc'],
  ['-t ext4 -E nodiscard,root_owner=1000:1001'],
  ['-t ext4 -E test_fs'],
  ['-t ext4 -E assume_storage_prezeroed=1'],
  ['-t ext4 -E no_copy_xattrs'],
  ['-T news -t ext4'],
  ['-T largefile4 -t ext4', '1800M'],
  ['-T small -t ext4'],
  ['-T floppy -t ext2'],
  ['-T big -t ext4'],
  ['-T hurd'],
  ['-t ext2 -o hurd'],
  ['-t ext2 -o hurd -b 4096'],
  ['-t ext2 -o freebsd'],
  ['-t ext2 -o lites'],
  ['-t ext4 -m 0 -e remount-ro -M /mnt/here -L 0123456789abcdef'],
  ['-t ext4 -m 50'],
  ['-t ext4 -U clear'],
  ['-t ext4 -U clear -O ^metadata_csum,uninit_bg'],
  ['-t ext4 -O none'],
  ['-t ext4 -O none,extent,filetype,64bit'],
  ['-t ext4 -O none,has_journal,metadata_csum'],
  ['-t ext4 -O none,metadata_csum,sparse_super'],
]

const make = (options: string, size = '24M'): string => `truncate -s ${size} $IMG; mke2fs -q -F ${options} -d $SRC $IMG`

const made: ForeignMember[] = OPTIONS.map(([options, size]) => ({
  name: `mke2fs ${options}`,
  script: make(options, size),
}))

/** The running kernel uses a volume: $MNT is where it is mounted. */
const mounted = (body: string, options = 'loop'): string =>
  `mkdir -p $WORK/mnt; mount -o ${options} $IMG $WORK/mnt; trap 'umount $WORK/mnt 2>/dev/null || true' EXIT; M=$WORK/mnt; ${body}; umount $WORK/mnt; trap - EXIT`

const USES: readonly (readonly [what: string, body: string])[] = [
  [
    'written, deleted and shortened',
    'cp -a $SRC/. $M/again; rm -r $M/names; truncate -s 3000 $M/large; truncate -s 5M $M/grown; echo x >> $M/grown; ln $M/grown $M/other; mv $M/deep $M/moved; setfattr -n user.a -v b $M/grown; rm $M/sparse',
  ],
  [
    'unwritten extents, holes and ranges',
    'fallocate -l 3M $M/f || exit 77; touch $M/keep; fallocate -n -l 8M $M/keep; fallocate -p -o 1M -l 512K $M/f; dd if=/dev/urandom of=$M/f bs=4k seek=11 count=3 conv=notrunc status=none; fallocate -z -o 64K -l 64K $M/f || true; fallocate -c -o 0 -l 64K $M/f || true; fallocate -i -o 64K -l 64K $M/f || true',
  ],
  [
    'filled to its last block',
    'dd if=/dev/zero of=$M/all bs=64k status=none 2>/dev/null || true; for i in $(seq 300); do echo $i > $M/more-$i 2>/dev/null || true; done',
  ],
  [
    'many names made, removed and made again',
    'mkdir $M/d; (cd $M/d; seq -f "a-longer-name-of-a-file-%05g" 4000 | xargs touch 2>/dev/null || true; rm -f *7 *3; seq -f "b-%05g" 500 | xargs touch 2>/dev/null || true)',
  ],
  [
    'every kind of attribute',
    'touch $M/x; for i in $(seq 40); do setfattr -n user.k$i -v $(head -c 40 /dev/zero | tr "\\0" v) $M/x || break; done; setfattr -n user.k3 -v "" $M/x || true; setfattr -x user.k4 $M/x || true; cp -a $M/x $M/y; setfattr -n trusted.t -v 1 $M/y || true; mkdir $M/dd; setfattr -n system.posix_acl_default -v 0x0200000001000700ffffffff02000700e803000004000500ffffffff10000700ffffffff20000500ffffffff $M/dd || true; mkdir $M/dd/ee; touch $M/dd/ee/f',
  ],
  [
    'fragmented',
    'for i in $(seq 400); do echo $i > $M/s-$i; done; for j in 1 2 3 4 5 6 7 8; do for i in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/urandom of=$M/p-$i bs=4k count=1 seek=$((j*3)) conv=notrunc,fsync status=none; done; done; rm $M/s-*[13579]; dd if=/dev/urandom of=$M/big bs=4k count=300 status=none',
  ],
]

const USED_OPTIONS = [
  '-t ext2',
  '-t ext3',
  '-t ext4',
  '-t ext4 -b 1024',
  '-t ext4 -b 1024 -g 1024',
  '-t ext4 -O inline_data',
  '-t ext4 -O inline_data,ea_inode -I 512',
  '-t ext4 -O bigalloc',
  '-t ext4 -O bigalloc -b 1024 -C 16384',
  '-t ext4 -O ^extent,^64bit',
  '-t ext4 -O ^metadata_csum,uninit_bg',
  '-t ext4 -O orphan_file,metadata_csum_seed',
  '-t ext4 -O meta_bg,^resize_inode -b 1024 -g 512',
  '-t ext4 -O fast_commit',
  '-t ext4 -O ea_inode,^dir_index',
  '-t ext4 -I 128',
  '-t ext4 -O large_dir,sparse_super2',
  '-t ext2 -r 0',
  '-t ext4 -O mmp',
  '-t ext4 -O ^huge_file,^dir_nlink,^extra_isize',
  '-t ext4 -O encrypt,verity,stable_inodes',
]

const used: ForeignMember[] = USED_OPTIONS.flatMap((options) =>
  USES.map(([what, body]) => ({
    name: `${what}: ${options}`,
    root: true as const,
    script: `${make(options, '40M')}; ${mounted(body)}`,
  })),
)

/** The image is copied while the kernel has it mounted: what a card holds that was pulled out. */
const CRASHES: readonly (readonly [what: string, body: string])[] = [
  ['pulled out at once', 'true'],
  ['pulled out after writing', 'cp -a $SRC/. $M/again; sync; rm -r $M/names; sync -f $M'],
  [
    'pulled out with a full journal',
    'for i in $(seq 30); do cp -a $SRC/names $M/n$i 2>/dev/null || true; sync -f $M; rm -r $M/n$i; done; sync -f $M',
  ],
  [
    'pulled out with a deleted file open',
    'dd if=/dev/zero of=$M/o bs=64k count=20 status=none; exec 9<$M/o; rm $M/o; sync -f $M',
  ],
]
const CRASH_OPTIONS = [
  '-t ext2',
  '-t ext3',
  '-t ext3 -b 1024',
  '-t ext4',
  '-t ext4 -b 1024',
  '-t ext4 -O bigalloc,inline_data',
  '-t ext4 -O orphan_file',
  '-t ext4 -O fast_commit',
  '-t ext4 -O ^has_journal',
  '-t ext4 -O ^metadata_csum',
  '-t ext4 -O metadata_csum,^64bit',
  '-t ext4 -E lazy_itable_init=0',
]
const crashed: ForeignMember[] = CRASH_OPTIONS.flatMap((options) =>
  CRASHES.map(([what, body]) => ({
    name: `${what}: ${options}`,
    root: true as const,
    script:
      `${make(options, '40M')}; ` +
      mounted(`${body}; sync $IMG; cp --sparse=always $IMG $WORK/copy; exec 9<&-`) +
      '; mv $WORK/copy $IMG',
  })),
)

/** What the tools of e2fsprogs make of a volume. */
const LATER: readonly (readonly [name: string, options: string, script: string])[] = [
  ['tune2fs: other UUID', '-t ext4', 'tune2fs -f -U 11111111-2222-4333-8444-555555555555 $IMG'],
  [
    'tune2fs: other UUID, with a seed',
    '-t ext4 -O metadata_csum_seed',
    'tune2fs -U 11111111-2222-4333-8444-555555555555 $IMG',
  ],
  ['tune2fs: inodes of 256 bytes', '-t ext4 -I 128 -O ^flex_bg', 'tune2fs -I 256 $IMG'],
  ['tune2fs: without metadata_csum', '-t ext4', 'tune2fs -O ^metadata_csum $IMG'],
  [
    'tune2fs: with metadata_csum',
    '-t ext4 -O ^metadata_csum',
    'e2fsck -fy $IMG || true; tune2fs -O metadata_csum $IMG',
  ],
  ['tune2fs: ext2 gets a journal', '-t ext2', 'tune2fs -j $IMG'],
  ['tune2fs: the journal goes', '-t ext4', 'tune2fs -O ^has_journal $IMG'],
  ['tune2fs: the journal goes and comes', '-t ext4', 'tune2fs -O ^has_journal $IMG; tune2fs -J size=4 $IMG'],
  ['tune2fs: quota comes', '-t ext4', 'tune2fs -O quota $IMG'],
  ['tune2fs: project quota comes', '-t ext4', 'tune2fs -O project,quota -Q prjquota $IMG'],
  ['tune2fs: quota goes', '-t ext4 -O quota', 'tune2fs -O ^quota $IMG'],
  ['tune2fs: mmp comes', '-t ext4', 'tune2fs -O mmp $IMG'],
  ['tune2fs: mmp goes', '-t ext4 -O mmp', 'tune2fs -O ^mmp $IMG'],
  ['tune2fs: extents come', '-t ext3', 'tune2fs -O extent,uninit_bg,dir_index $IMG; e2fsck -fyD $IMG || true'],
  [
    'tune2fs: casefold and encrypt come',
    '-t ext4',
    'tune2fs -O casefold -E encoding=utf8 $IMG; tune2fs -O encrypt,verity $IMG',
  ],
  [
    'tune2fs: sparse_super comes',
    '-t ext2 -O ^sparse_super,^resize_inode -b 1024 -g 1024',
    'tune2fs -O sparse_super $IMG; e2fsck -fy $IMG || true',
  ],
  [
    'tune2fs: reserved, counts, label, options',
    '-t ext4',
    'tune2fs -r 500 -c 20 -i 10d -L other -o acl,journal_data -E stride=8,mount_opts=nodelalloc -e panic -g 5 -u 7 $IMG',
  ],
  [
    'tune2fs: without huge_file and dir_nlink',
    '-t ext4',
    'tune2fs -O ^huge_file,^dir_nlink $IMG; e2fsck -fy $IMG || true',
  ],
  ['tune2fs: orphan_file comes', '-t ext4', 'tune2fs -O orphan_file $IMG'],
  ['tune2fs: large_dir, ea_inode come', '-t ext4', 'tune2fs -O large_dir,ea_inode,project,fast_commit $IMG'],
  ['resize2fs: grown', '-t ext4', 'truncate -s 100M $IMG; e2fsck -fy $IMG || true; resize2fs $IMG'],
  [
    'resize2fs: grown without resize_inode',
    '-t ext4 -O ^resize_inode',
    'truncate -s 300M $IMG; e2fsck -fy $IMG || true; resize2fs $IMG',
  ],
  [
    'resize2fs: grown with meta_bg',
    '-t ext4 -O meta_bg,^resize_inode -b 1024',
    'truncate -s 300M $IMG; e2fsck -fy $IMG || true; resize2fs $IMG',
  ],
  [
    'resize2fs: grown without flex_bg',
    '-t ext4 -O ^flex_bg -b 1024',
    'truncate -s 100M $IMG; e2fsck -fy $IMG || true; resize2fs $IMG',
  ],
  [
    'resize2fs: grown with sparse_super2',
    '-t ext4 -O sparse_super2 -b 1024 -g 2048',
    'truncate -s 100M $IMG; e2fsck -fy $IMG || true; resize2fs $IMG',
  ],
  ['resize2fs: smallest', '-t ext4', 'e2fsck -fy $IMG || true; resize2fs -M $IMG'],
  ['resize2fs: smallest, small blocks', '-t ext4 -b 1024 -g 1024', 'e2fsck -fy $IMG || true; resize2fs -M $IMG'],
  [
    'resize2fs: smallest, cut off behind it',
    '-t ext4 -b 4096',
    'e2fsck -fy $IMG || true; resize2fs -M $IMG; truncate -s $(($(dumpe2fs -h $IMG 2>/dev/null | awk "/^Block count/{print \\$3}")*4096)) $IMG',
  ],
  ['resize2fs: to 64bit', '-t ext4 -O ^64bit', 'e2fsck -fy $IMG || true; resize2fs -b $IMG'],
  ['resize2fs: from 64bit', '-t ext4', 'e2fsck -fy $IMG || true; resize2fs -s $IMG'],
  ['e2fsck -D', '-t ext4 -b 1024', 'e2fsck -fyD $IMG || true'],
  [
    'e2fsck -E fixes_only,bmap2extent',
    '-t ext4 -O ^extent,^64bit',
    'e2fsck -fy $IMG || true; tune2fs -O extent $IMG; e2fsck -fy -E bmap2extent $IMG || true',
  ],
  ['e2image, raw', '-t ext4', 'e2image -ra $IMG $WORK/i; mv $WORK/i $IMG'],
  ['e2image, raw, metadata only', '-t ext4', 'e2image -r $IMG $WORK/i; mv $WORK/i $IMG'],
  ['e2image, QCOW2 of all', '-t ext4', 'e2image -Qa $IMG $WORK/i; mv $WORK/i $IMG'],
  ['bad blocks', '-t ext4 -b 1024', 'printf "7000\\n7001\\n9000\\n" > $WORK/bad; e2fsck -fy -l $WORK/bad $IMG || true'],
  [
    'mke2fs -l with bad blocks',
    '-t ext2 -b 1024',
    'printf "7000\\n7001\\n" > $WORK/bad; mke2fs -q -F -b 1024 -l $WORK/bad $IMG',
  ],
  [
    'debugfs: files, links, devices, attributes',
    '-t ext4',
    'printf "mkdir d\\nwrite $SRC/large d/l\\nmknod n c 5 1\\nmknod p p\\nsymlink s d/l\\nea_set s user.a b\\nln d/l h\\nset_inode_field h links_count 2\\nea_set d user.long -f $SRC/small\\npunch d/l 3 5\\nfallocate d/l 3 5\\n" > $WORK/c; debugfs -w -f $WORK/c $IMG',
  ],
]
const later: ForeignMember[] = LATER.map(([name, options, script]) => ({
  name,
  script: `${make(options)}; { ${script}; } >/dev/null 2>&1`,
}))

const odd: ForeignMember[] = [
  { name: 'a journal device itself', script: 'truncate -s 8M $IMG; mke2fs -q -F -O journal_dev -b 4096 $IMG' },
  {
    name: '50,000 names in one directory, packed',
    script:
      'mkdir -p $WORK/s/many; (cd $WORK/s/many; seq -f "name-of-a-file-number-%06g" 50000 | xargs touch); truncate -s 100M $IMG; mke2fs -q -F -t ext4 -b 1024 -N 60000 -d $WORK/s $IMG; e2fsck -fyD $IMG >/dev/null || true',
  },
  {
    name: '50,000 names by the kernel',
    root: true,
    script: `truncate -s 100M $IMG; mke2fs -q -F -t ext4 -b 1024 -N 60000 -O large_dir $IMG; ${mounted('mkdir $M/many; cd $M/many; seq -f "name-of-a-file-number-%06g" 50000 | xargs touch; cd /')}`,
  },
  { name: 'a volume of 3 GiB, sparse', script: 'truncate -s 3G $IMG; mke2fs -q -F -t ext4 -d $SRC $IMG' },
  {
    name: 'a volume of 17 TiB, sparse',
    script:
      'truncate -s 17T $IMG 2>/dev/null || exit 77; mke2fs -q -F -t ext4 -T huge -O ^has_journal -E lazy_itable_init=1 -d $SRC $IMG',
  },
  {
    name: 'a file longer than it has room for',
    script:
      'mkdir $WORK/s; truncate -s 3T $WORK/s/t; echo x >> $WORK/s/t; truncate -s 24M $IMG; mke2fs -q -F -t ext4 -d $WORK/s $IMG',
  },
  {
    name: 'at an offset of its own',
    script:
      'truncate -s 40M $IMG; mke2fs -q -F -t ext4 -E offset=1048576 -d $SRC $IMG 24M; dd if=$IMG of=$WORK/x bs=1M skip=1 status=none; mv $WORK/x $IMG',
  },
  { name: 'an undo file was kept', script: 'truncate -s 24M $IMG; mke2fs -q -F -t ext4 -z $WORK/u -d $SRC $IMG' },
  { name: 'smaller than the file', script: 'truncate -s 24M $IMG; mke2fs -q -F -t ext4 -d $SRC $IMG 20M' },
  {
    name: 'the last group has three blocks',
    script: 'truncate -s 33M $IMG; mke2fs -q -F -t ext2 -b 1024 -d $SRC $IMG 24580',
  },
  { name: 'tiny', script: 'truncate -s 100K $IMG; mke2fs -q -F -t ext2 -N 32 $IMG' },
  { name: 'empty of files, 2 MiB', script: 'truncate -s 2M $IMG; mke2fs -q -F -t ext4 $IMG' },
  {
    name: 'no inodes left',
    script:
      'truncate -s 8M $IMG; mkdir $WORK/s; (cd $WORK/s; seq 5 | xargs touch); mke2fs -q -F -t ext4 -N 16 -d $WORK/s $IMG',
  },
]

export const EXT_MEMBERS: readonly ForeignMember[] = [...made, ...used, ...crashed, ...later, ...odd]

/** e2fsck's verdict depends on what it finds in the loop device that the superblock remembers: no judge. */
export const EXTERNAL_JOURNAL: ForeignMember = {
  name: 'external journal',
  script:
    'truncate -s 8M $WORK/j; mke2fs -q -F -O journal_dev -b 1024 $WORK/j; truncate -s 24M $IMG; mke2fs -q -F -t ext4 -b 1024 -d $SRC $IMG; U=$(blkid -s UUID -o value $WORK/j); L=$(losetup -f --show $WORK/j); tune2fs -O ^has_journal $IMG >/dev/null; tune2fs -J device=$L $IMG >/dev/null; losetup -d $L',
  root: true,
}
