/** Formats that are named only: made by their own tools, and told as blkid tells them. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadReadings } from '../../src/filesystems/registry.js'
import { ImageView } from '../../src/image/image-view.js'
import { openContent } from '../../src/inspect/open-content.js'
import { ImageFile } from '../../src/readers/image-file.js'
import { wholeFile, withZerosFound } from '../../src/readers/raw-image.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const READINGS = await loadReadings()

const scratch = scratchFolder()
const UUID = '6b3f5f1c-2c0e-4d35-9a3c-6a1f7c9d1e55'

/** Of a file of `bytes` that `make` was run on. */
const FORMATS: [name: string, bytes: number, make: (path: string) => string[]][] = [
  ['squashfs', 0, (path) => ['mksquashfs', __dirname, path, '-quiet', '-no-progress', '-noappend']],
  ['erofs', 0, (path) => ['mkfs.erofs', '-U', UUID, path, __dirname]],
  ['btrfs', 128 << 20, (path) => ['mkfs.btrfs', '-q', '-L', 'a label', path]],
  ['xfs', 320 << 20, (path) => ['mkfs.xfs', '-q', '-L', 'twelve chars', path]],
  ['f2fs', 64 << 20, (path) => ['mkfs.f2fs', '-q', '-l', 'f2fs label', path]],
  ['swap', 1 << 20, (path) => ['mkswap', '-L', 'swap', '-U', UUID, path]],
]

function contentOf(path: string) {
  const file = new ImageFile(path)
  const view = ImageView.of(withZerosFound(wholeFile(file)), path)
  const { volume: _, ...content } = openContent(view, READINGS)
  view.close()
  file.close()
  return content
}

describeWithTools(
  'a format that is named only',
  ['mksquashfs', 'mkfs.erofs', 'mkfs.btrfs', 'mkfs.xfs', 'mkfs.f2fs', 'mkswap', 'cryptsetup', 'veritysetup', 'blkid'],
  () => {
    beforeAll(() => {
      for (const [name, bytes, make] of FORMATS) {
        const path = join(scratch, name)
        if (bytes > 0) sized(path, bytes)
        const [program, ...args] = make(path)
        tool(program!, ...args)
      }
    })

    it.each(FORMATS.map(([name]) => name))('%s has the name, label and UUID that blkid tells', (name) => {
      const path = join(scratch, name)
      const { format, label, uuid } = contentOf(path)
      expect({ format, label, uuid }).toEqual(blkid(path))
    })

    it.each(['luks1', 'luks2'])('%s', (type) => {
      const path = join(scratch, type)
      sized(path, 32 << 20)
      writeFileSync(join(scratch, 'key'), 'secret')
      const cheap = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', '--batch-mode']
      const label = type === 'luks2' ? ['--label', 'locked'] : []
      tool('cryptsetup', 'luksFormat', '--type', type, ...cheap, ...label, path, join(scratch, 'key'))
      const { format, label: found, uuid } = contentOf(path)
      expect({ format, label: found, uuid }).toEqual(blkid(path))
    })

    it('dm-verity', () => {
      const path = join(scratch, 'hashes')
      tool('veritysetup', 'format', '--uuid', UUID, join(scratch, 'erofs'), path)
      const { format, uuid } = contentOf(path)
      expect({ format, label: undefined, uuid }).toEqual(blkid(path))
    })
  },
)

describe('what is none of the formats', () => {
  it('is zeros, or unknown', () => {
    const path = join(scratch, 'plain')
    sized(path, 1 << 20)
    expect(contentOf(path)).toEqual({ format: 'zeros' })
    writeFileSync(path, Buffer.alloc(4096, 'no volume '))
    expect(contentOf(path)).toEqual({ format: 'unknown' })
    writeFileSync(path, 'short')
    expect(contentOf(path)).toEqual({ format: 'unknown' })
  })

  it.each([
    ['u-boot-image', 0, '27051956'],
    ['allwinner-egon', 4, '65474f4e2e425430'],
    ['rockchip-idblock', 0, '3b8cdcfc'],
    ['imx-ivt', 0, 'd1002041'],
    ['amlogic-bl2', 16, '40414d4c'],
    ['stm32-image', 0, '53544d32'],
    ['arm64-kernel', 56, '41524d64'],
    ['device-tree', 0, 'd00dfeed'],
    ['u-boot-fit', 0, `d00dfeed${'00'.repeat(60)}00000001696d61676573000000`],
  ])('%s is told by bytes at %i', (format, offset, hex) => {
    const path = join(scratch, 'blob')
    const blob = Buffer.alloc(4096, 0x41)
    blob.write(hex, offset, 'hex')
    writeFileSync(path, blob)
    expect(contentOf(path).format).toBe(format)
  })
})

function sized(path: string, bytes: number): void {
  writeFileSync(path, '')
  truncateSync(path, bytes)
}

function blkid(path: string): { format?: string; label?: string; uuid?: string } {
  const lines = tool('blkid', '-p', '-o', 'export', path).split('\n')
  const value = (key: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .replace(/\\ /g, ' ')
  return { format: value('TYPE')!, label: value('LABEL')!, uuid: value('UUID')! }
}
