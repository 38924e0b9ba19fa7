/** `diskloom verify --rebuild`: which byte of which file or field differs. */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { DifferenceError, type DiskloomError } from '../../src/errors.js'
import { compareWithBuild } from '../../src/verify.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { makeRelease, noise, type Release, writeFlipped } from '../support/release.js'

const scratch = scratchFolder()
const image = join(scratch, 'image')
let release: Release
let bytes: Buffer

beforeAll(async () => {
  release = await makeRelease(scratch)
  bytes = readFileSync(release.image)
})

const compare = (path: string) =>
  compareWithBuild({ config: join(release.project, 'board.yaml'), image: path, environment: {} })

/** What is said, without the path and the bytes. */
async function differences(): Promise<string[]> {
  const error = await compare(image).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(DifferenceError)
  return (error as DiskloomError).problems.map(({ message }) => message.replace(`${image} `, ''))
}

const MIB = 1 << 20
const ROOTFS = 10 * MIB

describe('verify --rebuild', () => {
  it('finds an image as its config builds it, whatever unspecified space holds', async () => {
    expect((await compare(release.image)).comparedBytes).toBeGreaterThan(2 * MIB)
    // In the kernel's partition, behind its file.
    writeFlipped(image, bytes, 2 * MIB - 1)
    await compare(image)
  })

  it.each([
    [
      'protective MBR, record 1, OSType',
      446 + 4,
      /protective MBR, record 1, OSType: byte 450 of the disk is 0xef, 0xee/,
    ],
    [
      'a GPT header field',
      512 + 24,
      /primary GPT, header, MyLBA, byte 0 of 8: byte 536 of the disk is 0x00, 0x01 is expected/,
    ],
    ['a GPT entry field', 1024 + 128 + 32, /primary GPT, entry 2, StartingLBA, byte 0 of 8: byte 1184 /],
    ['the backup header', 40 * MIB - 512 + 16, /backup GPT, header, HeaderCRC32, byte 0 of 4/],
    ['a raw file', MIB + 1234, /partition "kernel", file boot\.bin, byte 1234: byte 1049810 /],
    ['a FAT boot sector', 2 * MIB + 0x1c, /partition "boot", boot sector, BPB_HiddSec, byte 0 of 4/],
    ['an ext superblock', ROOTFS + 1024 + 0x68 + 3, /partition "rootfs", superblock, s_uuid, byte 3 of 16/],
    ['a group descriptor', ROOTFS + 2048 + 0x0e, /partition "rootfs", descriptor of group 0, bg_free_inodes_count_lo/],
    ['an empty partition', 26 * MIB + 5, /partition "spare", byte 5 of 4194304/],
  ])('names %s', async (_, at, expected) => {
    writeFlipped(image, bytes, at)
    const [finding, ...rest] = await differences()
    expect(finding).toMatch(expected)
    expect(rest).toEqual([])
  })

  it('names the file of a volume and the byte in it', async () => {
    const app = noise(250_000, 3)
    const at = bytes.indexOf(app.subarray(100_000, 100_064))
    expect(at).toBeGreaterThan(ROOTFS)
    writeFlipped(image, bytes, at)
    expect(await differences()).toEqual([
      expect.stringContaining(`partition "rootfs", file bin/app, byte 100000: byte ${at} `),
    ])
    const kernel = noise(100_000, 2)
    const inFat = bytes.indexOf(kernel.subarray(5000, 5064))
    writeFlipped(image, bytes, inFat)
    expect(await differences()).toEqual([expect.stringContaining('partition "boot", file kernel8.img, byte 5000: ')])
  })

  it('tells every place at once, and stops where no more is to be learnt', async () => {
    const copy = Buffer.from(bytes)
    for (const at of [510, MIB, ROOTFS + 1024]) copy[at] = copy[at]! ^ 1
    writeFileSync(image, copy)
    expect(await differences()).toHaveLength(3)
    writeFileSync(image, Buffer.alloc(bytes.length, 0xd1))
    expect((await differences()).at(-1)).toContain('differs in more places than these 50')
  })

  it('tells a changed payload by its file', async () => {
    const other = await makeRelease(scratch)
    const path = join(other.project, 'rootfs/etc/hostname')
    writeFileSync(path, 'BOARD\n')
    const error = await compareWithBuild({
      config: join(other.project, 'board.yaml'),
      image: other.image,
      environment: {},
    }).catch((caught: unknown) => caught)
    expect((error as DiskloomError).message).toContain('partition "rootfs", file etc/hostname, byte 0: ')
  })

  it('refuses an image of another size, a packed one, and one that is not there', async () => {
    copyFileSync(release.image, image)
    truncateSync(image, MIB)
    expect(await differences()).toEqual(['has 1048576 bytes, the config builds 41943040'])
    await expect(compare(release.zip)).rejects.toThrow(/it is packed by zip, the raw image is accepted/)
    await expect(compare(join(scratch, 'nothing'))).rejects.toThrow(/it does not exist/)
  })
})

describeWithTools('verify --rebuild after other tools wrote', ['debugfs', 'mcopy', 'sgdisk'], () => {
  it('names the inode that debugfs changed', async () => {
    copyFileSync(release.image, image)
    tool('debugfs', '-w', '-R', 'set_inode_field /etc/hostname uid 7', `${image}?offset=${ROOTFS}`)
    const found = await differences()
    expect(
      found.some((text) => /partition "rootfs", inode \d+, i_uid/.test(text)),
      found.join('\n'),
    ).toBe(true)
  })

  it('names the field of the entry that sgdisk changed', async () => {
    copyFileSync(release.image, image)
    tool('sgdisk', '--change-name=2:boat', image)
    const found = await differences()
    expect(found.filter((text) => text.includes('entry 2, PartitionName'))).toHaveLength(2)
    expect(found.filter((text) => text.includes('PartitionEntryArrayCRC32'))).toHaveLength(2)
  })
})
