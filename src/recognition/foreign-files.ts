/**
 * Files that are no image of a disk and no volume, by their bytes: what people flash by mistake.
 * Written to a card as they are, they would leave it unreadable. [FILE magic] for the magics; where
 * another source is used, it is named.
 */
import type { ImageView } from '../image/image-view.js'
import { recognise } from './recognise.js'
import { type ForeignFile, TEXT_HEAD_BYTES, textKind } from './text-kinds.js'

interface ForeignFormat extends ForeignFile {
  /** All of them must be there, in hex. */
  readonly magics: readonly (readonly [offset: number, hex: string])[]
}

const UNPACK = 'Unpack it first.'
const TO_RAW = (format: string): string => `"qemu-img convert -f ${format} -O raw" makes a raw image of it.`

/** At the start of a VHD that grows, and in the last sector of every VHD. [VHD 1.0] */
const VHD_COOKIE = '636f6e6563746978'

const FORMATS: readonly ForeignFormat[] = [
  { what: 'a 7z archive', hint: UNPACK, magics: [[0, '377abcaf271c']] },
  { what: 'a RAR archive', hint: UNPACK, magics: [[0, '526172211a07']] },
  { what: 'an lz4 file', hint: UNPACK, magics: [[0, '04224d18']] },
  { what: 'an lz4 file', hint: UNPACK, magics: [[0, '02214c18']] },
  { what: 'an lzop file', hint: UNPACK, magics: [[0, '894c5a4f']] },
  { what: 'a file of compress (.Z)', hint: UNPACK, magics: [[0, '1f9d']] },
  { what: 'an lrzip file', hint: UNPACK, magics: [[0, '4c525a49']] },
  { what: 'a cabinet file', hint: UNPACK, magics: [[0, '4d534346']] },
  { what: 'a part of a split zip', hint: 'Join its parts and unpack it first.', magics: [[0, '504b0708']] },
  { what: 'a cpio archive', hint: UNPACK, magics: [[0, '303730373031']] },
  { what: 'a cpio archive', hint: UNPACK, magics: [[0, '303730373032']] },
  { what: 'a cpio archive', hint: UNPACK, magics: [[0, '303730373037']] },
  { what: 'a cpio archive', hint: UNPACK, magics: [[0, 'c771']] },
  { what: 'an ar archive or a Debian package', hint: UNPACK, magics: [[0, '213c617263683e0a']] },
  { what: 'an RPM package', hint: UNPACK, magics: [[0, 'edabeedb']] },
  { what: 'a WIM image of Windows', magics: [[0, '4d5357494d000000']] },

  { what: 'a VMDK disk', hint: TO_RAW('vmdk'), magics: [[0, '4b444d56']] },
  { what: 'a VMDK disk', hint: TO_RAW('vmdk'), magics: [[0, '434f5744']] },
  { what: 'a VHDX disk', hint: TO_RAW('vhdx'), magics: [[0, '7668647866696c65']] },
  { what: 'a VDI disk', hint: TO_RAW('vdi'), magics: [[64, '7f10dabe']] },
  { what: 'a VHD disk', hint: TO_RAW('vpc'), magics: [[0, VHD_COOKIE]] },
  { what: 'a QED disk', hint: TO_RAW('qed'), magics: [[0, '51454400']] },
  { what: 'a Parallels disk', hint: TO_RAW('parallels'), magics: [[0, '576974686f757446']] },

  { what: 'a PDF document', magics: [[0, '25504446']] },
  { what: 'a PNG picture', magics: [[0, '89504e470d0a1a0a']] },
  { what: 'a JPEG picture', magics: [[0, 'ffd8ff']] },
  { what: 'a GIF picture', magics: [[0, '47494638']] },
  { what: 'an SQLite database', magics: [[0, '53514c69746520666f726d6174203300']] },
  { what: 'a torrent file', hint: 'Name the image.', magics: [[0, '64383a616e6e6f756e6365']] },
  {
    what: 'an AppleDouble file, in which macOS keeps attributes',
    hint: 'Name the file without "._" before its name.',
    magics: [[0, '00051607']],
  },
  { what: 'an AppleSingle file', hint: UNPACK, magics: [[0, '00051600']] },

  { what: 'an ELF program', isPart: true, magics: [[0, '7f454c46']] },
  { what: 'a Mach-O program', magics: [[0, 'cffaedfe']] },
  { what: 'a Mach-O program', magics: [[0, 'cefaedfe']] },
  { what: 'a Java class or a Mach-O program', magics: [[0, 'cafebabe']] },
  {
    what: 'a UF2 file',
    hint: 'Copy it to the drive that the board shows.',
    magics: [
      [0, '5546320a'],
      [4, '57515d9e'],
    ],
  },
  { what: 'a DfuSe file', hint: '"dfu-util" writes it.', magics: [[0, '4466755365']] },
  { what: 'an Android update (payload.bin)', magics: [[0, '43724155']] },
  {
    what: 'a Rockchip update image (RKFW)',
    hint: '"rkdeveloptool" and "upgrade_tool" write it.',
    magics: [[0, '524b4657']],
  },
  {
    what: 'a Rockchip update image (RKAF)',
    hint: '"rkdeveloptool" and "upgrade_tool" write it.',
    magics: [[0, '524b4146']],
  },
  {
    what: 'an Allwinner update image (IMAGEWTY)',
    hint: '"PhoenixSuit" and "PhoenixCard" write it.',
    magics: [[0, '494d414745575459']],
  },
]

