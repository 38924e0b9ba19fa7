import { expect, it } from 'vitest'
import { imageSpec, MIB } from '../../test/support/image-spec.js'
import { partListText } from './part-list.js'
import { planDisk } from './plan-disk.js'

it('lists the partitions of the table by number, in sectors of the disk, with inclusive ends', () => {
  const { spec, payloads } = imageSpec({
    table: 'mbr',
    sectorSize: 4096,
    sizeBytes: 64 * MIB,
    partitions: [
      { name: 'spl', inTable: false, start: 32 * 1024, size: 4096 },
      { name: 'logs', logical: true, size: MIB },
      { name: 'boot', start: 32 * MIB, size: MIB },
    ],
  })
  expect(partListText(planDisk(spec, payloads))).toBe('boot 8192 8447 none\nlogs 512 767 none\n')
})
