/**
 * FAT volumes that other tools and systems make: each row is a name and a shell script that leaves the volume at $IMG. $SRC is
 * a folder with names of every kind. `poke AT HEX` writes bytes, `peek AT COUNT` shows them.
 */
import type { ForeignMember } from './member.js'

/** mkfs.fat's options and a size for truncate(1). */
const MADE: readonly (readonly [options: string, size: string])[] = [
  ['', '160K'],
  ['', '320K'],
  ['', '360K'],
  ['', '720K'],
  ['', '1200K'],
  ['', '1440K'],
  ['', '2880K'],
  ['', '8M'],
  ['', '64M'],
  ['', '600M'],
  ['-F 12', '4M'],
  ['-F 12 -s 1 -r 16', '1M'],
  ['-F 12 -f 1', '2M'],
  ['-F 12 -S 1024', '8M'],
  ['-F 12 -S 4096', '64M'],
  ['-F 16', '32M'],
  ['-F 16 -s 1', '20M'],
  ['-F 16 -s 64', '512M'],
  ['-F 16 -s 128', '1G'],
  ['-F 16 -f 1', '32M'],
  ['-F 16 -f 3', '32M'],
  ['-F 16 -f 4', '32M'],
  ['-F 16 -r 16', '32M'],
  ['-F 16 -r 32768', '64M'],
  ['-F 16 -R 8', '32M'],
  ['-F 16 -S 2048', '64M'],
  ['-F 16 -S 4096', '128M'],
  ['-F 16 -a', '32M'],
  ['-F 16 -a -s 1 -r 17', '20M'],
  ['-F 16 -A', '16M'],
  ['-A', '8M'],
  ['-A -n ATARI', '31M'],
  ['-F 16 -D 0x00 -M 0xf0', '16M'],
  ['-F 16 -M 0xfd -D 0x81', '16M'],
  ['-F 16 -g 255/63 -h 63', '100M'],
  ['-F 16 -g 16/32 --offset 0', '16M'],
  ['-F 16 --mbr=y', '64M'],
  ['-F 32 --mbr=y', '64M'],
  ['-F 16 --mbr=n -n EFI', '64M'],
  ['-F 16 --invariant', '64M'],
  ['-F 16 -i deadbeef -n "a b c"', '64M'],
  ['-F 32', '64M'],
  ['-F 32 -s 1', '40M'],
  ['-F 32 -s 8', '300M'],
  ['-F 32 -s 64', '3G'],
  ['-F 32 -s 128', '5G'],
  ['-F 32 -f 1', '64M'],
  ['-F 32 -f 4', '64M'],
  ['-F 32 -R 3', '64M'],
  ['-F 32 -R 2 -b 0', '64M'],
  ['-F 32 -R 100 -b 7', '64M'],
  ['-F 32 -R 9 -b 8', '64M'],
  ['-F 32 -R 32 -b 2', '64M'],
  ['-F 32 -S 1024', '64M'],
  ['-F 32 -S 2048', '200M'],
  ['-F 32 -S 4096', '300M'],
  ['-F 32 -a', '64M'],
  ['-F 32 -n NAME -h 2048 -g 64/32', '64M'],
  ['-F 32 -m /etc/hostname', '64M'],
  ['-F 32 -s 1', '1M'],
  ['-F 32', '2M'],
]

/** mformat's options. */
const MFORMATTED: readonly (readonly [options: string, size: string])[] = [
  ['-f 160', '160K'],
  ['-f 180', '180K'],
  ['-f 320', '320K'],
  ['-f 360', '360K'],
  ['-f 720', '720K'],
  ['-f 1200', '1200K'],
  ['-f 1440', '1440K'],
  ['-f 2880', '2880K'],
  ['-t 80 -h 2 -s 21', '1680K'],
  ['-t 82 -h 2 -s 21', '1722K'],
  ['-t 80 -h 2 -s 10 -N 12345678', '800K'],
  ['-t 77 -h 2 -s 8 -M 1024', '1232K'],
  ['-T 40000 -h 16 -s 63', '20000K'],
  ['-F -T 200000 -h 16 -s 63', '100000K'],
  ['-F -c 1 -T 70000 -h 16 -s 63', '35000K'],
  ['-c 8 -T 100000 -h 16 -s 63 -v label', '50000K'],
  ['-T 100000 -h 16 -s 63 -L 100 -r 40', '50000K'],
  ['-d 1 -T 100000 -h 16 -s 63', '50000K'],
  ['-R 8 -T 100000 -h 16 -s 63', '50000K'],
  ['-a -f 720', '720K'],
]

