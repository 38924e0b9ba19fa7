/**
 * Each ready config builds, and what it builds holds under the other tools. (configs/emmc-8g: main-job.test.ts; what has no
 * partition table: at the end.)
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkOutConfig } from '../support/check-out.js'
import { CONFIGS, diskloom } from '../support/diskloom.js'
import { dumpJffs2, openFile } from '../support/jffs2-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { readBytes } from '../support/read-content.js'
import { copyRange } from '../support/sparse.js'

const SECTOR = 512
/** Where the ROM of these boards looks. */
const LOADER_OFFSET_BYTES = 8192
const scratch = scratchFolder()

interface ListedPartition {
  start: number
  size: number
  type: string
  name?: string
  bootable?: boolean
}

interface Expected {
  config: string
  image: string
  label: 'dos' | 'gpt'
  /** Of each partition in the table, as sfdisk numbers them: its type and the checker of its file system. */
  partitions: { type: string; fsck?: 'e2fsck' | 'fsck.fat'; bootable?: true }[]
}

const LINUX_GUID = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'
const ESP_GUID = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'
const ROOT_ARM64_GUID = 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE'

const EXPECTED: Expected[] = [
  {
    config: 'sdcard-mbr',
    image: 'sdcard.img',
    label: 'dos',
    partitions: [
      { type: 'c', fsck: 'fsck.fat', bootable: true },
      { type: '83', fsck: 'e2fsck' },
    ],
  },
  {
    config: 'mbr-logical',
    image: 'logical.img',
    label: 'dos',
    partitions: [
      { type: '6', fsck: 'fsck.fat', bootable: true },
      { type: 'da' },
      { type: '83', fsck: 'e2fsck' },
      { type: 'f' },
      { type: '83', fsck: 'e2fsck' },
      { type: '83', fsck: 'e2fsck' },
      { type: '82' },
      { type: '83' },
    ],
  },
  {
    config: 'ab-slots',
    image: 'ab-slots.img',
    label: 'gpt',
    partitions: [
      { type: ESP_GUID, fsck: 'fsck.fat' },
      { type: ROOT_ARM64_GUID, fsck: 'e2fsck' },
      { type: ROOT_ARM64_GUID, fsck: 'e2fsck' },
      { type: LINUX_GUID, fsck: 'e2fsck' },
    ],
  },
  {
    config: 'usb-stick',
    image: 'usb-stick.img',
    label: 'dos',
    partitions: [{ type: 'c', fsck: 'fsck.fat' }],
  },
]

describe('the ready configs', () => {
  it('are all tested here or in main-job.test.ts', () => {
    const folders = readdirSync(CONFIGS, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const elsewhere = ['emmc-8g', 'stm32f7-som']
    expect(folders.map(({ name }) => name).sort()).toEqual(
      [...EXPECTED.map(({ config }) => config), ...elsewhere].sort(),
    )
  })
})

describeWithTools('each ready config', ['sfdisk', 'e2fsck', 'fsck.fat', 'unzip', 'python3'], () => {
  describe.each(EXPECTED)('$config', ({ config, image: imageName, label, partitions }) => {
    const folder = join(scratch, 'out', imageName)
    const image = join(folder, imageName)
    let listed: ListedPartition[]

    beforeAll(() => {
      const source = join(scratch, config)
      checkOutConfig(config, source)
      diskloom(['build', join(source, `${config}.yaml`), '--out', join(scratch, 'out'), '--quiet'])
      const { partitiontable } = JSON.parse(tool('sfdisk', '-J', image)) as {
        partitiontable: { label: string; partitions: ListedPartition[] }
      }
      expect(partitiontable.label).toBe(label)
      listed = partitiontable.partitions
    })

    it('has its partitions, sound under sfdisk', () => {
      expect(listed.map(({ type, bootable }) => (bootable ? { type, bootable } : { type }))).toEqual(
        partitions.map(({ type, bootable }) => (bootable ? { type, bootable } : { type })),
      )
      const { status, stdout, stderr } = runTool('sfdisk', ['--verify', image])
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 })
    })

    it('has file systems in which the checkers find nothing', () => {
      for (const [index, { fsck }] of partitions.entries()) {
        if (fsck === undefined) continue
        const volume = join(scratch, `${config}-${index}`)
        copyRange(image, volume, listed[index]!.start * SECTOR, listed[index]!.size * SECTOR)
        const args = fsck === 'e2fsck' ? ['-fn', volume] : ['-n', volume]
        const { status, stdout, stderr } = runTool(fsck, args)
        expect({ index, status, said: stdout + stderr }).toMatchObject({ status: 0 })
      }
    })

    it('has a zip that unpacks to the same image', () => {
      const [zip] = readdirSync(folder).filter((name) => name.endsWith('.zip'))
      tool('sh', '-c', 'unzip -p "$1" "$2" | cmp - "$3"', 'sh', join(folder, zip!), imageName, image)
    })
  })

  it('sdcard-mbr has its loader at 8 KiB, outside the table', () => {
    const loader = readFileSync(join(CONFIGS, 'sdcard-mbr/loader.bin'))
    const found = join(scratch, 'loader.bin')
    copyRange(join(scratch, 'out/sdcard.img/sdcard.img'), found, LOADER_OFFSET_BYTES, loader.length)
    expect(readFileSync(found).equals(loader)).toBe(true)
  })

  it('ab-slots tells its slots apart by name and attributes', () => {
    const { partitiontable } = JSON.parse(tool('sfdisk', '-J', join(scratch, 'out/ab-slots.img/ab-slots.img'))) as {
      partitiontable: { partitions: { name: string; attrs?: string }[] }
    }
    expect(partitiontable.partitions.map(({ name, attrs = '' }) => [name, attrs])).toEqual([
      ['esp', ''],
      ['system-a', 'GUID:49,56'],
      ['system-b', 'GUID:48'],
      ['state', ''],
    ])
  })
})

