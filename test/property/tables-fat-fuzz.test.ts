/**
 * Damaged tables and FAT volumes: what is there, findings, or an error of ours, in bounded time and memory; never a crash, a
 * hang or a bug. What is read without a finding holds together.
 */
import { describe, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { openFatVolume } from '../../src/filesystems/fat/reader/open-fat-volume.js'
import { type DiskImage, imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { gptGeometry } from '../../src/tables/gpt/geometry.js'
import { encodeGpt } from '../../src/tables/gpt/writer.js'
import { encodeMbr } from '../../src/tables/mbr/writer.js'
import { type DirectoryNode, emptyTree } from '../../src/tree/file-tree.js'
import type { Stretch } from '../support/fuzz/damage.js'
import { FUZZ_CASES, FUZZ_TIMEOUT, prepareFuzz } from '../support/fuzz/run-fuzz.js'
import { readBytes } from '../support/read-content.js'

const MIB = 1 << 20
const MTIME = { seconds: 1_700_000_000, nanoseconds: 0 }

interface Whole {
  readonly whole: Buffer
  readonly stretches: readonly Stretch[]
}

function bytesOf(image: DiskImage): Buffer {
  return Buffer.from(readBytes(image))
}

function sampleTree(): DirectoryNode {
  const root = emptyTree(MTIME)
  let parent = root
  for (const [index, size] of [3000, 1, 0, 70_000, 513].entries()) {
    const content = imageOfBytes(Buffer.alloc(size, index + 1))
    for (const name of [`FILE${index}.TXT`, `a longer name ${index} with ünïcode`]) {
      parent.children.set(byteString(name), { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, content })
    }
    const child = emptyTree(MTIME)
    parent.children.set(byteString(`folder ${index}`), child)
    if (index % 2 === 0) parent = child
  }
  return root
}

function fatVolume(type: FatFormatOptions['type'], sizeBytes: number): Whole {
  const environment = { time: MTIME, uuid: '1a2b3c4d-0000-5000-8000-000000000000', offsetBytes: MIB, sectorSize: 512 }
  const options = { type, cluster_size: 512, label: 'FUZZ' }
  const whole = bytesOf(fatFormat.plan(sampleTree(), sizeBytes, options, environment).encode())
  const [front, ...directories] = openFatVolume(ImageView.of(imageOfBytes(whole), 'whole'))
    .usedStretches()
    .filter(({ use }) => use === 'metadata')
  return {
    whole,
    stretches: [
      { offset: 0, length: 100 },
      // FSInfo, the used part of the FAT, the root of FAT12 and FAT16 at the end of what is in front.
      { offset: 512 + 480, length: 32 },
      { offset: whole.readUInt16LE(14) * 512, length: 800 },
      { offset: front!.offset + front!.length - 16_384, length: 16_384 },
      ...directories,
    ],
  }
}

const GUIDS = [1, 2, 3, 4].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`)

function gptDisk(sectorSize: 512 | 4096, isHybrid: boolean): Whole {
  const geometry = gptGeometry(MIB, { sectorSize, entries: 128 })
  const partitions = [0, 1, 2].map((index) => ({
    number: index + 1,
    typeGuid: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    uuid: GUIDS[index]!,
    firstLba: geometry.firstUsableLba + 8 * index,
    endLba: geometry.firstUsableLba + 8 * (index + 1),
    attributes: 0n,
    name: `p${index}`,
  }))
  const image = bytesOf(encodeGpt(geometry, GUIDS[3]!, partitions))
  if (isHybrid) image.set([0x80, 0, 2, 0, 0x0c, 0, 0, 0, geometry.firstUsableLba, 0, 0, 0, 8, 0, 0, 0], 446 + 16)
  const at = (length: number, lbas: readonly number[]) => lbas.map((lba) => ({ offset: lba * sectorSize, length }))
  return {
    whole: image,
    stretches: [
      { offset: 440, length: 72 },
      ...at(92, [geometry.headerLba, geometry.backupHeaderLba]),
      ...at(4 * 128, [geometry.arrayLba, geometry.backupArrayLba]),
    ],
  }
}

function mbrDisk(): Whole {
  const logical = [0, 1, 2].map((index) => ({
    type: 0x83,
    active: false,
    ebrLba: 200 + 100 * index,
    firstLba: 210 + 100 * index,
    endLba: 250 + 100 * index,
  }))
  const primary = [{ number: 1, type: 0x0c, active: true, firstLba: 8, endLba: 100 }]
  const table = {
    diskSizeBytes: MIB,
    sectorSize: 512,
    signature: 7,
    primary,
    extended: { number: 2, logical },
  } as const
  return {
    whole: bytesOf(encodeMbr(table)),
    stretches: [0, 200, 300, 400].map((lba) => ({ offset: lba * 512 + 440, length: 72 })),
  }
}

describe('damaged tables and FAT volumes', FUZZ_TIMEOUT, () => {
  const fuzz = prepareFuzz()

  it.each([
    ['fat12', 1 * MIB],
    ['fat16', 3 * MIB],
    ['fat32', 2 * MIB],
  ] as const)('%s', async (type, sizeBytes) => {
    const { refused = 0, silent } = await fuzz({ subject: 'fat', ...fatVolume(type, sizeBytes) })
    expect(refused).toBeLessThan((FUZZ_CASES * 3) / 4)
    expect(silent).toBeGreaterThan(0)
  })

  it.each([
    ['GPT', 'table', gptDisk(512, false)],
    ['GPT, sectors of 4096', 'table of 4096', gptDisk(4096, false)],
    ['hybrid', 'table', gptDisk(512, true)],
    ['MBR with logical partitions', 'table', mbrDisk()],
  ] as const)('%s', async (_, subject, disk) => {
    const { refused = 0 } = await fuzz({ subject, ...disk })
    expect(refused).toBeLessThan(FUZZ_CASES / 2)
  })
})
