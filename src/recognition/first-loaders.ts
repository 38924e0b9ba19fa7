/** Boot loaders at the places of a disk where boot ROMs look for them. */
import type { ImageView } from '../image/image-view.js'
import { recognise } from './recognise.js'

export interface FirstLoader {
  /** Who starts it: `Allwinner boot ROM`. */
  readonly by: string
  /** Byte of the disk. */
  readonly offset: number
  /** For people. */
  readonly description: string
}

interface RomPlace {
  readonly by: string
  readonly offsets: readonly number[]
  /** Of known-formats.ts. */
  readonly formats: readonly string[]
}

const KIB = 1024

/**
 * Bytes of the disk at which boot ROMs look on cards and eMMC. [SUNXI BROM]: 8 KiB, and 128 KiB
 * where a GPT is in the way. [ROCKCHIP boot]: sector 64. [U-BOOT imx]: 1 KiB up to i.MX7, 33 KiB
 * for i.MX8M, 32 KiB for i.MX8MN and later. [TI AM335x TRM §26.1.8.5]: four places 128 KiB apart.
 * [U-BOOT amlogic]: from sector 1 on.
 */
const ROM_PLACES: readonly RomPlace[] = [
  { by: 'Allwinner boot ROM', offsets: [8 * KIB, 128 * KIB], formats: ['allwinner-egon', 'allwinner-toc0'] },
  { by: 'Rockchip boot ROM', offsets: [32 * KIB], formats: ['rockchip-idblock'] },
  { by: 'i.MX boot ROM', offsets: [1 * KIB, 32 * KIB, 33 * KIB], formats: ['imx-ivt'] },
  { by: 'TI boot ROM', offsets: [0, 128 * KIB, 256 * KIB, 384 * KIB], formats: ['ti-mlo'] },
  { by: 'Amlogic boot ROM', offsets: [512], formats: ['amlogic-bl2'] },
]

/** What of them is there. */
export function firstLoaders(view: ImageView): FirstLoader[] {
  return ROM_PLACES.flatMap(({ by, offsets, formats }) =>
    offsets.flatMap((offset) => {
      const found = recognisedAt(view, offset)
      return found !== undefined && formats.includes(found.format)
        ? [{ by, offset, description: found.description }]
        : []
    }),
  )
}

/**
 * At the start of flash memory and of eMMC's boot partitions; 256 KiB is the second copy of an
 * STM32MP's first loader.
 */
const FLASH_PLACES: readonly RomPlace[] = [
  { by: 'STM32MP boot ROM', offsets: [0, 256 * KIB], formats: ['stm32-image'] },
  { by: 'i.MX boot ROM', offsets: [0, 4 * KIB], formats: ['imx-ivt'] },
  { by: 'Amlogic boot ROM', offsets: [0], formats: ['amlogic-bl2'] },
  { by: 'boot loader', offsets: [0], formats: ['u-boot-image', 'u-boot-fit'] },
]

interface FixedSign {
  readonly by: string
  readonly description: string
  readonly offset: number
  readonly hex: string
}

/**
 * Signs that have no format of their own in known-formats.ts. [UG585 §6.3.2] the width word and
 * "XLNX"; [MTK] what begins eMMC's boot partition and cards; [IMXRT RM §9] FlexSPI's configuration
 * block; [U-BOOT pblimage] the preamble of a Layerscape's RCW.
 */
const FIXED_SIGNS: readonly FixedSign[] = [
  { by: 'Zynq boot ROM', description: 'Zynq boot image', offset: 32, hex: '665599aa584e4c58' },
  { by: 'MediaTek boot ROM', description: 'MediaTek header', offset: 0, hex: '454d4d435f424f4f54' },
  { by: 'MediaTek boot ROM', description: 'MediaTek header', offset: 0, hex: '53444d4d435f424f4f54' },
  { by: 'i.MX boot ROM', description: 'FlexSPI configuration', offset: 0, hex: '46434642' },
  { by: 'i.MX boot ROM', description: 'FlexSPI configuration', offset: 1 * KIB, hex: '46434642' },
  { by: 'Layerscape boot ROM', description: 'reset configuration', offset: 4 * KIB, hex: 'aa55aa55' },
]

/** The header of an i.MX container: version 0, a length, the tag 0x87. [U-BOOT imx_container.h] */
const CONTAINER_OFFSETS = [0, 32 * KIB]
const CONTAINER_TAG = 0x87
const LARGEST_CONTAINER_BYTES = 16 * KIB

/**
 * What a machine starts from a card, and what it starts from NOR or NAND flash or from a boot
 * partition of eMMC.
 */
export function anyFirstLoader(view: ImageView): FirstLoader | undefined {
  const [onDisk] = firstLoaders(view)
  if (onDisk !== undefined) return onDisk
  for (const { by, offsets, formats } of FLASH_PLACES) {
    for (const offset of offsets) {
      const found = recognisedAt(view, offset)
      if (found !== undefined && formats.includes(found.format)) return { by, offset, description: found.description }
    }
  }
  return (
    FIXED_SIGNS.find(({ offset, hex }) => bytesAt(view, offset, hex.length / 2)?.toString('hex') === hex) ??
    containerOf(view)
  )
}

function containerOf(view: ImageView): FirstLoader | undefined {
  const offset = CONTAINER_OFFSETS.find((at) => {
    const header = bytesAt(view, at, 16)
    if (header === undefined || header[0] !== 0 || header[3] !== CONTAINER_TAG) return false
    const length = header.readUInt16LE(1)
    const images = header[11]!
    return length >= 16 && length <= LARGEST_CONTAINER_BYTES && images > 0 && images <= 8
  })
  return offset === undefined ? undefined : { by: 'i.MX boot ROM', offset, description: 'i.MX container' }
}

function recognisedAt(view: ImageView, offset: number): ReturnType<typeof recognise> {
  return offset < view.sizeBytes ? recognise(view.part(offset, view.sizeBytes - offset, view.name)) : undefined
}

function bytesAt(view: ImageView, offset: number, length: number): Buffer | undefined {
  return offset + length > view.sizeBytes ? undefined : Buffer.from(view.read(offset, length, 'boot loader'))
}
