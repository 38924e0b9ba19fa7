/**
 * Damaged exFAT volumes: what is there, findings, or an error of ours, in bounded time and memory;
 * never a crash, a hang or a bug. A volume that is read without a finding holds together.
 */
import { describe, expect, it } from 'vitest'
import { exfatFormat } from '../../src/filesystems/exfat/format.js'
import { openExfatVolume } from '../../src/filesystems/exfat/reader/open-exfat-volume.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { EXFAT_ENVIRONMENT } from '../support/exfat-volume.js'
import { FUZZ_CASES, FUZZ_TIMEOUT, prepareFuzz } from '../support/fuzz/run-fuzz.js'
import { MIB } from '../support/image-spec.js'
import { file, folder, pattern } from '../support/qemu-trees.js'
import { readBytes } from '../support/read-content.js'

const TREE = folder({
  ...Object.fromEntries([3000, 1, 0, 70_000, 513].map((size, index) => [`file ${index}.txt`, file(pattern(size))])),
  ['a longer name with ünïcode 🧵 '.repeat(3).trim()]: file(pattern(40)),
  folder: folder({ nested: folder({ deep: folder({ inner: file('deep') }) }), empty: folder() }),
})

describe('damaged exFAT volumes', FUZZ_TIMEOUT, () => {
  const fuzz = prepareFuzz()

  it.each([512, 4096])('with sectors of %i', async (sectorSize) => {
    const options = { cluster_size: sectorSize, label: 'FUZZ', volume_guid: '01234567-89ab-cdef-0123-456789abcdef' }
    const environment = { ...EXFAT_ENVIRONMENT, sectorSize }
    const whole = Buffer.from(readBytes(exfatFormat.plan(TREE, MIB, options, environment).encode()))
    const view = ImageView.of(imageOfBytes(whole), 'whole')
    const [, ...metadata] = openExfatVolume(view)
      .usedStretches()
      .filter(({ use }) => use === 'metadata')
    const fatOffset = whole.readUInt32LE(0x50) * sectorSize
    const stretches = [
      { offset: 0x40, length: 0x32 },
      { offset: 12 * sectorSize + 0x40, length: 0x32 },
      { offset: fatOffset, length: 128 },
      // Without the up-case table, in which most changes are the same.
      ...metadata.map(({ offset, length }) => ({
        offset: offset + Math.max(0, length - 4096),
        length: Math.min(length, 4096),
      })),
    ]
    const cases = FUZZ_CASES / 2
    const { refused = 0, silent = 0 } = await fuzz({ subject: 'exfat', whole, stretches, cases })
    expect(refused).toBeLessThan((cases * 3) / 4)
    expect(silent).toBeLessThan(cases / 2)
  })
})