/** Of recognise.ts: parts of a disk, which are none by themselves. */
const PARTS: Readonly<Record<string, string>> = {
  'android-boot': 'an Android boot image',
  'android-vendor-boot': 'an Android vendor boot image',
  'android-vbmeta': 'Android verified boot metadata',
  'android-dtbo': 'a table of Android device-tree overlays',
  'arm64-kernel': 'a Linux kernel for ARM64',
  'riscv-kernel': 'a Linux kernel for RISC-V',
  'arm-kernel': 'a Linux kernel for ARM (zImage)',
  'x86-kernel': 'a Linux kernel for x86 (bzImage)',
  'device-tree': 'a flattened device tree',
  DM_verity_hash: 'a dm-verity hash tree without its data',
}

const PART_HINT = 'It belongs into a partition: name the image of the whole disk.'
const PAGE_BYTES = 4096

/**
 * What the bytes are, where they are certainly neither a disk nor a volume; undefined for anything
 * else, known or not. Reads the first few KiB and the last 512 bytes.
 */
export function foreignFile(view: ImageView): ForeignFile | undefined {
  const found = FORMATS.find(({ magics }) => magics.every(([offset, hex]) => hasBytes(view, offset, hex)))
  if (found !== undefined) {
    const { magics: _, ...file } = found
    return file
  }
  const text = textKind(view.read(0, Math.min(view.sizeBytes, TEXT_HEAD_BYTES), 'first bytes'), view.sizeBytes)
  if (text !== undefined) return text
  const part = PARTS[recognise(view)?.format ?? '']
  if (part !== undefined) return { what: part, hint: PART_HINT, isPart: true }
  return programOf(view) ?? trailerOf(view) ?? signatureOf(view)
}

function hasBytes(view: ImageView, offset: number, hex: string): boolean {
  const length = hex.length / 2
  if (offset < 0 || offset + length > view.sizeBytes) return false
  return Buffer.from(view.read(offset, length, 'magic')).toString('hex') === hex
}

const DOS_MAGIC = '4d5a'
/** e_lfanew, the place of the PE header. [PE/COFF] */
const PE_POINTER_AT = 60

/** A hybrid disk may begin with MZ as well, so the PE header must be where it points. */
function programOf(view: ImageView): ForeignFile | undefined {
  if (!hasBytes(view, 0, DOS_MAGIC) || view.sizeBytes < PE_POINTER_AT + 4) return undefined
  const at = Buffer.from(view.read(PE_POINTER_AT, 4, 'e_lfanew')).readUInt32LE()
  return at < PAGE_BYTES && hasBytes(view, at, '50450000') ? { what: 'a program for Windows or UEFI (PE)' } : undefined
}

const TRAILER_BYTES = 512
const DMG_MAGIC = '6b6f6c79'
/** The suffix's last sixteen bytes have "UFD" and their own length. [DFU 1.1 appendix B] */
const DFU_SUFFIX = '55464410'

/** Signs at the end of a file, which a disk may have behind its own bytes. */
export function trailerOf(view: ImageView): ForeignFile | undefined {
  if (hasBytes(view, view.sizeBytes - TRAILER_BYTES, DMG_MAGIC)) {
    return { what: 'a DMG disk of macOS', hint: '"hdiutil convert -format UDTO" or "dmg2img" makes a raw image of it.' }
  }
  if (hasBytes(view, view.sizeBytes - TRAILER_BYTES, VHD_COOKIE)) {
    return { what: 'a VHD disk of fixed size', hint: TO_RAW('vpc') }
  }
  if (hasBytes(view, view.sizeBytes - 8, DFU_SUFFIX)) return { what: 'a DFU file', hint: '"dfu-util" writes it.' }
  return undefined
}

const ED25519_SIGNATURE_BYTES = 64
const LARGEST_SIGNATURE_BYTES = 2048

/**
 * OpenPGP signature packets with a length of one or two bytes, and what signs our manifests. [RFC
 * 4880 §4.2.1]
 */
function signatureOf(view: ImageView): ForeignFile | undefined {
  const { sizeBytes } = view
  if (sizeBytes === ED25519_SIGNATURE_BYTES)
    return { what: 'a signature of 64 bytes', hint: 'Name the file that it signs.' }
  if (sizeBytes < 16 || sizeBytes > LARGEST_SIGNATURE_BYTES) return undefined
  const head = Buffer.from(view.read(0, 3, 'first bytes'))
  const isPacket =
    (head[0] === 0x88 && head[1]! + 2 === sizeBytes) || (head[0] === 0x89 && head.readUInt16BE(1) + 3 === sizeBytes)
  return isPacket ? { what: 'a PGP signature', hint: 'Name the file that it signs.' } : undefined
}