const fill = [
  'mcopy -Q -s -i $IMG $SRC/* :: || true',
  'mdel -i $IMG "::/many/file number 3.dat" "::/many/file number 9.dat" 2>/dev/null || true',
  'mattrib -i $IMG +r +h +s ::/README.TXT 2>/dev/null || true',
].join('; ')

const blank = (options: string, size: string): string => `truncate -s ${size} $IMG; mkfs.fat ${options} $IMG >/dev/null`

const made: ForeignMember[] = MADE.flatMap(([options, size]) => [
  { name: `mkfs.fat ${options} ${size}, empty`, script: blank(options, size) },
  { name: `mkfs.fat ${options} ${size}, filled`, script: `${blank(options, size)}; ${fill}` },
])
const mformatted: ForeignMember[] = MFORMATTED.map(([options, size]) => ({
  name: `mformat ${options}`,
  script: `truncate -s ${size} $IMG; mformat -i $IMG ${options} ::; ${fill}`,
}))

/** Cluster counts at which the type changes, made by the number of sectors. */
const EDGES: readonly number[] = [4083, 4084, 4085, 4086, 4087, 65_523, 65_524, 65_525, 65_526, 65_527]
const edges: ForeignMember[] = EDGES.map((clusters) => ({
  name: `${clusters} clusters in the boot sector`,
  // One sector a cluster, one reserved, two FATs of 256 sectors, 512 root entries: the data begins at sector 545.
  script: [
    'truncate -s 20M $IMG; mkfs.fat -a -F 16 -s 1 -R 1 -f 2 -r 512 $IMG >/dev/null; truncate -s 40M $IMG',
    `printf %08x $((${clusters} + 1 + 2*256 + 32)) | sed 's/\\(..\\)\\(..\\)\\(..\\)\\(..\\)/\\4\\3\\2\\1/' > $WORK/n`,
    'poke 22 0001; poke 19 0000; poke 32 $(cat $WORK/n)',
    'dd if=/dev/zero of=$IMG bs=512 seek=1 count=600 conv=notrunc status=none',
    `if [ ${clusters} -lt 4085 ]; then poke 512 f8ffff; poke $((257*512)) f8ffff; else poke 512 f8ffffff; poke $((257*512)) f8ffffff; fi`,
    `poke 54 ${Buffer.from(clusters < 4085 ? 'FAT12   ' : 'FAT16   ').toString('hex')}`,
  ].join('; '),
}))

/** A 16 MiB FAT16: one sector is reserved, FATs of 64 sectors begin at 512, the root at 66,048, the data at 82,432 (2 KiB clusters). */
const FAT16 =
  'truncate -s 16M $IMG; mkfs.fat -a -F 16 -s 4 -R 1 -r 512 -f 2 $IMG >/dev/null; F=$(($(peek 22 2 le)*512)); R=$((512+2*F)); D=$((R+16384)); mcopy -Q -s -i $IMG $SRC/* ::'
/** A 64 MiB FAT32 with 32 reserved sectors and clusters of 512 bytes. */
const FAT32 =
  'truncate -s 64M $IMG; mkfs.fat -F 32 -s 1 $IMG >/dev/null; F=$(($(peek 36 4 le)*512)); D=$((16384+2*F)); mcopy -Q -s -i $IMG $SRC/* ::'

