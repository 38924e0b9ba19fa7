/**
 * Partition tables that other tools make, and layouts that are documented and patched together: each row is a name and a shell
 * script that leaves the disk at $IMG. `poke AT HEX` writes bytes, `gptsums` makes the checksums of both GPTs right again.
 */
import type { ForeignMember } from './member.js'

const disk = (size: string): string => `truncate -s ${size} $IMG`
const SGDISK = `${disk('64M')}; sgdisk -n 1:2048:+8M -c 1:first -t 1:ef00 -n 2:0:+16M -n 3:0:0 -t 3:8300 $IMG >/dev/null`
const sfdisk = (script: string, size = '64M', options = ''): string =>
  `${disk(size)}; printf '${script}' | sfdisk -q ${options} $IMG`
const parted = (commands: string, size = '64M'): string => `${disk(size)}; parted -s -a none $IMG ${commands}`
const fdisk = (keys: string, size = '64M'): string => `${disk(size)}; printf '${keys}' | fdisk $IMG >/dev/null 2>&1`

/** One record of an MBR: status, type, first sector, sectors. */
const record = (status: number, type: number, first: number, count: number): string => {
  const bytes = Buffer.alloc(16)
  bytes[0] = status
  bytes[4] = type
  bytes.writeUInt32LE(first, 8)
  bytes.writeUInt32LE(count, 12)
  return bytes.toString('hex')
}
const mbr = (records: readonly string[], size = '64M'): string =>
  `${disk(size)}; poke 440 78563412; poke 446 ${records.join('')}; poke 510 55aa`

