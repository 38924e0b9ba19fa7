/**
 * A raw file that is a container: copied into a partition as it is, a board finds an archive there and not its files, a
 * disk image of a virtual machine and not the disk. Some boot loaders do read compressed kernels and cpios from a raw
 * partition, so it is a warning, which a config can accept.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import { codecAt } from '../archives/packed/codec.js'
import { beginsTar } from '../archives/tar/tar-reader.js'
import type { ConfigPath, Warning } from '../errors.js'
import type { SourceFile } from '../image/extent.js'

/** Enough for the end of an empty tar, and for the first block of a packed one. */
const HEAD_BYTES = 16 * 1024
/** Deflate makes at most 1032 bytes of one. */
const MAX_INFLATED_BYTES = 1032 * HEAD_BYTES

const TO_RAW = 'Make a raw image of it first:'
/** Containers that are no stream of a codec: their first bytes, and what makes a raw image or its files of them. */
const CONTAINERS: readonly (readonly [what: string, magic: string, hint: (name: string) => string])[] = [
  ['a zip archive', '504b0304', () => 'Unpack it first, then name the file or folder that is meant'],
  ['a 7z archive', '377abcaf271c', () => 'Unpack it first, then name the file or folder that is meant'],
  ['a RAR archive', '526172211a07', () => 'Unpack it first, then name the file or folder that is meant'],
  ['a qcow2 disk', '514649fb', (name) => `${TO_RAW} diskloom convert ${name} -o ${name}.img`],
  ['an Android sparse image', '3aff26ed', (name) => `${TO_RAW} diskloom convert ${name} -o ${name}.img`],
  ['a QED disk', '51454400', (name) => `${TO_RAW} qemu-img convert -O raw ${name} ${name}.img`],
  ['a VMDK disk', '4b444d56', (name) => `${TO_RAW} qemu-img convert -O raw ${name} ${name}.img`],
  ['a VHDX disk', '7668647866696c65', (name) => `${TO_RAW} qemu-img convert -O raw ${name} ${name}.img`],
  ['a VHD disk', '636f6e6563746978', (name) => `${TO_RAW} qemu-img convert -O raw ${name} ${name}.img`],
]
/** Of a VDI, after a text that differs by its maker. [VDICore.h] */
const VDI_SIGN = { offset: 64, hex: '7f10dabe' } as const

/** By name alone, where looking into a stream would take the codec's program. */
const PACKED_TAR_NAME = /\.(?:tar\.\w+|t(?:gz|xz|zst|bz2?|lz4))$/i

/** The warning, where the file is a container. `written`: the path as the config has it. */
export function rawContainerWarning(file: SourceFile, written: string, path: ConfigPath): Warning | undefined {
  const found = containerIn(headOf(file), file.sizeBytes, written)
  if (found === undefined) return undefined
  const { what, hint } = found
  const message = `"${written}" is ${what}, and is copied into the partition as it is: what is in it is not unpacked there`
  return { message, hint, finding: 'raw-container', path }
}

function containerIn(head: Buffer, sizeBytes: number, written: string): { what: string; hint: string } | undefined {
  const asTree = `fs: ext4/${written} makes a volume of its files`
  if (beginsTar(head, sizeBytes) && !isZeros(head)) return { what: 'a tar', hint: asTree }
  if (isCpio(head)) return { what: 'a cpio', hint: asTree }
  const hex = head.toString('hex', 0, 16)
  const known = CONTAINERS.find(([, magic]) => hex.startsWith(magic))
  if (known !== undefined) return { what: known[0], hint: known[2](basename(written)) }
  const { offset, hex: sign } = VDI_SIGN
  if (head.toString('hex', offset, offset + sign.length / 2) === sign) {
    return {
      what: 'a VDI disk',
      hint: `${TO_RAW} qemu-img convert -O raw ${basename(written)} ${basename(written)}.img`,
    }
  }
  const codec = codecAt(head)
  if (codec === undefined) return undefined
  const what = `compressed by ${codec}`
  const inside = codec === 'gzip' ? gunzipHead(head) : undefined
  const isTar =
    inside === undefined ? PACKED_TAR_NAME.test(written) : beginsTar(inside, inside.length) || isCpio(inside)
  return { what, hint: isTar ? asTree : 'Unpack it first, where the boot loader does not read it so' }
}

function headOf({ path, sizeBytes }: SourceFile): Buffer {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, sizeBytes))
  const fd = openSync(path, 'r')
  try {
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

/** The beginning of what a stream of gzip holds; undefined where it is damaged. */
function gunzipHead(head: Buffer): Buffer | undefined {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES })
  } catch {
    return undefined
  }
}

/** Of every kind in text, as content: has it. */
function isCpio(head: Buffer): boolean {
  return /^0707\d\d/.test(head.toString('latin1', 0, 6))
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
