import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { emptyTree } from '../tree/file-tree.js'
import { planTar } from '../tree/tar-image.js'
import { rawContainerWarning } from './raw-container.js'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'diskloom-container-'))
})
afterAll(() => rmSync(scratch, { recursive: true }))

function warningOf(bytes: Uint8Array, written = '../images/x.bin') {
  const path = join(scratch, 'x')
  writeFileSync(path, bytes)
  return rawContainerWarning({ path, sizeBytes: statSync(path).size, mtimeNs: 0n }, written, ['here'])
}
const TAR = tarOfNothing()

function tarOfNothing(): Uint8Array {
  const { image } = planTar(emptyTree({ seconds: 0, nanoseconds: 0 }))
  const bytes = new Uint8Array(image.sizeBytes)
  readImage(image, 0, bytes, new PayloadReader())
  return bytes
}

const hex = (text: string, offset = 0): Buffer =>
  Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'hex'), Buffer.alloc(600)])

describe('a raw file that is a container', () => {
  it('is told with the way to its files', () => {
    expect(warningOf(TAR, '../images/rootfs.tar')).toEqual({
      message:
        '"../images/rootfs.tar" is a tar, and is copied into the partition as it is: what is in it is not unpacked there',
      hint: 'fs: ext4/../images/rootfs.tar makes a volume of its files',
      finding: 'raw-container',
      path: ['here'],
    })
  })

  const AS_TREE = 'fs: ext4/../images/x.bin makes a volume of its files'
  const UNPACK = 'Unpack it first, where the boot loader does not read it so'
  it.each<[string, Uint8Array, string]>([
    ['a cpio', Buffer.from('070701000000'), AS_TREE],
    ['a cpio', Buffer.from('070707000000'), AS_TREE],
    ['compressed by gzip', gzipSync(TAR), AS_TREE],
    ['compressed by gzip', gzipSync(Buffer.from('070701000000')), AS_TREE],
    ['compressed by gzip', gzipSync(Buffer.alloc(50_000_000)), UNPACK],
    ['compressed by gzip', hex('1f8b08'), UNPACK],
    ['compressed by xz', hex('fd377a585a00'), UNPACK],
    ['compressed by zstd', hex('28b52ffd'), UNPACK],
    ['compressed by bzip2', hex('425a6839314159265359'), UNPACK],
    ['compressed by lz4', hex('04224d18'), UNPACK],
    ['a zip archive', hex('504b0304'), 'Unpack it first'],
    ['a qcow2 disk', hex('514649fb'), 'diskloom convert x.bin'],
    ['an Android sparse image', hex('3aff26ed'), 'diskloom convert x.bin'],
    ['a VDI disk', hex('7f10dabe', 64), 'qemu-img convert -O raw x.bin'],
    ['a VMDK disk', hex('4b444d56'), 'qemu-img convert -O raw x.bin'],
    ['a VHD disk', hex('636f6e6563746978'), 'qemu-img convert -O raw x.bin'],
  ])('%s', (what, bytes, hint) => {
    const warning = warningOf(bytes)
    expect(warning?.message).toContain(`is ${what}, and is copied`)
    expect(warning?.hint).toContain(hint)
  })

  it('is taken for a packed tar by its name where its codec is a program', () => {
    expect(warningOf(hex('fd377a585a00'), 'rootfs.tar.xz')?.hint).toContain('fs: ext4/rootfs.tar.xz')
    expect(warningOf(hex('28b52ffd'), 'Image.zst')?.hint).toBe(UNPACK)
  })
})

it.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['zeros', new Uint8Array(10_240)],
  ['text', Buffer.from('bootargs=console=ttyS0\n')],
  ['a boot sector', hex('55aa', 510)],
  ['an ELF file', hex('7f454c46')],
])('a raw file of %s is no container', (_, bytes) => {
  expect(warningOf(bytes)).toBe(undefined)
})
