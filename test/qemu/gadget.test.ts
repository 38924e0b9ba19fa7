/**
 * Debian's kernel, as a board and the PC at the other end of its cable at once (dummy_hcd), runs the scripts that diskloom
 * writes for a board, and mounts over USB what diskloom wove into its disks. One boot for all cases.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { planGadgetFiles } from '../../src/gadget/gadget-files.js'
import { derivedMac } from '../../src/gadget/mass-storage/usb-identity.js'
import { readTemplates } from '../../src/gadget/template.js'
import { MIB } from '../support/image-spec.js'
import { loadText } from '../support/load-text.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'
import { withDebianKernel } from '../support/qemu-debian-kernel.js'
import { differencesOf } from '../support/qemu-differences.js'
import {
  copyVolume,
  extVolume,
  fatVolume,
  type JudgedDisk,
  type JudgedVolume,
  weaveDisk,
} from '../support/qemu-disk.js'
import { expectedEntries, keptEntries, sha256 } from '../support/qemu-entries.js'
import { bootGadget, type GadgetReport } from '../support/qemu-gadget.js'
import { parseEntries } from '../support/qemu-linux.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { extTree, fatTree, file, folder } from '../support/qemu-trees.js'

const SECTOR_BYTES = 512
const FAT: JudgedVolume = {
  name: 'fat',
  sizeBytes: 16 * MIB,
  volume: fatVolume('fat16', {}, 'STICK'),
  tree: fatTree(2048),
}
const EXT4: JudgedVolume = { name: 'ext4', sizeBytes: 16 * MIB, volume: extVolume('ext4'), tree: extTree(1024) }
const READ_ONLY: JudgedVolume = {
  name: 'read-only',
  sizeBytes: 4 * MIB,
  volume: fatVolume('fat'),
  tree: folder({ 'README.TXT': file('nobody writes here') }),
}
/** Of the application note: 5 MiB, whatever its name says. */
const BACKING_FILE: JudgedVolume = { name: 'part', sizeBytes: 5 * MIB, volume: fatVolume('fat'), tree: folder() }

/** The file of the note has the blanks and the quote that a script must survive. */
const BOARD_PATH = "it's the fat32.part"
/** As the config has it: not as the kernel resolves it. */
const BACKING_PATH = `/mnt/../${BOARD_PATH}`

const STORAGE = `
  serial: 0123456789ABCDEF
  manufacturer: "O'Neill & $HOME"
  product: 'a "stick" of \`diskloom\`'
  vendor_id: 0x0525
  product_id: 0xa4a5
  udc: { name: dummy_udc.0, controller: dummy_udc, wait: 5 }
  stall: true
  luns:
    - { file: /dev/vda, inquiry: 'LOOM    TWO PARTITIONS  1.0 ' }
    - { file: /dev/vdb, ro: true, removable: false, inquiry: 'LOOM    READ ONLY' }
    - ${JSON.stringify(BACKING_PATH)}
  harvest: { lun: 2, mount: /tmp/medium }
`
const CONFIGS = {
  storage: STORAGE,
  // There is no module for ncm on this board: ecm and its configuration are made before that.
  broken: '\n  functions: [ecm, ncm]\n  luns: [/dev/vdb]\n',
  elsewhere: '\n  udc: { name: 40040000.usb, wait: 1 }\n  luns: [/dev/vdb]\n',
  composite: '\n  functions: [acm, ecm]\n  luns: [{ file: /dev/vdb, ro: true }]\n',
}

async function boardFiles(): Promise<Record<string, string | Uint8Array>> {
  const templates = await readTemplates()
  return Object.fromEntries(
    Object.entries(CONFIGS).flatMap(([name, keys]) => {
      const { spec } = loadText(`image: stick.img\nsize: 8MiB\npartitions: [{ fs: fat }]\ngadget:${keys}`)
      return planGadgetFiles(spec.gadget!, { templates }).files.map(({ path, bytes }) => [
        name === 'storage' && path.endsWith('S50usb-gadget')
          ? 'etc/init.d/S50usb-gadget'
          : path.replace('gadget/', `gadget/${name}/`),
        bytes,
      ])
    }),
  )
}