const entry = (name: string, attributes: string, cluster: string, size: string, more = '00'): string =>
  Buffer.concat([
    Buffer.from(name.padEnd(11), 'latin1'),
    Buffer.from(`${attributes}${more}00`, 'hex'),
    Buffer.from('0000215821580000', 'hex'),
    Buffer.from('00002158', 'hex'),
    Buffer.from(`${cluster}${size}`, 'hex'),
  ]).toString('hex')
const empty = (name: string, attributes = '20', more = '00'): string =>
  entry(name, attributes, '0000', '00000000', more)

/** Systems and devices, as documented and seen: what differs from mkfs.fat, patched in. */
const SYSTEMS: readonly (readonly [name: string, script: string])[] = [
  [
    'DOS 3: no extended boot record',
    `${FAT16}; poke 38 00; poke 39 0000000000000000000000000000000000000000000000; poke 3 ${Buffer.from('IBM  3.3').toString('hex')}`,
  ],
  ['DOS 5: OEM name, E9 jump', `${FAT16}; poke 3 ${Buffer.from('MSDOS5.0').toString('hex')}; poke 0 e93e00`],
  ['Windows 98: random OEM name', `${FAT16}; poke 3 ${Buffer.from(')"Y8:IHC').toString('hex')}`],
  [
    'Windows: FAT32 with three boot sectors',
    `${FAT32}; poke 3 ${Buffer.from('MSWIN4.1').toString('hex')}; poke 0 eb5890; poke 1534 55aa; dd if=$IMG of=$IMG bs=512 skip=0 seek=6 count=3 conv=notrunc status=none`,
  ],
  ['Windows: dirty bits in both places', `${FAT32}; poke 16391 07; poke $((16391+F)) 07; poke 65 01`],
  ['FAT16 dirty in FAT', `${FAT16}; poke 514 ff7f; poke $((512+F+2)) ff7f`],
  ['FAT16 with the error mark', `${FAT16}; poke 514 ffbf; poke $((512+F+2)) ffbf`],
  ['FAT16 dirty in the boot sector', `${FAT16}; poke 37 01`],
  ["FAT16 with the boot sector's error mark", `${FAT16}; poke 37 02`],
  ['FAT12 dirty in the boot sector', 'truncate -s 1440K $IMG; mkfs.fat $IMG >/dev/null; poke 37 01'],
  ['FAT32 dirty in the boot sector', `${FAT32}; poke 65 01`],
  ['FAT32 dirty in the FAT', `${FAT32}; poke 16388 ffffff07; poke $((16384+F+4)) ffffff07`],
  ['FAT32 with the error mark', `${FAT32}; poke 16388 ffffff0b; poke $((16384+F+4)) ffffff0b`],
  [
    'FAT32, high nibbles of entries set',
    `${FAT32}; poke 16384 f8ffffff; poke 16388 ffffffff; poke $((16384+F)) f8ffffff; poke $((16384+F+4)) ffffffff; poke 16395 f0; poke $((16384+F+11)) f0`,
  ],
  ['FAT32, no mirroring, first FAT', `${FAT32}; poke 40 8000; poke 3112 8000`],
  [
    'FAT32, no mirroring, second FAT, first is stale',
    `${FAT32}; poke 40 8100; poke 3112 8100; dd if=/dev/zero of=$IMG bs=1 seek=16400 count=200 conv=notrunc status=none`,
  ],
  [
    'FAT32, no mirroring, first FAT, second is stale',
    `${FAT32}; poke 40 8000; poke 3112 8000; dd if=/dev/zero of=$IMG bs=1 seek=$((16400+F)) count=200 conv=notrunc status=none`,
  ],
  ['FAT32 without FSInfo', `${FAT32}; poke 48 0000; poke 3120 0000`],
  ['FAT32, FSInfo ffff', `${FAT32}; poke 48 ffff; poke 3120 ffff`],
  ['FAT32, FSInfo knows nothing', `${FAT32}; poke 1000 ffffffffffffffff`],
  ['FAT32, FSInfo next free is a used one', `${FAT32}; poke 1004 02000000`],
  ['FAT32, FSInfo counts wrong', `${FAT32}; poke 1000 11000000`],
  ['FAT32, FSInfo next free beyond', `${FAT32}; poke 1004 00ffff00`],
  ['FAT32, FSInfo next free 0', `${FAT32}; poke 1004 00000000`],
  ['FAT32, FSInfo signature damaged', `${FAT32}; poke 512 00000000`],
  ['FAT32, FSInfo without trail signature', `${FAT32}; poke 1020 00000000`],
  ['FAT32, FSInfo copy is stale', `${FAT32}; poke 4072 11000000`],
  ['FAT32, no backup', `${FAT32}; poke 50 0000`],
  ['FAT32, backup differs in the boot code', `${FAT32}; poke 3200 00112233`],
  ['FAT32, backup differs in the label', `${FAT32}; poke 3143 ${Buffer.from('OTHER NAME ').toString('hex')}`],
  ['FAT32, backup differs in hidden sectors', `${FAT32}; poke 3100 3f000000`],
  ['FAT32, backup has another volume id', `${FAT32}; poke 3139 01020304`],
  ['FAT32, backup is zeros', `${FAT32}; dd if=/dev/zero of=$IMG bs=512 seek=6 count=1 conv=notrunc status=none`],
  ['FAT32, backup has another size', `${FAT32}; poke 3104 00100000`],
  [
    'FAT32 that says FAT12 in its text',
    `${FAT32}; poke 82 ${Buffer.from('FAT12   ').toString('hex')}; poke 3154 ${Buffer.from('FAT12   ').toString('hex')}`,
  ],
  ['FAT16 without a type text', `${FAT16}; poke 54 2020202020202020`],
  ['FAT16 that says FAT', `${FAT16}; poke 54 ${Buffer.from('FAT     ').toString('hex')}`],
  ['FAT16, media bytes differ', `${FAT16}; poke 21 f0`],
  ['FAT16, entry 0 says ff00', `${FAT16}; poke 512 00ff`],
  ['FAT16, TotSec16 and TotSec32 both', `${FAT16}; poke 32 00800000`],
  ['FAT16, hidden sectors of an odd partition', `${FAT16}; poke 28 3f000000`],
  ['FAT16, larger than its partition', `${FAT16}; truncate -s 15M $IMG`],
  ['FAT16, its data is cut off by a sector', `${FAT16}; truncate -s $((16*1048576-512)) $IMG`],
  ['FAT16, smaller than its partition', `${FAT16}; truncate -s 17M $IMG`],
  [
    'FAT32, root in another cluster',
    'truncate -s 64M $IMG; mkfs.fat -F 32 -s 1 $IMG >/dev/null; F=$(($(peek 36 4 le)*512)); poke 44 64000000; poke 3116 64000000; for f in 16384 $((16384+F)); do poke $((f+8)) 00000000; poke $((f+400)) ffffff0f; done; poke 1000 ffffffff',
  ],
  ['no signature at the end', `${FAT16}; poke 510 0000`],
  ['label in the boot sector only', `${FAT16}; poke 43 ${Buffer.from('BOOTLABEL  ').toString('hex')}`],
  [
    'label in the root only',
    `${FAT16}; mlabel -i $IMG ::rootlabel; poke 43 ${Buffer.from('NO NAME    ').toString('hex')}`,
  ],
  ['labels that differ', `${FAT16}; mlabel -i $IMG ::rootlabel; poke 43 ${Buffer.from('ANOTHER    ').toString('hex')}`],
  [
    'label in lower case, both',
    `${FAT16}; mlabel -s -i $IMG :: >/dev/null; L=$((R+32*300)); poke $L 00; mlabel -i $IMG ::low`,
  ],
  [
    'a label of code page 850',
    `${FAT16}; mlabel -i $IMG ::umlaut; L=$R; while [ $(peek $((L+11)) 1) != 8 ]; do L=$((L+32)); done; poke $L 8e999a; poke 43 8e999a`,
  ],
]

