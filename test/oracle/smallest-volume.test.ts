/** `size: auto` from a config to the disk: what was chosen is what is planned, told and written, wherever a volume stands. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { makeProject } from '../support/rejected-build.js'
import { cli, cliJson } from '../support/run-cli.js'

const NAMES = Array.from({ length: 600 }, (_, index) => `F${index}`)
const FILES = Object.fromEntries(NAMES.map((name) => [`tree/${name}`, 'x']))
const CHOSEN = ['fs: fat12', 'cluster_size: 512', 'root_entries: 608']

interface PlannedPartition {
  readonly startByte: number
  readonly sizeBytes: number
  readonly volume: { readonly format: string; readonly chosen?: readonly string[]; readonly cluster_size: number }
}

describeWithTools('the smallest volume on a disk', ['fsck.fat', 'mkfs.fat', 'mcopy', 'mdir', 'setpriv'], () => {
  const scratch = scratchFolder()

  async function build(partitions: string): Promise<{ folder: string; planned: PlannedPartition[] }> {
    const config = `image: x\nsource_date_epoch: 1700000000\n${partitions}`
    const folder = makeProject(scratch, { config, files: FILES })
    const events = await cliJson('plan', join(folder, 'board.yaml'))
    await cli('build', join(folder, 'board.yaml'), '--out', join(folder, 'out'), '--only', 'image', '-q')
    return {
      folder,
      planned: (events.find(({ event }) => event === 'plan')!.plan as { partitions: PlannedPartition[] }).partitions,
    }
  }

  function volumeOf(folder: string, { startByte, sizeBytes }: PlannedPartition): string {
    const path = join(folder, 'volume')
    const bytes = readFileSync(join(folder, 'out', 'x', 'x')).subarray(startByte, startByte + sizeBytes)
    writeFileSync(path, bytes)
    return path
  }

  it.each(['native', 'host'])('is planned, told and written by engine %s', async (engine) => {
    const { folder, planned } = await build(
      `partitions:\n  - { name: p, fs: fat/tree, size: auto, engine: ${engine} }\n`,
    )
    const [partition] = planned
    // mkfs.fat would take FAT32 for 600 names in the root, and 512 MiB.
    expect(partition!.sizeBytes).toBeLessThan(400 * 1024)
    expect(partition!.volume).toMatchObject({ format: 'fat12', chosen: CHOSEN })
    const volume = volumeOf(folder, partition!)
    tool('fsck.fat', '-n', volume)
    expect(tool('mdir', '-b', '-i', volume, '::').trim().split('\n')).toHaveLength(NAMES.length)
    expect(await cli('plan', join(folder, 'board.yaml'))).toContain(`smallest with ${CHOSEN.join(', ')}`)
  })

  it('fills the erase blocks of flash, inside UBI and out of it, and a file', async () => {
    const { planned } = await build(`table: mtd
size: 8MiB
erase_block: 64KiB
partitions:
  - { name: p, fs: fat/tree, size: auto }
`)
    expect(planned[0]!.volume.chosen?.[0]).toMatch(/^fs: fat1[26]$/)
    expect(planned[0]!.sizeBytes % (64 * 1024)).toBe(0)
    expect(planned[0]!.sizeBytes).toBeLessThan(512 * 1024)
    const ubi = await build(`table: mtd
size: 8MiB
erase_block: 128KiB
mtd: { min_io_size: 2KiB }
partitions:
  - name: u
    fs: ubi
    size: auto
    volumes: [{ name: v, fs: fat/tree }]
`)
    expect(JSON.stringify(ubi.planned[0]!.volume)).toContain('chosen fs: fat12')
    const nested = await build(`partitions:
  - { name: n, fs: ext4, size: auto, content: [{ path: /a.img, image: { fs: fat, content: [tree] } }] }
`)
    expect(nested.planned[0]!.sizeBytes).toBeLessThan(3 << 20)
  })
})
