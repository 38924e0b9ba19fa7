/** Lists of modules, judged by modprobe, on Debian's kernel and on made trees; and the application note's list. */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { GadgetSpec } from '../../src/config/spec.js'
import { planGadgetFiles } from '../../src/gadget/gadget-files.js'
import { readGadgetInputs } from '../../src/gadget/read-gadget-inputs.js'
import { makeBuildTree, NOTE_MODULES } from '../support/kernel-module.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { modulePaths, withDebianKernel } from '../support/qemu-debian-kernel.js'

const scratch = scratchFolder()
const INSTALL_ROOT = `\${INSTALL_ROOT}`

async function results(spec: Partial<GadgetSpec>): Promise<Record<string, string>> {
  const whole = { installRoot: INSTALL_ROOT, modules: [], deviceTrees: [], configPath: ['gadget'], ...spec }
  const { files } = planGadgetFiles(whole, await readGadgetInputs(whole))
  return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]))
}

/** Locations of its files, where the variable is `root`. */
function locations(list: string, root: string): string[] {
  return [...list.matchAll(/^file \S+ (\S+) /gm)].map(([, location]) => location!.replace(INSTALL_ROOT, root))
}

describeWithTools("the list for Debian's kernel", ['modprobe', 'depmod'], () => {
  withDebianKernel((kernel) => {
    const modulesDir = join(kernel.root, 'lib/modules', kernel.version)
    /** Alone and all together: gadgets, soft dependencies with aliases, and modules that are built in. */
    const sets = [
      ['usb_f_mass_storage'],
      ['g_ether'],
      ['g_serial'],
      ['dummy_hcd'],
      ['ext4'],
      ['btrfs'],
      ['vfat', 'nls_utf8'],
      ['usb_f_mass_storage', 'usb_f_acm', 'usb_f_ncm', 'usb_f_rndis', 'dummy_hcd', 'ext4', 'vfat', 'jffs2', 'mtdram'],
    ]

    for (const modules of sets) {
      it(`is what modprobe inserts, in its order: ${modules.join(' ')}`, async () => {
        const list = (await results({ modules, modulesDir }))['gadget/modules.list']!
        expect(locations(list, kernel.root)).toEqual(modulePaths(kernel, modules))
      })
    }
  }, 'full')
})

describeWithTools(
  'the list for the board of the application note',
  ['modprobe', 'depmod', 'gzip', 'xz', 'zstd'],
  () => {
    /** The note's lines, by what they say: its `file` lines, each with the folder that it needs. */
    const NOTE = Object.keys(NOTE_MODULES).map((path) => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      return `file /lib/modules/${name} ${INSTALL_ROOT}/linux/${path} 0755 0 0`
    })

    function board(name: string): string {
      const folder = join(scratch, name)
      makeBuildTree(
        join(folder, 'linux'),
        Object.fromEntries(
          Object.entries(NOTE_MODULES).map(([path, sketch]) => [path, { ...sketch, bits: 32 as const }]),
        ),
      )
      return folder
    }

    it('has its modules, paths and mode, in the order of insmod', async () => {
      const folder = board('note')
      const spec = {
        modules: ['g_mass_storage'],
        modulesDir: join(folder, 'linux'),
        prefix: '/lib/modules',
        mode: 0o755,
      }
      const list = (await results(spec))['gadget/modules.list']!
      expect(list.split('\n').filter((line) => /^(dir|file) /.test(line))).toEqual([
        'dir /lib 0755 0 0',
        'dir /lib/modules 0755 0 0',
        ...NOTE,
      ])
    })

    it('goes into the list of the board, as a patch that patch and git take', async () => {
      const folder = board('into')
      const before = `dir /lib 0755 0 0\nfile /init ${INSTALL_ROOT}/init 0755 0 0`
      const modulesInto = join(folder, 'rootfs.initramfs')
      makeBuildTree(join(folder, 'x'), {}, { '../rootfs.initramfs': before })
      const spec = { modules: ['g_mass_storage'], modulesDir: join(folder, 'linux'), mode: 0o755, modulesInto }
      const files = await results(spec)
      const after = files['gadget/rootfs.initramfs']!
      expect(readFileSync(modulesInto, 'utf8')).toBe(before)
      expect(after.split('\n').filter((line) => /^(dir|file) /.test(line))).toEqual([
        ...before.split('\n'),
        'dir /lib/modules 0755 0 0',
        ...NOTE,
      ])
      const patch = files['gadget/rootfs.initramfs.patch']!
      for (const command of [
        ['patch', '-p1', '--fuzz=0'],
        ['git', 'apply', '-'],
      ]) {
        const place = join(folder, command[0]!)
        mkdirSync(place)
        copyFileSync(modulesInto, join(place, 'rootfs.initramfs'))
        expect(runTool(command[0]!, command.slice(1), { cwd: place, input: patch })).toMatchObject({ status: 0 })
        expect(readFileSync(join(place, 'rootfs.initramfs'), 'utf8')).toBe(after)
      }
      // The list as it is now is the source of the next run: nothing is left to change.
      const again = await results({ ...spec, modulesInto: join(folder, 'patch/rootfs.initramfs') })
      expect(again['gadget/rootfs.initramfs']).toBe(after)
      expect(again).not.toHaveProperty('gadget/rootfs.initramfs.patch')
    })

    // Debian's kmod reads no .ko.gz.
    for (const [suffix, ...packer] of [['ko'], ['ko.xz', 'xz', '--check=crc32'], ['ko.zst', 'zstd', '-q', '--rm']]) {
      it(`is what modprobe inserts from the installed tree, files as .${suffix}`, async () => {
        const folder = board(`installed-${suffix}`)
        const tree = join(folder, 'lib/modules/4.2.0')
        for (const path of Object.keys(NOTE_MODULES)) {
          const target = join(tree, 'kernel', path)
          mkdirSync(dirname(target), { recursive: true })
          copyFileSync(join(folder, 'linux', path), target)
          if (packer.length > 0) tool(packer[0]!, ...packer.slice(1), target)
        }
        tool('depmod', '-b', folder, '4.2.0')
        const list = (await results({ modules: ['g_mass_storage'], modulesDir: tree }))['gadget/modules.list']!
        const judged = modulePaths({ root: folder, version: '4.2.0', imagePath: '' }, ['g_mass_storage'])
        expect(judged).toHaveLength(3)
        expect(locations(list, folder)).toEqual(judged)
      })
    }
  },
)
