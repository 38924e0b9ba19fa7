import { expect, it } from 'vitest'
import { UBI_LAYOUT_VOLUME_ID, ubiCrc } from './disklayout.js'
import { type FlashGeometry, ubiGeometry } from './geometry.js'

const KIB = 1024

// As Linux tells them when it attaches, and the FAQ of UBI.
it.each<[string, FlashGeometry, object]>([
  [
    'NAND of 2 KiB pages without sub-pages',
    { erase_block: 128 * KIB, min_io_size: 2 * KIB },
    { vidHeaderOffset: 2048, dataOffset: 4096, lebBytes: 126_976, maxVolumes: 128 },
  ],
  [
    'with sub-pages',
    { erase_block: 128 * KIB, min_io_size: 2 * KIB, sub_page_size: 512 },
    { vidHeaderOffset: 512, dataOffset: 2048, lebBytes: 129_024 },
  ],
  [
    'with sub-pages that UBI does not use',
    { erase_block: 128 * KIB, min_io_size: 2 * KIB, sub_page_size: 512, vid_header_offset: 2048, leb_size: 126_976 },
    { vidHeaderOffset: 2048, dataOffset: 4096, lebBytes: 126_976 },
  ],
  [
    'NOR',
    { erase_block: 64 * KIB, min_io_size: 1 },
    { vidHeaderOffset: 64, dataOffset: 128, lebBytes: 65_408, maxVolumes: 128 },
  ],
  [
    'small pages, a short table',
    { erase_block: 16 * KIB, min_io_size: 512 },
    { vidHeaderOffset: 512, dataOffset: 1024, lebBytes: 15_360, maxVolumes: 89 },
  ],
])('%s', (_, flash, expected) => {
  expect(ubiGeometry(flash)).toMatchObject(expected)
})

it('has the checksum of Linux, which is not inverted at the end', () => {
  expect(ubiCrc(Buffer.from('123456789'))).toBe(0x340bc6d9)
  // Every empty record of a volume table ends with this one.
  expect(ubiCrc(new Uint8Array(168))).toBe(0xf116c36b)
  expect(UBI_LAYOUT_VOLUME_ID).toBe(0x7fffefff)
})
