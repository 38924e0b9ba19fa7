/**
 * What a machine would start from this disk: boot loaders where boot ROMs look for them, boot code for BIOS, and the files by
 * which firmware and loaders know each other. Signs, not proofs: nothing is run, and which board it is for nobody knows.
 */
import { type ByteString, byteString, displayName } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { fileSystemOfFormat } from '../filesystems/registry.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import { firstLoaders } from '../recognition/first-loaders.js'
import { recognise } from '../recognition/recognise.js'
import type { DirectoryNode, FileNode } from '../tree/file-tree.js'
import type { OpenImage, OpenPartition } from './open-image.js'

export interface BootSign {
  /** Who starts it: `UEFI`, `BIOS`, `Allwinner boot ROM`. */
  readonly by: string
  /** `/EFI/BOOT/BOOTX64.EFI`, `GRUB in sector 0`. */
  readonly what: string
  /** The partition that it stands in. */
  readonly partition?: number
  /** Byte of the disk, for what stands outside a file. */
  readonly offset?: number
}

export function whatBoots(disk: OpenImage): BootSign[] {
  return [...biosSigns(disk), ...romSigns(disk), ...disk.partitions.flatMap(partitionSigns)]
}

function* romSigns({ view, partitions }: OpenImage): Generator<BootSign> {
  for (const { by, offset, description } of firstLoaders(view)) {
    yield { by, what: description, offset, ...numberOf(partitions.find(covers(offset))) }
  }
}

const covers =
  (offset: number) =>
  ({ startByte, sizeBytes, number }: OpenPartition): boolean =>
    number !== undefined && offset >= startByte && offset < startByte + sizeBytes

const SECTOR_BYTES = 512
/** Up to the disk signature. [UEFI 2.10 §5.2.1] */
const BOOT_CODE_BYTES = 440
/** boot.S names itself in its messages. [GRUB boot.S] */
const GRUB_TEXT = Buffer.from('GRUB ')
const BIOS_BOOT_TYPE = '21686148-6449-6e6f-744e-656564454649'

function* biosSigns({ view, table, partitions }: OpenImage): Generator<BootSign> {
  if (table === undefined || view.sizeBytes < SECTOR_BYTES) return
  const code = Buffer.from(view.read(0, BOOT_CODE_BYTES, 'boot code'))
  const hasCode = code.some((byte) => byte !== 0) && !code.every((byte) => byte === 0xff)
  // A boot ROM's header that begins in sector 0 is no code for a BIOS.
  if (!hasCode || recognise(view)?.format === 'ti-mlo') return
  yield { by: 'BIOS', what: code.includes(GRUB_TEXT) ? 'GRUB in sector 0' : 'boot code in sector 0', offset: 0 }
  for (const partition of partitions) {
    if (partition.entry?.type === BIOS_BOOT_TYPE && partition.content().format === 'grub-core') {
      yield { by: 'GRUB in sector 0', what: 'GRUB core image', ...numberOf(partition) }
    } else if (partition.entry?.bootable === true) {
      yield { by: 'BIOS', what: 'active partition', ...numberOf(partition) }
    }
  }
}

function partitionSigns(partition: OpenPartition): BootSign[] {
  const place = numberOf(partition)
  const { format, description, volume } = partition.content()
  const stm32 = format === 'stm32-image' ? [{ by: 'STM32MP boot ROM', what: description ?? format, ...place }] : []
  if (volume === undefined) return stm32
  try {
    const { readByFirmware = false, keeps } = fileSystemOfFormat(format) ?? {}
    const foldCase = keeps?.caseOfNames === false
    return FILE_SIGNS.filter(({ byFirmware }) => readByFirmware || byFirmware !== true).flatMap(({ by, path, names }) =>
      matches(volume, path, names, foldCase).map((what) => ({ by, what, ...place })),
    )
  } catch (error) {
    // What is wrong with the volume is told where it is checked.
    if (error instanceof FormatError) return []
    throw error
  }
}

