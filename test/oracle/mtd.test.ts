/**
 * `table: mtd` and what goes with it: the flash's bytes; the partition node, which dtc compiles; the environment, byte by byte
 * mkenvimage's and read by fw_printenv.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { importPackage } from '../support/diskloom.js'
import { dumpJffs2 } from '../support/jffs2-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const KIB = 1024
const ENVIRONMENT = `# The board's environment
bootcmd=run flashboot
bootargs=console=ttyS0,115200 panic=10 \\
user_debug=8

flashboot=bootm 60020000
empty_looking= # no comment
`

describeWithTools(
  'a flash with MTD partitions',
  ['dtc', 'fdtget', 'mkenvimage', 'fw_printenv', 'jffs2dump', 'unzip'],
  () => {
    const scratch = scratchFolder()
    const at = (name: string): string => join(scratch, name)
    let count = 0
    writeFileSync(at('env.txt'), ENVIRONMENT)
    writeFileSync(at('linux'), Buffer.alloc(1000, 'linux'))

    /** The folder of outputs and the image in it. */
    async function built(config: string, only?: 'image'): Promise<{ folder: string; bytes: Buffer }> {
      const name = `flash-${++count}`
      writeFileSync(at(`${name}.yaml`), `image: ${name}\ntable: mtd\nsource_date_epoch: 1767225600\n${config}`)
      const { build } = await importPackage()
      await build({ config: at(`${name}.yaml`), out: at('out'), environment: {}, ...(only && { only }) })
      const folder = at(`out/${name}`)
      return { folder, bytes: readFileSync(join(folder, name)) }
    }

    it('is erased wherever nothing stands, and every file tells the same places', async () => {
      const { folder, bytes } = await built(`size: 2MiB
mtd: { id: spi0.0, node: '&nor' }
erase_block: 64KiB
partitions:
  - { name: boot, size: 128KiB, fs: linux, attributes: [read_only] }
  - { name: spare, size: 64KiB }
  - { name: data, start: 0x80000, size: rest, fs: jffs2 }
`)
      expect(bytes).toHaveLength(2048 * KIB)
      expect(bytes.subarray(1000, 512 * KIB).every((byte) => byte === 0xff)).toBe(true)
      const text = (file: string): string => readFileSync(join(folder, file), 'utf8')
      expect(text('mtdparts.txt')).toBe('mtdparts=spi0.0:128k(boot)ro,64k(spare),1536k@0x80000(data)\n')
      expect(text('spi_part.cfg')).toBe('boot 0x0 0x20000\nspare 0x20000 0x10000\ndata 0x80000 0x180000\nend 0x0 0x0\n')
      writeFileSync(at('data'), bytes.subarray(512 * KIB))
      expect(dumpJffs2(at('data')).complaints).toEqual([])

      writeFileSync(at('board.dts'), `/dts-v1/;\n/ { nor: flash@0 { reg = <0 0>; }; };\n${text('partitions.dtsi')}`)
      tool('dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', at('board.dtb'), at('board.dts'))
      const get = (node: string, ...args: string[]): string =>
        tool('fdtget', ...args.slice(1), at('board.dtb'), `/flash@0/partitions${node}`, args[0]!).trim()
      expect(get('', 'compatible')).toBe('fixed-partitions')
      expect(get('/partition@80000', 'label')).toBe('data')
      expect(get('/partition@80000', 'reg', '-t', 'x')).toBe('80000 180000')
      expect(runTool('fdtget', [at('board.dtb'), '/flash@0/partitions/partition@0', 'read-only']).status).toBe(0)
      expect(runTool('fdtget', [at('board.dtb'), '/flash@0/partitions/partition@20000', 'read-only']).status).not.toBe(
        0,
      )

      const listed = tool('unzip', '-Z1', join(folder, `flash-${count}.zip`)).split('\n')
      expect(listed).toEqual(expect.arrayContaining(['mtdparts.txt', 'partitions.dtsi', 'spi_part.cfg']))
      const manifest = JSON.parse(text('manifest.json'))
      expect(manifest.image.table).toBe('mtd')
      expect(manifest.partitions.map(({ number }: { number: number }) => number)).toEqual([0, 1, 2])
    })

    it('is as long as its last partition where it has no size', async () => {
      const { bytes } = await built('partitions:\n  - { name: a, fs: linux }\n  - { name: b, fs: linux }\n', 'image')
      expect(bytes).toHaveLength(256 * KIB)
    })

    it.each([
      ['little', [], '{ padding: 0xFF }'],
      ['big', ['-b'], '{ byte_order: big }'],
      ['padded with zeros', ['-p', '0'], '{ padding: 0 }'],
      ['redundant', ['-r'], '{ redundant: active }'],
      ['redundant and big', ['-r', '-b'], '{ redundant: active, byte_order: big }'],
    ])('has the environment that mkenvimage makes: %s', async (_, args, options) => {
      const { bytes } = await built(
        `partitions:\n  - { name: env, size: 128KiB, fs: u-boot-env/env.txt, options: ${options} }\n`,
        'image',
      )
      tool('mkenvimage', ...args, '-s', String(128 * KIB), '-o', at('env.bin'), at('env.txt'))
      expect(bytes.equals(readFileSync(at('env.bin')))).toBe(true)
    })

    it('has an environment that fw_printenv reads, of two copies the active one', async () => {
      const { folder } = await built(`partitions:
  - name: env
    size: 256KiB
    fs: u-boot-env
    content: [{ path: /uboot.env, text: "a=1\\nserial=42\\n" }]
    options: { size: 64KiB, redundant: both }
`)
      const image = join(folder, `flash-${count}`)
      writeFileSync(at('fw_env.config'), `${image} 0x0 0x10000\n${image} 0x20000 0x10000\n`)
      const printed = runTool('fw_printenv', ['-c', at('fw_env.config')])
      expect(printed).toMatchObject({ status: 0, stdout: 'a=1\nserial=42\n' })
      // The first copy destroyed, the second one holds.
      const bytes = readFileSync(image)
      bytes.fill(0, 0, 100)
      writeFileSync(image, bytes)
      expect(runTool('fw_printenv', ['-c', at('fw_env.config'), '-n', 'serial']).stdout).toBe('42\n')
    })

    it('may be a file in a FAT, as boards with a card have it', async () => {
      const { bytes } = await built(
        `partitions:
  - name: boot
    size: 1MiB
    fs: fat
    content: [{ path: /uboot.env, image: { fs: u-boot-env/env.txt, options: { size: 16KiB } } }]
`,
        'image',
      )
      tool('mkenvimage', '-s', String(16 * KIB), '-o', at('env.bin'), at('env.txt'))
      expect(bytes.includes(readFileSync(at('env.bin')))).toBe(true)
    })
  },
)
