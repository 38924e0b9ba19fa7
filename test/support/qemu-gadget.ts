/**
 * One boot of Debian's kernel as a board and its PC at once; test/qemu/guest/gadget.sh is what runs in it. The initial RAM
 * file system is diskloom's too: its module lists, read as a list of gen_init_cpio and written as a cpio.
 */
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GadgetSpec } from '../../src/config/spec.js'
import { planGadgetFiles } from '../../src/gadget/gadget-files.js'
import { readGadgetInputs } from '../../src/gadget/read-gadget-inputs.js'
import { planCpio } from '../../src/tree/cpio-image.js'
import { cpioListTree } from '../../src/tree/cpio-list.js'
import { PROJECT } from './diskloom.js'
import { materialize } from './materialize.js'
import type { DebianKernel } from './qemu-debian-kernel.js'
import { withMachine } from './qemu-machine.js'

/** The board's controller and disks, and what the PC needs for what it will find. */
const EARLY_MODULES = [
  ...['virtio_pci', 'virtio_blk', 'dummy_hcd', 'loop'],
  ...['usb_storage', 'sd_mod', 'sg', 'cdc_acm', 'cdc_ether'],
  ...['vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859_1', 'nls_utf8', 'ext4'],
]
const BUSYBOX = '/bin/busybox'
const TIME = { seconds: 1_767_225_600, nanoseconds: 0 }
const REPORT_BYTES = 4 << 20

export interface GadgetBoot {
  /** The board's disks, /dev/vda, /dev/vdb …; all may be written. */
  readonly disks: readonly string[]
  /** Names of modules that the board's scripts insert themselves. */
  readonly boardModules: readonly string[]
  /** Path on the board, without the slash before it → content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
}

/** Lines by the name of a run; of each the last is `exit STATUS`. */
export type GadgetReport = ReadonlyMap<string, readonly string[]>

export async function bootGadget(kernel: DebianKernel, scratch: string, boot: GadgetBoot): Promise<GadgetReport> {
  const initramfs = await writeBoardInitramfs(kernel, scratch, boot)
  const report = join(scratch, 'report')
  writeFileSync(report, '')
  truncateSync(report, REPORT_BYTES)
  const reportDisk = `vd${String.fromCharCode('a'.charCodeAt(0) + boot.disks.length)}`
  await withMachine(
    {
      board: 'q35',
      memoryMib: 512,
      disks: [...boot.disks, report].map((path) => ({ path, writable: true })),
      args: [
        ...['-kernel', kernel.imagePath, '-initrd', initramfs],
        ...['-append', `console=ttyS0 quiet panic=-1 report=${reportDisk}`],
      ],
    },
    (machine) => machine.waitForPowerOff(),
  )
  return parseReport(readFileSync(report, 'latin1'))
}

async function writeBoardInitramfs(kernel: DebianKernel, scratch: string, boot: GadgetBoot): Promise<string> {
  const early = await moduleList(kernel, EARLY_MODULES)
  const all = await moduleList(kernel, [...EARLY_MODULES, ...boot.boardModules])
  const files: GadgetBoot['files'] = {
    ...boot.files,
    init: readFileSync(join(PROJECT, 'test/qemu/guest/gadget.sh')),
    'modules.order': fileNames(early)
      .map((name) => `${name}\n`)
      .join(''),
  }
  const folder = join(scratch, 'board')
  mkdirSync(folder)
  const lines = Object.entries(files).map(([path, content], index) => {
    const source = join(folder, String(index))
    writeFileSync(source, content)
    chmodSync(source, 0o755)
    return `file "/${path}" "${source}" 0755 0 0\n`
  })
  const list = [...[all, 'nod /dev/console 0600 0 0 c 5 1\n', `file ${BUSYBOX} ${BUSYBOX} 0755 0 0\n`], ...lines].join(
    '',
  )
  const tree = cpioListTree(Buffer.from(list), join(scratch, 'board.list'), { variable: () => undefined, time: TIME })
  const target = join(scratch, 'board.cpio')
  materialize(planCpio(tree).image, target)
  return target
}

/** The list of gen_init_cpio for these modules and all that they need, in the order of insmod. */
async function moduleList(kernel: DebianKernel, modules: readonly string[]): Promise<string> {
  const spec: GadgetSpec = {
    installRoot: kernel.root,
    modules,
    modulesDir: join(kernel.root, 'lib/modules', kernel.version),
    deviceTrees: [],
    configPath: ['gadget'],
  }
  const { files } = planGadgetFiles(spec, await readGadgetInputs(spec))
  return Buffer.from(files.find(({ path }) => path === 'gadget/modules.list')!.bytes).toString()
}

function fileNames(list: string): string[] {
  return [...list.matchAll(/^file (\S+)/gm)].map(([, name]) => name!)
}

function parseReport(text: string): GadgetReport {
  const end = text.indexOf('\n# end\n')
  if (end < 0) throw new Error(`The guest's report has no end; it begins with ${JSON.stringify(text.slice(0, 200))}`)
  const sections = new Map<string, string[]>()
  let section: string[] = []
  for (const line of text.slice(0, end).split('\n')) {
    if (line.startsWith('# ')) {
      section = []
      sections.set(line.slice(2), section)
    } else {
      section.push(line)
    }
  }
  return sections
}
