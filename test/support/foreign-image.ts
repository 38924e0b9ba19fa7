/** A disk that others made: sfdisk its table, mkfs.fat and mtools the first partition, mke2fs and the kernel the second. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runTool, tool } from './oracle.js'

const MIB = 1 << 20
export const DISK_BYTES = 64 * MIB
export const BOOT = { offset: 1 * MIB, length: 20 * MIB }
export const ROOT = { offset: 21 * MIB, length: 40 * MIB }
/** Of the third partition, which stands at an odd sector and is empty. */
export const ODD_SECTOR = 124_993

const SCRIPT = `label: gpt
label-id: 0FC63DAF-8483-4772-8E79-3D69D8477DE4
start=2048, size=20M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=11111111-2222-4333-8444-555555555555, name="boot"
start=43008, size=40M, type=B921B045-1DF0-41C3-AF44-4C6F280D3FAE, uuid=22222222-2222-4333-8444-555555555555, name="root:a", attrs="LegacyBIOSBootable"
start=${ODD_SECTOR}, size=1M, type=L, uuid=33333333-2222-4333-8444-555555555555, name="odd"
`

/** `payload` goes into the second partition, by the kernel (root) or by mke2fs; `scratch` is for what is needed on the way. */
export function makeForeignImage(
  image: string,
  payload: string,
  scratch: string,
  by: 'kernel' | 'mke2fs' = 'kernel',
): void {
  writeFileSync(image, '')
  truncateSync(image, DISK_BYTES)
  runTool('sfdisk', ['-q', image], { input: SCRIPT })
  tool('mkfs.fat', '--offset', '2048', '-n', 'BOOT', image, String(BOOT.length / 1024))
  const fat = ['-i', `${image}@@${BOOT.offset}`]
  writeFileSync(join(scratch, 'config.txt'), 'arm_64bit=1\n')
  writeFileSync(join(scratch, 'loader'), 'MZ')
  tool('mmd', ...fat, '::EFI', '::EFI/BOOT')
  tool('mcopy', ...fat, join(scratch, 'loader'), '::EFI/BOOT/BOOTX64.EFI')
  tool('mcopy', ...fat, join(scratch, 'loader'), '::bootcode.bin')
  tool('mcopy', ...fat, join(scratch, 'config.txt'), '::config.txt')
  const options = ['-q', '-t', 'ext4', '-L', 'rootfs', '-E', `offset=${ROOT.offset}`]
  if (by === 'mke2fs') {
    tool('mke2fs', ...options, '-d', payload, image, '40M')
    return
  }
  tool('mke2fs', ...options, image, '40M')
  const mounted = join(scratch, 'mounted')
  mkdirSync(mounted)
  tool('mount', '-o', `loop,offset=${ROOT.offset},sizelimit=${ROOT.length}`, image, mounted)
  try {
    tool('cp', '-a', `${payload}/.`, mounted)
  } finally {
    tool('umount', mounted)
  }
}
