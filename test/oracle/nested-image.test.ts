/** Volumes inside files of volumes: each judged by its own fsck, contents compared, and what is a hole where. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { importPackage } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const SIZE_BYTES = 5 << 20
const INNER = `{ fs: fat, size: 5MiB, label: HARVEST, options: { cluster_size: 2048 }, content: [
        { path: /README.TXT, text: "hello" },
        { path: /system.img, image: { fs: ext2, free: 64KiB, content: [{ path: /etc/hostname, text: board }] } }] }`

describeWithTools('a volume inside a file', ['fsck.fat', 'e2fsck', 'debugfs', 'mtype', 'mcopy', 'minfo'], () => {
  const scratch = scratchFolder()
  let count = 0

  /** The image's path. */
  async function built(partition: string, seed = 'nested'): Promise<string> {
    const image = `case-${++count}`
    const config = join(scratch, `${image}.yaml`)
    writeFileSync(
      config,
      `image: ${image}\ntable: none\nseed: ${seed}\nsource_date_epoch: 1767225600\npartitions:\n  - { name: data, ${partition} }\n`,
    )
    const { build } = await importPackage()
    await build({ config, out: join(scratch, 'out'), only: 'image', environment: {} })
    return join(scratch, 'out', image, image)
  }

  function dumped(image: string, path: string): string {
    const target = join(scratch, `dump-${++count}`)
    tool('debugfs', '-R', `dump ${path} ${target}`, image)
    return target
  }

  function judgeInner(fat: string): void {
    expect(statSync(fat).size).toBe(SIZE_BYTES)
    expect(runTool('fsck.fat', ['-n', fat])).toMatchObject({ status: 0 })
    expect(tool('mtype', '-i', fat, '::README.TXT')).toBe('hello')
    const system = join(scratch, `system-${++count}`)
    tool('mcopy', '-i', fat, '::system.img', system)
    expect(runTool('e2fsck', ['-fn', system])).toMatchObject({ status: 0 })
    expect(tool('debugfs', '-R', 'cat /etc/hostname', system)).toBe('board')
  }

  it('stands in ext4 as a file without a hole, and the volume inside it in turn', async () => {
    const image = await built(`size: 32MiB, fs: ext4, content: [{ path: /var/fat32.part, image: ${INNER} }]`)
    expect(runTool('e2fsck', ['-fn', image])).toMatchObject({ status: 0 })
    judgeInner(dumped(image, '/var/fat32.part'))
    // Blockcount is in sectors of 512 bytes: every block is allocated, so that nothing can run out under its user.
    const stat = tool('debugfs', '-R', 'stat /var/fat32.part', image)
    expect(Number(/Blockcount: (\d+)/.exec(stat)?.[1]) * 512).toBeGreaterThanOrEqual(SIZE_BYTES)
  })

  it('leaves holes in ext4 with holes: host, and reads the same', async () => {
    const content = `content: [{ path: /fat32.part, image: ${INNER} }]`
    const full = dumped(await built(`size: 32MiB, fs: ext4, ${content}`), '/fat32.part')
    for (const holes of ['host', 'all']) {
      const image = await built(`size: 32MiB, fs: ext4, holes: ${holes}, ${content}`)
      expect(runTool('e2fsck', ['-fn', image])).toMatchObject({ status: 0 })
      const stat = tool('debugfs', '-R', 'stat /fat32.part', image)
      expect(Number(/Blockcount: (\d+)/.exec(stat)?.[1]) * 512).toBeLessThan(SIZE_BYTES / 4)
      expect(readFileSync(dumped(image, '/fat32.part')).equals(readFileSync(full))).toBe(true)
    }
  })

  it('stands in FAT, and is as small as it can be where nothing else is said', async () => {
    const image = await built(
      'size: 16MiB, fs: fat, content: [{ path: /a.img, image: { fs: fat, content: [{ path: /x, text: y }] } }]',
    )
    const inner = join(scratch, 'a.img')
    tool('mcopy', '-n', '-i', image, '::a.img', inner)
    expect(runTool('fsck.fat', ['-n', inner])).toMatchObject({ status: 0 })
    // 32 KiB of data are the least that this FAT takes.
    expect(statSync(inner).size).toBeLessThan(64 << 10)
  })

  it('has an identifier by seed and path, whatever else is in it', async () => {
    const idOf = async (inner: string, path: string, seed?: string): Promise<string> => {
      const image = await built(`size: 16MiB, fs: ext2, content: [{ path: ${path}, image: ${inner} }]`, seed)
      return /serial number: (\w+)/.exec(tool('minfo', '-i', dumped(image, path), '::'))![1]!
    }
    const one = await idOf('{ fs: fat, size: 2MiB }', '/a.img')
    expect(await idOf('{ fs: fat, size: 3MiB, content: [{ path: /x, text: y }] }', '/a.img')).toBe(one)
    expect(await idOf('{ fs: fat, size: 2MiB }', '/b.img')).not.toBe(one)
    expect(await idOf('{ fs: fat, size: 2MiB }', '/a.img', 'another')).not.toBe(one)
    expect(await idOf('{ fs: fat, size: 2MiB, fs_uuid: 1234-ABCD }', '/a.img')).toBe('1234ABCD')
  })
})