/** A root with these slots, on FAT16. */
const slots = (...hex: string[]): string =>
  `truncate -s 16M $IMG; mkfs.fat -a -F 16 -s 4 -R 1 -r 512 -f 2 $IMG >/dev/null; F=$(($(peek 22 2 le)*512)); R=$((512+2*F)); poke $R ${hex.join('')}`
const longSlot = (order: string, text: string, sum: string): string => {
  const units = Buffer.alloc(26, 0xff)
  Buffer.from(`${text}\0`, 'utf16le').copy(units, 0, 0, Math.min(26, text.length * 2 + 2))
  const hex = units.toString('hex')
  return `${order}${hex.slice(0, 20)}0f00${sum}${hex.slice(20, 44)}0000${hex.slice(44)}`
}
const sumOf = (name: string): string =>
  [...Buffer.from(name.padEnd(11), 'latin1')]
    .reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0)
    .toString(16)
    .padStart(2, '0')

const NAMES: readonly (readonly [name: string, script: string])[] = [
  ['names of code page 437', slots(empty('\x81BER    TXT'), empty('\x90\x80\xa5     '))],
  ['names of code page 850', slots(empty('\xb5\xd3\xde     TXT'), empty('GR\x99\xe1E  DAT'))],
  [
    'names of code page 932',
    slots(empty('\x93\xfa\x96{      '), empty('\x05\x40A     TXT'), empty('\x83\x65\x83X\x83g\x5c  ')),
  ],
  [
    'names of code page 932 with lower-case second bytes',
    slots(empty('\x83e\x83X    TXT'), empty('\x83|\x83b\x83g     ')),
  ],
  ['names of code page 866', slots(empty('\x84\x8e\x8a     TXT'))],
  ['names of code page 936', slots(empty('\xc4\xe3\xba\xc3    TXT'))],
  [
    'lower-case flags',
    slots(empty('README  TXT', '20', '18'), empty('LOWER   TXT', '20', '08'), empty('UPPER   TXT', '20', '10')),
  ],
  ['names in lower case without flags', slots(empty('lower   txt'))],
  ['names with a blank within', slots(empty('MY FILE TXT'))],
  ['names with characters that DOS does not take', slots(empty('A+B,C;D TXT'), empty('A=B[C]  TXT'))],
  ['a name with a dot in it', slots(empty('A.B     TXT'))],
  ['a name with a control character', slots(empty('A\x01B     TXT'))],
  ['a name that begins with a blank', slots(empty(' AB     TXT'))],
  ['a name of blanks', slots(empty('           '))],
  ['an extension without a name', slots(empty('        TXT'))],
  ['a name with a slash', slots(empty('A/B     TXT'))],
  ['two equal names', slots(empty('SAME    TXT'), empty('SAME    TXT'))],
  ['deleted entries among others', slots(empty('\xe5LD     TXT'), empty('NEW     TXT'), empty('\xe5LD2    TXT'))],
  ['long slots without their short entry', slots(longSlot('41', 'orphan.text', '55'), empty('OTHER   TXT'))],
  ['long slots with a wrong sum', slots(longSlot('41', 'a long.text', '00'), empty('ALONG~1 TEX'))],
  ['long slots at the end of the directory', slots(empty('OTHER   TXT'), longSlot('41', 'orphan.text', '55'))],
  [
    'deleted long slots before a living short entry',
    slots(`e5${longSlot('41', 'a long.text', sumOf('ALONG~1 TEX')).slice(2)}`, empty('ALONG~1 TEX')),
  ],
  ['a long name in its order', slots(longSlot('41', 'a long.text', sumOf('ALONG~1 TEX')), empty('ALONG~1 TEX'))],
  [
    'a long name with a missing part',
    slots(
      longSlot('43', 'part three', sumOf('PART~1  TEX')),
      longSlot('01', 'part one 123x', sumOf('PART~1  TEX')),
      empty('PART~1  TEX'),
    ),
  ],
  [
    'a long name with units beyond Unicode',
    slots(longSlot('41', 'a\ud800b', sumOf('A~1     TEX')), empty('A~1     TEX')),
  ],
  [
    'a long name of characters that no path may hold',
    slots(longSlot('41', 'a:b*c?', sumOf('ABC~1   TEX')), empty('ABC~1   TEX')),
  ],
  ['a long name that ends in a dot', slots(longSlot('41', 'name.', sumOf('NAME~1     ')), empty('NAME~1     '))],
  [
    'a long name with its type byte set',
    slots(longSlot('41', 'a long.text', sumOf('ALONG~1 TEX')).replace(/^(.{24})00/, '$101'), empty('ALONG~1 TEX')),
  ],
  [
    'two long names alike but for case',
    slots(
      longSlot('41', 'a Long.text', sumOf('ALONG~1 TEX')),
      empty('ALONG~1 TEX'),
      longSlot('41', 'A lonG.text', sumOf('ALONG~2 TEX')),
      empty('ALONG~2 TEX'),
    ),
  ],
  ['label in the middle', slots(empty('FILE    TXT'), empty('A LABEL    ', '08'), empty('FILE2   TXT'))],
  ['two labels', slots(empty('ONE        ', '08'), empty('TWO        ', '08'))],
  ['label with the archive bit', slots(empty('A LABEL    ', '28'))],
  ['label in lower case', slots(empty('a label    ', '08'))],
  ['label with a cluster', slots(entry('A LABEL    ', '08', '0500', '00000000'))],
  ['label with characters that no name has', slots(empty('A.B*C      ', '08'))],
  [
    'odd times: zero',
    slots(empty('ZERO    TXT').slice(0, 28) + '0000000000000000000000000000000000000000'.slice(0, 36)),
  ],
  [
    'odd times: month 15, day 0, 63 seconds',
    slots(`${empty('ODD     TXT').slice(0, 26)}c8ffffe0ffe0ff0000ffffe0ff000000000000`.slice(0, 64)),
  ],
  ['attributes: device bit', slots(empty('DEVICE  TXT', '40'))],
  ['attributes: all but long', slots(empty('ALL     TXT', '27'))],
  ['attributes: reserved bit 7', slots(empty('RES     TXT', '80'))],
  ['an empty file with a cluster', slots(entry('EMPTY   TXT', '20', '0500', '00000000'))],
  ['a file without a cluster', slots(entry('NONE    TXT', '20', '0000', '10000000'))],
  ['a file whose cluster is free', slots(entry('FREE    TXT', '20', '0500', '10000000'))],
  ['a file beyond the volume', slots(entry('BEYOND  TXT', '20', 'f0ff', '10000000'))],
  ['entries behind the end mark', slots(empty('FIRST   TXT'), '00'.repeat(32), empty('BEHIND  TXT'))],
  ['garbage behind the end mark', slots(empty('FIRST   TXT'), '00'.repeat(32), 'f6'.repeat(64))],
  ['EAs of OS/2', `${slots(empty('EA DATA  SF', '07'))}; poke $((R+20)) 1234`],
  ['DIR_FstClusHI on FAT16', `${slots(empty('HIGH    TXT'))}; poke $((R+20)) 0100`],
  [
    'camera: DCIM and its files',
    'truncate -s 512M $IMG; mkfs.fat -F 16 -s 64 -h 249 -g 255/63 -n CANON_DC $IMG >/dev/null; mmd -i $IMG ::DCIM ::DCIM/100CANON ::MISC ::.Trashes; for i in 1 2 3 4 5 6 7 8 9; do head -c 70000 /dev/urandom > $WORK/IMG_000$i.JPG; done; mcopy -i $IMG $WORK/IMG_* ::DCIM/100CANON; mdel -i $IMG ::DCIM/100CANON/IMG_0003.JPG; truncate -s 10 $WORK/Canon.ctg; mcopy -i $IMG $WORK/Canon.ctg ::MISC/M0100.CTG',
  ],
  [
    'macOS: dot files and resource forks',
    'truncate -s 64M $IMG; mkfs.fat -F 32 -n MAC $IMG >/dev/null; mmd -i $IMG ::.Trashes ::.Spotlight-V100 ::.fseventsd; echo x > $WORK/._name; echo y > $WORK/.DS_Store; mcopy -i $IMG $WORK/._name $WORK/.DS_Store ::; mmd -i $IMG ::.Trash-1000 "::System Volume Information"',
  ],
  [
    'bad clusters',
    'truncate -s 16M $IMG; printf "3000\\n3001\\n" > $WORK/bad; mkfs.fat -F 16 -l $WORK/bad $IMG >/dev/null',
  ],
  ['lost clusters', `${FAT16}; poke $((512+2*5000)) ffff; poke $((512+F+2*5000)) ffff`],
  ['FATs that differ', `${FAT16}; poke $((512+F+2*5000)) ffff`],
  ['FATs that differ behind their last entry', `${FAT16}; poke $((512+2*F-2)) ffff`],
  [
    'a chain that meets another',
    `${slots(entry('ONE     TXT', '20', '0500', '00100000'), entry('TWO     TXT', '20', '0600', '00080000'))}; for f in 512 $((512+F)); do poke $((f+10)) 0600ffff; done`,
  ],
  [
    'a chain in a circle',
    `${slots(entry('ONE     TXT', '20', '0500', '00100000'))}; for f in 512 $((512+F)); do poke $((f+10)) 06000500; done`,
  ],
  [
    'a chain longer than its file',
    `${slots(entry('ONE     TXT', '20', '0500', '01000000'))}; for f in 512 $((512+F)); do poke $((f+10)) 0600ffff; done`,
  ],
  [
    'a chain shorter than its file',
    `${slots(entry('ONE     TXT', '20', '0500', '00200000'))}; for f in 512 $((512+F)); do poke $((f+10)) 0600ffff; done`,
  ],
  [
    'a chain into a bad cluster',
    `${slots(entry('ONE     TXT', '20', '0500', '00200000'))}; for f in 512 $((512+F)); do poke $((f+10)) f7ff; done`,
  ],
  [
    'a folder of size 5',
    `${slots(entry('DIR        ', '10', '0500', '05000000'))}; for f in 512 $((512+F)); do poke $((f+10)) ffff; done; poke $((R+16384+3*2048)) ${entry('.          ', '10', '0500', '00000000')}${entry('..         ', '10', '0000', '00000000')}`,
  ],
  [
    'a folder without dots',
    `${slots(entry('DIR        ', '10', '0500', '00000000'))}; for f in 512 $((512+F)); do poke $((f+10)) ffff; done`,
  ],
  [
    'a folder whose parent is wrong',
    `${slots(entry('DIR        ', '10', '0500', '00000000'))}; for f in 512 $((512+F)); do poke $((f+10)) ffff; done; poke $((R+16384+3*2048)) ${entry('.          ', '10', '0500', '00000000')}${entry('..         ', '10', '0700', '00000000')}`,
  ],
  [
    'a folder whose dot is wrong',
    `${slots(entry('DIR        ', '10', '0500', '00000000'))}; for f in 512 $((512+F)); do poke $((f+10)) ffff; done; poke $((R+16384+3*2048)) ${entry('.          ', '10', '0700', '00000000')}${entry('..         ', '10', '0000', '00000000')}`,
  ],
  ['a folder with cluster 0', slots(entry('DIR        ', '10', '0000', '00000000'))],
  [
    'a folder without cluster but one of FAT32 root',
    `truncate -s 64M $IMG; mkfs.fat -F 32 -s 1 $IMG >/dev/null; mmd -i $IMG ::d; F=$(($(peek 36 4 le)*512)); D=$((16384+2*F)); poke $((D+512+32+26)) 0200`,
  ],
]

const members = [...SYSTEMS, ...NAMES].map(([name, script]): ForeignMember => ({ name, script }))

export const FAT_MEMBERS: readonly ForeignMember[] = [...made, ...mformatted, ...edges, ...members]
