/** `flash --key` to loop devices: nothing is written unless it is what was signed, and what is written is what was verified. */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { alignDown, alignUp } from '../../src/bytes/align.js'
import { type FlashReceipt, flash } from '../../src/flash.js'
import { parseManifest } from '../../src/proof/manifest-schema.js'
import { entryOf, putTogether, takeApart } from '../support/forged-zip.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { makeRelease, type Release } from '../support/release.js'

const MIB = 1 << 20
const SIZE = 6 * MIB
const USED = 0xd1
const BLOCK = 4096
const TOOLS = ['losetup', 'lsblk', 'blkdiscard']
const config = (version: string) => `
image: board.img
version: "${version}"
size: 6MiB
source_date_epoch: 1760000000
partitions:
  - { name: kernel, size: 1MiB, fs: boot.bin }
  - { name: rootfs, size: 2MiB, fs: ext2/boot }
  - { name: spare, size: 1MiB }
`

describeWithTools(
  'flashing what was signed',
  TOOLS,
  () => {
    const folder = scratchFolder()
    const attached: string[] = []
    afterAll(() => {
      for (const device of attached) runTool('losetup', ['--detach', device])
    })
    let release: Release
    let card: { device: string; file: string }
    /** Runs of the image with places on the disk. */
    let specified: readonly (readonly [start: number, end: number])[]

    beforeAll(async () => {
      release = await makeRelease(folder, config('1.4'))
      const file = join(folder, 'card')
      writeFileSync(file, Buffer.alloc(SIZE, USED))
      card = { file, device: tool('losetup', '--find', '--show', file).trim() }
      attached.push(card.device)
      const { stretches } = parseManifest(readFileSync(join(release.folder, 'manifest.json')), 'manifest.json')
      specified = stretches.flatMap(({ start_byte, runs }) =>
        runs.map((run) => {
          const [offset, length] = run.split(':')[0]!.split('+').map(Number)
          return [start_byte + offset!, start_byte + offset! + length!] as const
        }),
      )
    })

    function clean(): void {
      const fd = openSync(card.device, 'w')
      writeSync(fd, Buffer.alloc(SIZE, USED))
      closeSync(fd)
    }

    async function write(
      source: string,
      options: Partial<Parameters<typeof flash>[0]> = {},
    ): Promise<{ receipts: readonly FlashReceipt[]; warnings: string[] }> {
      clean()
      const warnings: string[] = []
      const receipts = await flash({
        source,
        devices: [card.device],
        grow: false,
        verify: true,
        allowFixed: true,
        confirm: async () => {},
        onEvent: (event) => {
          if (event.kind === 'warning') warnings.push(event.problem.message)
        },
        ...options,
      })
      return { receipts, warnings }
    }

    const written = (): Buffer => readFileSync(card.device)

    /** The device has what the image specifies, and is as it was elsewhere, but for its wiped ends. */
    function expectSpecifiedOnly(): void {
      const bytes = written()
      const image = readFileSync(release.image)
      const wanted = Buffer.alloc(SIZE, USED)
      wanted.fill(0, 0, MIB)
      wanted.fill(0, SIZE - MIB)
      // Whole blocks are written, with zeros around what is specified.
      for (const [start, end] of specified) wanted.fill(0, alignDown(start, BLOCK), alignUp(end, BLOCK))
      for (const [start, end] of specified) image.copy(wanted, start, start, end)
      expect(bytes.equals(wanted)).toBe(true)
    }

    it('writes what the manifest specifies, from the bundle and from the raw image beside it', async () => {
      const key = release.keys.open
      for (const source of [release.zip, release.image]) {
        const { receipts, warnings } = await write(source, { key, minVersion: '1.4' })
        expectSpecifiedOnly()
        expect(warnings).toEqual([])
        expect(receipts[0]!.release).toEqual({ image: 'board.img', version: '1.4', source_date_epoch: 1760000000 })
      }
    })

    it('writes what it verified when the file is changed between that and the first byte', async () => {
      for (const name of ['board.img', 'board.img.zip']) {
        const beside = join(folder, `changed-${name}`)
        mkdirSync(beside)
        for (const file of [name, 'manifest.json', 'manifest.json.sig']) {
          copyFileSync(join(release.folder, file), join(beside, file))
        }
        const source = join(beside, name)
        await write(source, {
          key: release.keys.open,
          async confirm() {
            const { size, atime, mtime } = statSync(source)
            const fd = openSync(source, 'r+')
            writeSync(fd, Buffer.alloc(size, 'EVIL'), 0, size, 0)
            closeSync(fd)
            utimesSync(source, atime, mtime)
          },
        })
        expectSpecifiedOnly()
      }
    })

    it('writes nothing where a byte is another, and says what', async () => {
      const image = readFileSync(release.image)
      const evil = Buffer.from(image)
      evil.write('EVIL', MIB + 1000)
      const gap = Buffer.from(image)
      gap.write('EVIL', 32768)
      for (const [content, says] of [
        [evil, /partition "kernel"/],
        [gap, /byte 32768 of the disk is 0x45, 0x00 is expected where the manifest specifies nothing/],
      ] as const) {
        const parts = takeApart(readFileSync(release.zip))
        parts.entries[0] = entryOf('board.img', content)
        const source = join(folder, 'evil.zip')
        writeFileSync(source, putTogether(parts))
        await expect(write(source, { key: release.keys.open })).rejects.toThrow(says)
        expect(written().equals(Buffer.alloc(SIZE, USED))).toBe(true)
      }
    })

    it('does not take another key, no signature, an older version or a source that cannot be checked', async () => {
      const other = await makeRelease(folder, config('1.10'))
      const unsigned = await makeRelease(folder, config('1.4'), { signingKey: undefined })
      const key = release.keys.open
      await expect(write(other.zip, { key })).rejects.toThrow(/is no signature of it by this key/)
      await expect(write(unsigned.zip, { key })).rejects.toThrow(/it is not signed/)
      await expect(write(release.zip, { key, minVersion: '1.10' })).rejects.toThrow(
        /it is version 1\.4, 1\.10 or a newer one is expected/,
      )
      await expect(write(release.zip, { minVersion: '1.0' })).rejects.toThrow(/--min-version without --key/)
      await expect(write('-', { key })).rejects.toThrow(/standard input/)
      await expect(write(join(release.project, 'board.yaml'), { key })).rejects.toThrow(/a config by --key/)
      await expect(write(release.zip, { key, bmap: 'any' })).rejects.toThrow(/a block map with --key/)
      expect(written().equals(Buffer.alloc(SIZE, USED))).toBe(true)
      await write(other.zip, { key: other.keys.open, minVersion: '1.4' })
    })

    it('warns of a signed source that nothing checks, and of no other', async () => {
      const unsigned = await makeRelease(folder, config('1.4'), { signingKey: undefined })
      expect((await write(release.zip)).warnings).toEqual([
        `${release.zip} is signed, and its signature is not checked`,
      ])
      expect((await write(release.image)).warnings).toHaveLength(1)
      expect((await write(unsigned.zip)).warnings).toEqual([])
    })
  },
  { root: true },
)