describeWithTools('the flash of stm32f7-som', ['jffs2dump', 'fsck.fat', 'mtype', 'mkenvimage', 'dtc'], () => {
  const source = join(scratch, 'stm32f7-som')
  const folder = join(scratch, 'out/nor.bin')
  let flash: Buffer

  beforeAll(() => {
    checkOutConfig('stm32f7-som', source)
    diskloom(['build', join(source, 'stm32f7-som.yaml'), '--out', join(scratch, 'out'), '--quiet'])
    flash = readFileSync(join(folder, 'nor.bin'))
  })

  it('has its partitions where the application note has them', () => {
    expect(flash).toHaveLength(16 << 20)
    expect(readFileSync(join(folder, 'spi_part.cfg'), 'utf8')).toBe(
      'flash_uboot_env 0x0 0x20000\nflash_linux_image 0x20000 0xa00000\nflash_jffs2 0xa20000 0x5e0000\nend 0x0 0x0\n',
    )
    const kernel = readFileSync(join(source, 'rootfs.uImage'))
    expect(flash.subarray(0x20000, 0x20000 + kernel.length).equals(kernel)).toBe(true)
    expect(flash.subarray(0x20000 + kernel.length, 0xa20000).every((byte) => byte === 0xff)).toBe(true)
  })

  it('has the environment that mkenvimage makes', () => {
    const path = join(scratch, 'env.bin')
    tool('mkenvimage', '-s', String(0x20000), '-o', path, join(source, 'u-boot-env.txt'))
    expect(flash.subarray(0, 0x20000).equals(readFileSync(path))).toBe(true)
  })

  it('has the backing file in JFFS2, formatted', () => {
    const path = join(scratch, 'jffs2')
    writeFileSync(path, flash.subarray(0xa20000))
    expect(dumpJffs2(path).complaints).toEqual([])
    const { children } = openFile(path).tree()
    const file = [...children.values()][0]!
    expect([...children.keys()]).toEqual(['fat32.part'])
    const part = join(scratch, 'fat32.part')
    writeFileSync(part, file.type === 'file' ? readBytes(file.content) : '')
    expect(runTool('fsck.fat', ['-n', part])).toMatchObject({ status: 0 })
    expect(tool('mtype', '-i', part, '::README.TXT')).toContain('data.log')
  })

  it('has partitions that dtc takes in the board file', () => {
    const board = readFileSync(join(folder, 'gadget/rootfs.dts.STM32F7'), 'utf8')
    expect(board).toContain('dr_mode = "peripheral"')
    const path = join(scratch, 'board.dts')
    writeFileSync(path, board + readFileSync(join(folder, 'partitions.dtsi'), 'utf8'))
    tool('dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', join(scratch, 'board.dtb'), path)
  })
})
