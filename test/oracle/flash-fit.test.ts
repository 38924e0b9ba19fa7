/** Images fitted to larger devices, as values: sgdisk and sfdisk judge the moved tables, on sparse files up to past 2 TiB. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fitImage, lastOf } from '../../src/flash/fit-image.js'
import { readerOf, readTable } from '../../src/flash/image-table.js'
import { overlayImages } from '../../src/image/compose.js'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'
import { gptGeometry } from '../../src/tables/gpt/geometry.js'
import { encodeGpt } from '../../src/tables/gpt/writer.js'
import { encodeMbr } from '../../src/tables/mbr/writer.js'
import { withLoopDevice } from '../support/loop-device.js'
import { materialize } from '../support/materialize.js'
import { canMount, describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const TIB = 2 ** 40
const DISK_BYTES = 64 * MIB
const LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4'

function gptImage(sectorSize: 512 | 4096, entries = 128): DiskImage {
  const geometry = gptGeometry(DISK_BYTES, { sectorSize, entries })
  const uuid = (number: number) => `00000000-0000-4000-8000-00000000000${number}`
  const place = (number: number, from: number, to: number, name: string) => ({
    number,
    typeGuid: LINUX,
    uuid: uuid(number),
    firstLba: (from * MIB) / sectorSize,
    endLba: (to * MIB) / sectorSize,
    attributes: 4n,
    name,
  })
  // The last on the disk is not the last in the table.
  return encodeGpt(geometry, uuid(9), [place(1, 1, 9, 'boot'), place(2, 40, 60, 'root'), place(3, 10, 20, 'data')])
}

function fitTo(image: DiskImage, sizeBytes: number, sectorBytes: number, grow = false) {
  const read = readerOf(image)
  return fitImage(image, readTable(image, sectorBytes), read, { sizeBytes, sectorBytes }, { grow })
}

describe('fitImage', () => {
  it('keeps an image of the device as it is', () => {
    const image = gptImage(512)
    const fitted = fitTo(image, DISK_BYTES, 512)
    expect(fitted).toEqual({ image, backupMoved: false, grown: undefined })
  })

  it.each([512, 4096] as const)('moves the backup to the end: %i bytes a sector', (sectorBytes) => {
    const { image, backupMoved } = fitTo(gptImage(sectorBytes), DISK_BYTES + 8 * MIB, sectorBytes)
    expect(backupMoved).toBe(true)
    const before = readTable(gptImage(sectorBytes), sectorBytes)
    const after = readTable(image, sectorBytes)
    expect(after.partitions).toEqual(before.partitions)
    const end = DISK_BYTES / sectorBytes
    // Of the old backup nothing is specified any more, so nothing of it is written.
    expect(image.extents.filter(({ offset }) => offset > (end / 2) * sectorBytes && offset < DISK_BYTES)).toEqual([])
  })

  it('grows the partition that ends last, to a whole page', () => {
    const { grown, image } = fitTo(gptImage(512), DISK_BYTES + 8 * MIB + 512, 512, true)
    // 33 sectors of backup before the end, then down to 4 KiB.
    expect(grown).toEqual({ number: 2, name: 'root', startByte: 40 * MIB, endByte: 72 * MIB - 16384 })
    expect(lastOf(readTable(image, 512).partitions)).toEqual(grown)
  })

  it('grows on a device of the same size, too, and says when there is nothing to gain', () => {
    const { grown, backupMoved, image } = fitTo(gptImage(512), DISK_BYTES, 512, true)
    expect([grown?.endByte, backupMoved]).toEqual([DISK_BYTES - 20480, false])
    expect(fitTo(image, DISK_BYTES, 512, true).grown).toBeUndefined()
  })

  it('keeps a hybrid MBR and the boot code', () => {
    const sector = new Uint8Array(512).fill(0x90, 0, 440)
    sector.set(readerOf(gptImage(512))(440, 72), 440)
    const entry = Uint8Array.of(0x80, 0, 2, 0, 0x0c, 0, 0, 0, 0, 8, 0, 0, 0, 64, 0, 0)
    sector.set(entry, 446)
    const image = overlayImages(gptImage(512), new ImageBuilder(DISK_BYTES).bytes(0, sector).finish())
    const fitted = fitTo(image, DISK_BYTES + MIB, 512)
    expect(Buffer.from(readerOf(fitted.image)(0, 512)).equals(sector)).toBe(true)
  })

  it('refuses sectors of another size, and to grow what it cannot', () => {
    expect(() => fitTo(gptImage(512), DISK_BYTES + MIB, 4096)).toThrow(/sectors of 512 bytes, the device has .* 4096/)
    const mbr = { diskSizeBytes: DISK_BYTES, sectorSize: 512, signature: 7, primary: [] }
    const logical = [{ type: 0x83, active: false, ebrLba: 2048, firstLba: 4096, endLba: 8192 }]
    const extended = encodeMbr({ ...mbr, extended: { number: 1, logical } })
    expect(() => fitTo(extended, DISK_BYTES + MIB, 512, true)).toThrow('a logical one of an MBR')
    expect(() => fitTo(new ImageBuilder(DISK_BYTES).finish(), DISK_BYTES, 512, true)).toThrow('no partition table')
  })

  it('refuses a GPT with a damaged byte, wherever it is', () => {
    const damage: [at: number, message: RegExp][] = [
      [512 + 13, /HeaderSize/],
      [512 + 20, /HeaderCRC32/],
      [512 + 48, /HeaderCRC32/],
      [1024 + 3 * 128 - 1, /PartitionEntryArrayCRC32/],
    ]
    for (const [at, message] of damage) {
      const image = gptImage(512)
      const byte = Uint8Array.of(readerOf(image)(at, 1)[0]! ^ 0x80)
      const broken = overlayImages(image, new ImageBuilder(DISK_BYTES).bytes(at, byte).finish())
      expect(() => fitTo(broken, DISK_BYTES + MIB, 512)).toThrow(message)
    }
  })
})

describeWithTools('fitted tables', ['sgdisk', 'sfdisk'], () => {
  const folder = scratchFolder()

  it.each([
    ['one sector more', DISK_BYTES + 512, 128],
    ['a gigabyte', 2 ** 30, 128],
    ['200 entries', 2 ** 30, 200],
    ['past 2 TiB', 3 * TIB, 128],
  ])('%s', (name, sizeBytes, entries) => {
    for (const grow of [false, true]) {
      const path = join(folder, `${name}-${grow}`)
      const { image, grown } = fitTo(gptImage(512, entries), sizeBytes, 512, grow)
      materialize(image, path)
      expect(tool('sgdisk', '--verify', path)).toContain('No problems found')
      const { partitiontable } = JSON.parse(tool('sfdisk', '--json', path)) as {
        partitiontable: { lastlba: number; partitions: { start: number; size: number }[] }
      }
      expect(partitiontable.lastlba).toBeGreaterThan(sizeBytes / 512 - 60)
      const { start, size } = partitiontable.partitions[1]!
      expect((start + size) * 512).toBe(grown?.endByte ?? 60 * MIB)
    }
  })

  it.runIf(canMount())('sectors of 4096 bytes', () => {
    const path = join(folder, 'native')
    materialize(fitTo(gptImage(4096), 128 * MIB, 4096, true).image, path)
    withLoopDevice(path, 4096, (device) => {
      expect(tool('sgdisk', '--verify', device)).toContain('No problems found')
    })
  })
})