describeWithTools(
  "the gadget's scripts on Debian's kernel",
  ['qemu-system-x86_64', 'setpriv', 'busybox', 'depmod', 'fsck.fat'],
  () =>
    withDebianKernel((kernel) => {
      const scratch = scratchFolder()
      let report: GadgetReport
      let disk: JudgedDisk
      let readOnly: JudgedDisk

      beforeAll(async () => {
        disk = weaveDisk(scratch, 'stick', [FAT, EXT4])
        readOnly = weaveDisk(scratch, 'read-only', [READ_ONLY], { table: 'none' })
        const part = weaveDisk(scratch, 'part', [BACKING_FILE], { table: 'none' })
        report = await bootGadget(kernel, scratch, {
          disks: [disk.path, readOnly.path],
          boardModules: ['usb_f_mass_storage', 'usb_f_acm', 'usb_f_ecm'],
          files: { ...(await boardFiles()), [BOARD_PATH]: readFileSync(part.path) },
        })
      }, TEST_TIMEOUT_MS)

      const linesOf = (name: string): readonly string[] => report.get(name)!.slice(0, -1)
      const statusOf = (name: string): number => Number(/^exit (\d+)$/.exec(report.get(name)!.at(-1)!)![1])

      function diskLines(): string[] {
        const sizes = [disk, readOnly].map(({ plan }) => plan.sizeBytes / SECTOR_BYTES)
        const partitions = disk.plan.partitions.map(
          ({ number, startByte, endByte }) =>
            `sda${number} ${startByte / SECTOR_BYTES} ${(endByte - startByte) / SECTOR_BYTES}`,
        )
        return [
          `sda ${sizes[0]} 0 1|LOOM    |TWO PARTITIONS  `,
          ...partitions,
          `sdb ${sizes[1]} 1 0|LOOM    |READ ONLY       `,
          `sdc ${BACKING_FILE.sizeBytes! / SECTOR_BYTES} 0 1|Linux   |File-Stor Gadget`,
        ]
      }

      /** Of `sda`, once the PC has it. */
      function listed(name: string, volume: JudgedVolume): string[] {
        return differencesOf(keptEntries(volume, parseEntries(linesOf(name))), expectedEntries(volume))
      }

      it('shows the PC a device with the strings of the config, whatever is in them', () => {
        expect(statusOf('start')).toBe(0)
        expect(linesOf('start')).toEqual(['usb-gadget: shown by dummy_udc.0'])
        expect(linesOf('usb')).toEqual([
          expect.stringMatching(/^0525:a4a5:00\|O'Neill & \$HOME\|a "stick" of `diskloom`\|0123456789ABCDEF\|\d+$/),
        ])
      })

      it('shows each LUN as the config has it, and the partitions where diskloom placed them', () => {
        expect(linesOf('disks')).toEqual(diskLines())
        expect(statusOf('status')).toBe(0)
        expect(linesOf('status')).toEqual([
          'usb-gadget: shown by dummy_udc.0, configured',
          'LUN 0: /dev/vda',
          'LUN 1: /dev/vdb',
          "LUN 2: /it's the fat32.part",
        ])
      })

      it('does nothing at a second start', () => {
        expect(statusOf('start again')).toBe(0)
        expect(linesOf('start again')).toEqual(['usb-gadget: is shown by dummy_udc.0 already'])
        expect(linesOf('usb after a second start')).toEqual(linesOf('usb'))
      })

      it('lets the PC read FAT and ext4 as they went in', () => {
        expect(listed('list fat', FAT)).toEqual([])
        expect(listed('list ext4', EXT4)).toEqual([])
      })

      it('lets nobody write to a read-only LUN', () => {
        expect(linesOf('write to what is read-only').at(-1)).toBe('unchanged')
        expect(linesOf('write to what is read-only').join('\n')).not.toMatch(/wrote/)
      })

      it('gives the board what the PC has written and ejected, and gives it to the PC again', () => {
        const written = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('')
        expect(linesOf('LUNs after ejection')).toContain('LUN 0: ')
        expect(linesOf('read on the board')).toEqual([`${sha256(Buffer.from(written))}  -`])
        expect(statusOf('insert')).toBe(0)
        expect(linesOf('LUNs after insertion')).toEqual(linesOf('status'))
        expect(statusOf('insert what there is not')).toBe(1)
        expect(linesOf('insert what there is not')).toEqual(['usb-gadget: there is no LUN "7"'])
        const path = copyVolume(disk, 'fat')
        expect(runTool('fsck.fat', ['-n', path])).toMatchObject({ status: 0 })
      })

      it('harvests between exports, and never while the PC has the medium', () => {
        expect(statusOf('harvest while the PC has it')).toBe(1)
        expect(linesOf('harvest while the PC has it')).toEqual([
          'usb-gadget: LUN 2: the host holds the medium; eject it there first',
        ])
        expect(['harvest', 'harvest append', 'harvest close'].map(statusOf)).toEqual([0, 0, 0])
        expect(statusOf('insert while the board has it')).toBe(1)
        // Of the command that it ran.
        expect(statusOf('harvest run')).toBe(3)
        expect(linesOf('harvested').join('').replaceAll(/\s+/g, '')).toBe(String.raw`one\r\ntwo\r\nthree\r\nfour\n`)
      })

      it('leaves nothing behind when it stops, also twice', () => {
        expect(statusOf('restart')).toBe(0)
        const numberOf = (name: string) => Number(/\d+$/.exec(linesOf(name)[0]!)![0])
        expect(numberOf('usb after a restart')).toBeGreaterThan(numberOf('usb'))
        expect(['stop', 'stop again', 'status after stop'].map(statusOf)).toEqual([0, 0, 3])
        expect(linesOf('after stop')).toEqual([])
      })

      it('does not start while the board itself has a medium mounted that the PC could write to', () => {
        expect(statusOf('start while the board has it mounted')).toBe(1)
        expect(linesOf('start while the board has it mounted')).toEqual([
          'usb-gadget: LUN 0: the board itself uses /dev/vda; two writers would destroy what is on it',
        ])
        expect(linesOf('after a start that was refused')).toEqual([])
      })

      it.each([
        ['a start that fails in the middle', 'after a start that failed', /functions\/ncm\.0: is the driver of this/],
        ['a start without its controller', 'after a start without its controller', /no 40040000\.usb in .* after 1 s/],
      ])('undoes %s', (start, after, said) => {
        expect(statusOf(start)).toBe(1)
        expect(linesOf(start).join('\n')).toMatch(said)
        expect(linesOf(start).at(-1)).toBe('usb-gadget: nothing is shown: what the start had made is undone')
        expect(linesOf(after)).toEqual([])
      })

      it('starts over what a start has left that was killed', () => {
        expect(statusOf('start over half a gadget')).toBe(0)
        expect(linesOf('disks over half a gadget')).toEqual(diskLines())
      })

      it('shows a serial port and a network beside storage, with the addresses of the seed', () => {
        expect(statusOf('composite start')).toBe(0)
        expect(linesOf('composite usb')).toEqual([
          expect.stringMatching(/^1d6b:0104:ef\|diskloom\|USB storage\|[0-9A-F]{12}\|\d+$/),
        ])
        expect(linesOf('composite interfaces')).toEqual([
          ...['02/06/00 cdc_ether', '0a/00/00 cdc_ether', '02/02/01 cdc_acm', '0a/00/00 cdc_acm'],
          '08/06/50 usb-storage',
        ])
        expect(linesOf('composite disks')).toEqual(['sda 8192 1 1|Linux   |File-Stor Gadget'])
        const seed = 'stick.img'
        const ends = ['host', 'dev'] as const
        expect(linesOf('composite network')).toEqual(ends.map((end) => derivedMac(seed, 'ecm', end)).sort())
        expect(linesOf('composite serial line')).toEqual(['over USB'])
        expect(statusOf('composite stop')).toBe(0)
        expect(linesOf('after the composite stop')).toEqual([])
      })

      it('gives the kernel nothing to complain about', () => {
        const complaints = report
          .get('messages')!
          .filter((line) => /WARNING|BUG|Oops|FAT-fs|EXT4-fs (error|warning)/.test(line))
        expect(complaints).toEqual([])
      })
    }, 'full'),
)