interface FileSign {
  readonly by: string
  /** Folders on the way, in the spelling that is usual. */
  readonly path: readonly string[]
  readonly names: RegExp
  /** Read by firmware, which knows few file systems. */
  readonly byFirmware?: boolean
}

/**
 * [UEFI 2.10 §3.5.1.1] default file names; [UKI]; [BLS] loader.conf; [RPI boot] bootcode.bin and start*.elf; [U-BOOT distro]
 * extlinux.conf and boot.scr; [TI AM335x TRM §26.1.8.5] MLO; [UG585] BOOT.BIN; [GRUB] its configuration.
 */
const FILE_SIGNS: readonly FileSign[] = [
  {
    by: 'UEFI',
    path: ['EFI', 'BOOT'],
    names: /^boot(?:ia32|x64|arm|aa64|riscv32|riscv64|loongarch64)\.efi$/i,
    byFirmware: true,
  },
  { by: 'systemd-boot', path: ['EFI', 'Linux'], names: /\.efi$/i, byFirmware: true },
  { by: 'systemd-boot', path: ['loader'], names: /^loader\.conf$/i, byFirmware: true },
  { by: 'Raspberry Pi boot ROM', path: [], names: /^bootcode\.bin$/i, byFirmware: true },
  {
    by: 'Raspberry Pi firmware',
    path: [],
    names: /^start(?:4|_cd|4cd)?\.elf$|^kernel(?:7|7l|8|_2712)?\.img$/i,
    byFirmware: true,
  },
  { by: 'TI boot ROM', path: [], names: /^(?:MLO|tiboot3\.bin)$/i, byFirmware: true },
  { by: 'Zynq boot ROM', path: [], names: /^BOOT\.BIN$/i, byFirmware: true },
  { by: 'U-Boot', path: ['extlinux'], names: /^extlinux\.conf$/ },
  { by: 'U-Boot', path: ['boot', 'extlinux'], names: /^extlinux\.conf$/ },
  { by: 'U-Boot', path: [], names: /^(?:boot\.scr(?:\.uimg)?|uEnv\.txt)$/ },
  { by: 'U-Boot', path: ['boot'], names: /^(?:boot\.scr(?:\.uimg)?|uEnv\.txt)$/ },
  { by: 'GRUB', path: ['boot', 'grub'], names: /^grub\.cfg$/ },
  { by: 'GRUB', path: ['grub'], names: /^grub\.cfg$/ },
  { by: 'GRUB', path: ['boot', 'grub2'], names: /^grub\.cfg$/ },
]

/** Paths of the files that match, in order. */
function matches(volume: VolumeReader, path: readonly string[], names: RegExp, foldCase: boolean): string[] {
  const way: ByteString[] = []
  let folder = directoryAt(volume, way)
  for (const wanted of path) {
    const found = folder && nameIn(folder, wanted, foldCase)
    if (found === undefined) return []
    way.push(found)
    folder = directoryAt(volume, way)
  }
  if (folder === undefined) return []
  return [...folder.children]
    .filter(([name, node]) => node.type !== 'directory' && names.test(name))
    .map(([name]) => `/${[...way, name].map(displayName).join('/')}`)
    .sort()
}

function directoryAt(volume: VolumeReader, path: readonly ByteString[]): DirectoryNode | undefined {
  const node: FileNode | undefined = volume.find(path)
  return node?.type === 'directory' ? node : undefined
}

function nameIn(folder: DirectoryNode, wanted: string, foldCase: boolean): ByteString | undefined {
  if (!foldCase) return folder.children.has(byteString(wanted)) ? byteString(wanted) : undefined
  return [...folder.children.keys()].find((name) => name.toLowerCase() === wanted.toLowerCase())
}

function numberOf(partition: OpenPartition | undefined): { readonly partition?: number } {
  return partition?.number === undefined ? {} : { partition: partition.number }
}