const ROWS: readonly (readonly [name: string, script: string])[] = [
  ['sgdisk', SGDISK],
  ['sgdisk, one partition of the whole disk', `${disk('16M')}; sgdisk -N 1 $IMG >/dev/null`],
  ['sgdisk, hybrid of one', `${SGDISK}; sgdisk -h 1 $IMG >/dev/null`],
  ['sgdisk, hybrid of three', `${SGDISK}; sgdisk -h 1:2:3 $IMG >/dev/null`],
  ['sgdisk, hybrid with EE last', `${SGDISK}; sgdisk -h 1:2:EE $IMG >/dev/null`],
  [
    'sgdisk, hybrid of two, EE in the middle',
    `${SGDISK}; sgdisk -h 1:EE:2 $IMG >/dev/null || sgdisk -h 1:2 $IMG >/dev/null`,
  ],
  ['sgdisk, 4 entries', `${disk('16M')}; sgdisk -S 4 -n 1:2048:+1M $IMG >/dev/null`],
  ['sgdisk, 16 entries', `${disk('16M')}; sgdisk -S 16 -n 1:2048:+1M $IMG >/dev/null`],
  ['sgdisk, 56 entries', `${disk('16M')}; sgdisk -S 56 -n 1:2048:+1M $IMG >/dev/null`],
  ['sgdisk, 256 entries', `${disk('16M')}; sgdisk -S 256 -n 1:2048:+1M $IMG >/dev/null`],
  ['sgdisk, 1024 entries', `${disk('16M')}; sgdisk -S 1024 -n 200:4096:+1M $IMG >/dev/null`],
  ['sgdisk, entries moved by -j', `${disk('16M')}; sgdisk -j 64 -n 1:2048:+1M $IMG >/dev/null`],
  ['sgdisk, entries at 2048 as on Allwinner', `${disk('16M')}; sgdisk -a 1 -j 1024 -n 1:4096:+1M $IMG >/dev/null`],
  ['sgdisk, numbers with gaps', `${disk('16M')}; sgdisk -n 7:2048:+1M -n 3:6144:+1M -n 128:10240:+1M $IMG >/dev/null`],
  ['sgdisk, sorted against the disk', `${disk('16M')}; sgdisk -n 1:10240:+1M -n 2:2048:+1M $IMG >/dev/null`],
  ['sgdisk, unaligned', `${disk('16M')}; sgdisk -a 1 -n 1:35:+1M -n 2:5001:5003 $IMG >/dev/null`],
  ['sgdisk, attributes', `${SGDISK}; sgdisk -A 1:set:0 -A 1:set:2 -A 2:set:60 -A 3:set:63 -A 3:set:48 $IMG >/dev/null`],
  ['sgdisk, reserved attribute bits', `${SGDISK}; sgdisk -A 1:set:5 -A 2:set:47 $IMG >/dev/null`],
  ['sgdisk, names beyond ASCII', `${SGDISK}; sgdisk -c 1:größe -c 2:日本 $IMG >/dev/null`],
  ['sgdisk, MBR converted', `${sfdisk('label: dos\\nsize=8M\\nsize=8M\\n')}; sgdisk -g $IMG >/dev/null`],
  ['sgdisk, converted to MBR', `${SGDISK}; sgdisk -m 1:2:3 $IMG >/dev/null`],
  ['sgdisk, no partitions', `${disk('16M')}; sgdisk -o $IMG >/dev/null`],
  ['sgdisk, grown file', `${SGDISK}; truncate -s 80M $IMG`],
  ['sgdisk, grown file, backup moved', `${SGDISK}; truncate -s 80M $IMG; sgdisk -e $IMG >/dev/null`],
  ['sgdisk, cut file', `${SGDISK}; truncate -s 60M $IMG`],
  ['sgdisk, cut by one sector', `${SGDISK}; truncate -s $((64*1048576-512)) $IMG`],
  ['sgdisk, backup lost', `${SGDISK}; dd if=/dev/zero of=$IMG bs=512 seek=131039 count=33 conv=notrunc status=none`],
  ['sgdisk, backup header lost', `${SGDISK}; poke $((64*1048576-512)) 0000000000000000`],
  ['sgdisk, primary lost', `${SGDISK}; dd if=/dev/zero of=$IMG bs=512 seek=1 count=33 conv=notrunc status=none`],
  ['sgdisk, protective MBR lost', `${SGDISK}; dd if=/dev/zero of=$IMG bs=512 count=1 conv=notrunc status=none`],
  ['sgdisk, protective record too small', `${SGDISK}; poke 458 00100000`],
  ['sgdisk, protective record ffffffff', `${SGDISK}; poke 458 ffffffff`],
  ['sgdisk, protective record active', `${SGDISK}; poke 446 80`],
  ['sgdisk, protective record starts at 0', `${SGDISK}; poke 454 00000000`],
  [
    'sgdisk, protective record in slot 2',
    `${SGDISK}; dd if=$IMG of=$WORK/r bs=1 skip=446 count=16 status=none; poke 446 00000000000000000000000000000000; dd if=$WORK/r of=$IMG bs=1 seek=462 conv=notrunc status=none`,
  ],
  ['sgdisk, two protective records', `${SGDISK}; poke 462 ${record(0, 0xee, 60_000, 100)}`],
  ['sgdisk, boot code in sector 0', `${SGDISK}; poke 0 eb639010`],
  ['sgdisk, disk signature', `${SGDISK}; poke 440 12345678`],
  ['sgdisk, header of 512 bytes', `${SGDISK}; poke 524 00020000; poke $((64*1048576-500)) 00020000; gptsums`],
  ['sgdisk, reserved word set', `${SGDISK}; poke 532 01000000; gptsums`],
  [
    'sgdisk, entries overlap',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+128+32)) 0010000000000000; done; gptsums`,
  ],
  [
    'sgdisk, an entry ends before it starts',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+128+40)) 0010000000000000; done; gptsums`,
  ],
  [
    'sgdisk, an entry in the table',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+32)) 0100000000000000; done; gptsums`,
  ],
  [
    'sgdisk, an entry into the backup',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+256+40)) ffff010000000000; done; gptsums`,
  ],
  [
    'sgdisk, an entry beyond the disk',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+256+40)) ffffff0000000000; done; gptsums`,
  ],
  [
    'sgdisk, equal GUIDs',
    `${SGDISK}; G=$(sgdisk -i 1 $IMG | awk '/unique/{print $4}'); sgdisk -u 2:$G $IMG >/dev/null`,
  ],
  [
    'sgdisk, entry GUID of zeros',
    `${SGDISK}; for a in 1024 $((64*1048576-33*512)); do poke $((a+16)) 00000000000000000000000000000000; done; gptsums`,
  ],
  [
    'sgdisk, disk GUID of zeros',
    `${SGDISK}; for a in 512 $((64*1048576-512)); do poke $((a+56)) 00000000000000000000000000000000; done; gptsums`,
  ],
  ['sgdisk, type GUID nobody knows', `${SGDISK}; sgdisk -t 1:12345678-9abc-def0-1234-56789abcdef0 $IMG >/dev/null`],
  ['sgdisk, primary and backup differ', `${SGDISK}; poke $((1024+56)) 41004200; gptsums`],
  ['sgdisk, primary checksum wrong', `${SGDISK}; poke 528 00000000`],
  ['sgdisk, backup checksum wrong', `${SGDISK}; poke $((64*1048576-512+16)) 00000000`],
  ['sgdisk, entries checksum wrong', `${SGDISK}; poke 1100 41`],
  ['sgdisk, revision 2', `${SGDISK}; for a in 512 $((64*1048576-512)); do poke $((a+8)) 00000200; done; gptsums`],
  [
    'sgdisk, first usable is small',
    `${SGDISK}; for a in 512 $((64*1048576-512)); do poke $((a+40)) 0200000000000000; done; gptsums`,
  ],
  [
    'sgdisk, last usable is large',
    `${SGDISK}; for a in 512 $((64*1048576-512)); do poke $((a+48)) ffff010000000000; done; gptsums`,
  ],
  [
    'sgdisk, two GPTs: an old one of a larger disk behind',
    `${SGDISK}; truncate -s 96M $IMG; sgdisk -e $IMG >/dev/null; truncate -s 128M $IMG; sgdisk -e $IMG >/dev/null`,
  ],
  ['sfdisk, GPT', sfdisk('label: gpt\\nsize=8M, name=a\\nsize=8M, type=uefi\\n')],
  ['sfdisk, GPT with a small table', sfdisk('label: gpt\\ntable-length: 8\\nsize=8M\\n')],
  ['sfdisk, GPT with first-lba', sfdisk('label: gpt\\nfirst-lba: 64\\nstart=64, size=8M\\n')],
  [
    'sfdisk, GPT attributes',
    sfdisk('label: gpt\\nsize=8M, attrs="RequiredPartition NoBlockIOProtocol LegacyBIOSBootable GUID:48 GUID:63"\\n'),
  ],
  ['sfdisk, moved back to the end', `${SGDISK}; truncate -s 80M $IMG; sfdisk -q --relocate gpt-bak-std $IMG`],
  ['sfdisk, MBR', sfdisk('label: dos\\nsize=8M, type=c, bootable\\nsize=8M\\n')],
  ['sfdisk, MBR with logical ones', sfdisk('label: dos\\nsize=8M\\nsize=40M, type=5\\nsize=4M\\nsize=4M\\nsize=4M\\n')],
  ['sfdisk, MBR, type 0f and 85', sfdisk('label: dos\\nsize=8M\\nsize=20M, type=f\\nsize=4M\\n')],
  ['sfdisk, MBR, out of order', sfdisk('label: dos\\nstart=40960, size=8M\\nstart=2048, size=8M\\n')],
  ['sfdisk, MBR, slots with gaps', sfdisk('label: dos\\n4: start=2048, size=8M\\n2: start=40960, size=4M\\n')],
  ['sfdisk, MBR, empty', sfdisk('label: dos\\n')],
  ['sfdisk, MBR at sector 1', sfdisk('label: dos\\nunit: sectors\\nstart=1, size=100\\n')],
  ['sfdisk, MBR to the last sector', sfdisk('label: dos\\nstart=2048\\n')],
  ['sfdisk, two active', `${sfdisk('label: dos\\nsize=8M, bootable\\nsize=8M\\n')}; poke 462 80`],
  ['sfdisk, beyond the disk', `${sfdisk('label: dos\\nstart=2048\\n')}; truncate -s 32M $IMG`],
  ['sfdisk, SGI', sfdisk('label: sgi\\n')],
  ['sfdisk, Sun', sfdisk('label: sun\\n')],
  ['parted, GPT', parted('mklabel gpt mkpart a fat32 1MiB 9MiB set 1 esp on mkpart b 9MiB 100%')],
  [
    'parted, GPT grown and fixed',
    `${parted('mklabel gpt mkpart a fat32 1MiB 9MiB')}; truncate -s 80M $IMG; parted -s -f $IMG print >/dev/null 2>&1 || true`,
  ],
  ['parted, pmbr_boot', `${parted('mklabel gpt mkpart a fat32 1MiB 9MiB disk_set pmbr_boot on')}`],
  [
    'parted, MBR',
    parted(
      'mklabel msdos mkpart primary fat32 1MiB 9MiB mkpart extended 9MiB 60MiB mkpart logical 10MiB 20MiB mkpart logical 21MiB 30MiB rm 5',
    ),
  ],
  ['parted, loop', parted('mklabel loop')],
  ['parted, Mac', parted('mklabel mac mkpart a 1MiB 9MiB')],
  ['parted, BSD', parted('mklabel bsd mkpart ext2 1MiB 9MiB')],
  ['parted, Amiga', parted('mklabel amiga')],
  ['fdisk, MBR', fdisk('o\\nn\\np\\n1\\n2048\\n+8M\\nt\\nc\\na\\nn\\np\\n2\\n\\n+8M\\nw\\n')],
  ['fdisk, GPT', fdisk('g\\nn\\n1\\n2048\\n+8M\\nw\\n')],
  ['fdisk, DOS-compatible', fdisk('c\\nu\\no\\nn\\np\\n1\\n\\n\\nw\\n')],
  [
    'fdisk, GPT with a hybrid by the expert menu',
    `${SGDISK}; printf 'M\\nn\\np\\n2\\n2048\\n18431\\nr\\nw\\n' | fdisk $IMG >/dev/null 2>&1 || true`,
  ],
  ['MBR, type 0 with a size', mbr([record(0, 0, 2048, 2048), record(0, 0x83, 8192, 2048)])],
  ['MBR, a type without a size', mbr([record(0, 0x83, 2048, 2048), record(0, 0x83, 0, 0)])],
  ['MBR, size zero at a place', mbr([record(0, 0x83, 2048, 2048), record(0, 0x83, 8192, 0)])],
  ['MBR, odd boot indicator', mbr([record(0x12, 0x83, 2048, 2048)])],
  ['MBR, boot indicator of old LILO (81)', mbr([record(0x81, 0x83, 2048, 2048), record(0, 0x83, 8192, 2048)])],
  ['MBR, start 0', mbr([record(0, 0x83, 0, 2048), record(0, 0x83, 8192, 2048)])],
  ['MBR, whole disk from 0 (isohybrid)', mbr([record(0x80, 0x17, 0, 64 * 2048)])],
  ['MBR, isohybrid with a nested EFI partition', mbr([record(0x80, 0x17, 0, 64 * 2048), record(0, 0xef, 4096, 4096)])],
  ['MBR, two extended', mbr([record(0, 5, 2048, 20_000), record(0, 0xf, 40_000, 20_000)])],
  ['MBR, extended with zeros in it', mbr([record(0, 5, 2048, 20_000)])],
  [
    'MBR, chain in a circle',
    `${mbr([record(0, 5, 2048, 60_000)])}; poke $((2048*512+446)) ${record(0, 0x83, 64, 100)}${record(0, 5, 0, 1000)}; poke $((2048*512+510)) 55aa`,
  ],
  [
    'MBR, chain that leaves the extended one',
    `${mbr([record(0, 5, 2048, 20_000)])}; poke $((2048*512+446)) ${record(0, 0x83, 64, 100)}${record(0, 5, 30_000, 1000)}; poke $((2048*512+510)) 55aa`,
  ],
  [
    'MBR, logical larger than the extended one',
    `${mbr([record(0, 5, 2048, 20_000)])}; poke $((2048*512+446)) ${record(0, 0x83, 64, 40_000)}; poke $((2048*512+510)) 55aa`,
  ],
  ['MBR, overlapping the extended one', mbr([record(0, 0x83, 2048, 20_000), record(0, 5, 10_000, 30_000)])],
  ['MBR, 0xEE alone', mbr([record(0, 0xee, 1, 131_071)])],
  ['MBR, not signed', `${mbr([record(0, 0x83, 2048, 2048)])}; poke 510 0000`],
  ['MBR of a Raspberry Pi card', mbr([record(0, 0xc, 8192, 32_768), record(0, 0x83, 40_960, 90_112)])],
  ['MBR of an SD card, odd sectors', mbr([record(0, 6, 129, 131_072 - 129)])],
  [
    'MBR of an SD card, odd sectors, FAT32 at 8192',
    `${mbr([record(0, 0xb, 8192, 131_072 - 8192)])}; mkfs.fat -F 16 --offset 8192 $IMG $(((131072-8192)/2)) >/dev/null 2>&1`,
  ],
  [
    'Windows 10: MSR, EFI, data',
    `${disk('200M')}; sgdisk -n 1:2048:+16M -t 1:0c01 -n 2:0:+64M -t 2:ef00 -n 3:0:0 -t 3:0700 -c 3:"Basic data partition" $IMG >/dev/null; poke 458 ffffffff`,
  ],
  [
    'ChromeOS: entries of 12 with odd order',
    `${disk('64M')}; sgdisk -a 1 -n 11:64:+1 -t 11:7f00 -n 12:20480:+4M -t 12:ef00 -n 1:40960:0 -n 6:65:+0 -t 6:7f00 -A 6:set:56 $IMG >/dev/null`,
  ],
  [
    'Android: many entries',
    `${disk('64M')}; A=; for i in $(seq 48); do A="$A -n $i:0:+256K -c $i:part$i"; done; sgdisk -a 8 $A $IMG >/dev/null`,
  ],
  ['GPT over an MBR whose record is Linux', `${SGDISK}; poke 450 83`],
  ['GPT with an MBR of zeros but signed', `${SGDISK}; poke 446 00000000000000000000000000000000`],
  ['hybrid whose record is beyond the disk', `${SGDISK}; sgdisk -h 1 $IMG >/dev/null; poke 474 ffffff00`],
  ['hybrid whose record has no partition in the GPT', `${SGDISK}; sgdisk -h 1 $IMG >/dev/null; poke 470 00300000`],
  [
    'GPT whose sector 0 is a FAT boot sector',
    `${disk('64M')}; sgdisk -n 1:2048:+8M $IMG >/dev/null; poke 0 eb3c904d53444f53352e30000208`,
  ],
  ['NTFS boot sector without table', `${disk('16M')}; poke 0 eb52904e544653202020200002080000; poke 510 55aa`],
  [
    'isohybrid by bytes: GPT with three entries from 0, MBR from 0',
    `${disk('64M')}; sgdisk -a 1 -n 1:64:120000 -t 1:0700 -c 1:ISOHybrid $IMG >/dev/null; for a in 1024 $((64*1048576-33*512)); do poke $((a+32)) 0000000000000000; done; gptsums; poke 446 ${record(0x80, 0, 0, 120_000)}`,
  ],
]

/** xorriso's layouts. */
const ISO =
  'mkdir $WORK/s; cp -r $SRC/. $WORK/s/; truncate -s 2M $WORK/efi; mkfs.fat $WORK/efi >/dev/null; printf "\\353\\376" > $WORK/boot; truncate -s 2048 $WORK/boot; cp $WORK/boot $WORK/s/boot.img; cp $WORK/efi $WORK/s/efi.img; truncate -s 32768 $WORK/mbr'
const XORRISO: readonly (readonly [name: string, options: string])[] = [
  ['protective label', '--protective-msdos-label'],
  ['EFI partition appended, MBR', '-append_partition 2 0xef $WORK/efi'],
  ['EFI partition appended, GPT', '-append_partition 2 0xef $WORK/efi -appended_part_as_gpt'],
  ['partition offset 16', '-partition_offset 16 --protective-msdos-label'],
  [
    'isohybrid GPT basdat',
    '-c boot.cat -b boot.img -no-emul-boot -boot-load-size 4 -boot-info-table -isohybrid-mbr $WORK/mbr -eltorito-alt-boot -e efi.img -no-emul-boot -isohybrid-gpt-basdat',
  ],
  [
    'isohybrid MBR',
    '-c boot.cat -b boot.img -no-emul-boot -boot-load-size 4 -boot-info-table -isohybrid-mbr $WORK/mbr',
  ],
]
const isos: ForeignMember[] = XORRISO.map(([name, options]) => ({
  name: `xorriso: ${name}`,
  script: `${ISO}; xorriso -as mkisofs -quiet -r ${options} -o $IMG $WORK/s 2>$WORK/log || { cat $WORK/log; false; }`,
}))

export const TABLE_MEMBERS: readonly ForeignMember[] = [
  ...ROWS.map(([name, script]): ForeignMember => ({ name, script })),
  ...isos,
]
