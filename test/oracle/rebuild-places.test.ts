/** `verify --rebuild` names the structure that a damaged byte belongs to, whatever layout its volume has. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { DifferenceError } from '../../src/errors.js'
import { compareWithBuild } from '../../src/verify.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()

/** The first finding after one byte of a volume was damaged. */
async function findingAt(options: string, byteOfDisk: number, value: number): Promise<string> {
  const config = join(scratch, 'meta.yaml')
  const out = join(scratch, `out-${byteOfDisk}`)
  writeFileSync(
    config,
    `image: m.img\nsource_date_epoch: 1700000000\npartitions:\n  - { name: root, size: 256MiB, fs: ext4, options: ${options} }\n`,
  )
  await build({ config, out, only: 'image' })
  const image = join(out, 'm.img', 'm.img')
  const fd = openSync(image, 'r+')
  writeSync(fd, Buffer.of(value), 0, 1, byteOfDisk)
  closeSync(fd)
  try {
    await compareWithBuild({ config, image })
    return 'no difference'
  } catch (error) {
    if (!(error instanceof DifferenceError)) throw error
    return error.problems[0]!.message
  }
}

const META_BG = "{ features: ['meta_bg', '^resize_inode'] }"

describe('a byte of an ext4 volume with meta_bg', () => {
  it('is named as the descriptor of its group, which lies in a later group', async () => {
    expect(await findingAt(META_BG, 135_267_328, 3)).toContain('descriptor of group 16, bg_block_bitmap_lo')
  })

  it('is named as the inode of a later group', async () => {
    expect(await findingAt(META_BG, 137_398_272, 3)).toContain('inode 40961, i_mode')
  })
})

describe('a byte of an ext4 volume with the table of descriptors after each superblock', () => {
  it('is named as the copy of a descriptor', async () => {
    // Group 1 of a volume with blocks of 1 KiB begins at block 8193, its descriptors one block later.
    expect(await findingAt('{ block_size: 1KiB }', 1024 * 1024 + 8194 * 1024, 0xff)).toContain(
      'descriptor of group 0, copy in group 1, bg_block_bitmap_lo',
    )
  })
})
