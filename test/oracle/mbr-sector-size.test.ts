/** An MBR does not say how long its sectors are; a build's manifest beside the image does. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openImage } from '../../src/inspect.js'
import { scratchFolder } from '../support/oracle.js'
import { cli, runCli } from '../support/run-cli.js'

const MIB = 1 << 20

it('reads an MBR on 4096-byte sectors by the manifest that lies beside it, and build --verify too', async () => {
  const scratch = scratchFolder()
  const config = join(scratch, 'board.yaml')
  writeFileSync(
    config,
    'image: board.img\nsize: 16MiB\ntable: mbr\nsector_size: 4096\nsource_date_epoch: 1760000000\npartitions:\n' +
      '  - { name: boot, start: 1MiB, size: 4MiB, fs: fat }\n  - { name: root, size: 8MiB, fs: ext4 }\n',
  )
  await cli('build', config, '--out', join(scratch, 'out'), '--verify')
  const folder = join(scratch, 'out', 'board.img')
  const placesOf = async (path: string) => {
    const disk = await openImage(path)
    try {
      return disk.partitions.map(({ startByte, sizeBytes }) => [startByte / MIB, sizeBytes / MIB])
    } finally {
      disk.close()
    }
  }
  const right = [
    [1, 4],
    [5, 8],
  ]
  for (const path of [folder, join(folder, 'board.img'), join(folder, 'board.img.zip')]) {
    expect(await placesOf(path)).toEqual(right)
    expect(await runCli('verify', path, '--structure')).toMatchObject({ status: 0 })
  }
  // Alone it says nothing else than 512, as Linux takes it on a disk of such sectors.
  const alone = join(scratch, 'alone')
  mkdirSync(alone)
  copyFileSync(join(folder, 'board.img'), join(alone, 'board.img'))
  expect(await placesOf(join(alone, 'board.img'))).not.toEqual(right)
  // A manifest that cannot be read does not keep an image from being looked at.
  writeFileSync(join(alone, 'manifest.json'), '{"manifest_version":1')
  expect(await runCli('inspect', join(alone, 'board.img'))).toMatchObject({ status: 0 })
})
