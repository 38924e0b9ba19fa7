import { beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.js'
import type { ModuleIndexes } from './module-index.js'
import { type ModuleListOptions, planModuleList } from './module-list.js'
import type { ModuleTree } from './module-tree.js'
import { readTemplates } from './template.js'

let templates: ReadonlyMap<string, string>
beforeAll(async () => {
  templates = await readTemplates()
})

function list(modules: string[], options: Partial<ModuleListOptions> = {}) {
  return planModuleList({ installRoot: `\${INSTALL_ROOT}`, modules, configPath: ['gadget'], templates, ...options })
}

const G = 'kernel/drivers/usb/gadget'

/** The modules of the application note as depmod indexes them: the last dependency of a line is inserted first. */
const INDEXES: ModuleIndexes = {
  version: '4.2.0',
  dep: [
    `${G}/legacy/g_mass_storage.ko: ${G}/function/usb_f_mass_storage.ko ${G}/libcomposite.ko`,
    `${G}/function/usb_f_mass_storage.ko: ${G}/libcomposite.ko`,
    `${G}/libcomposite.ko:`,
    'kernel/fs/fat/vfat.ko.xz: kernel/fs/fat/fat.ko.xz',
    'kernel/fs/fat/fat.ko.xz:',
    'kernel/fs/nls/nls_cp437.ko.gz:',
    'kernel/lib/crc-itu-t.ko:',
    'kernel/fs/jbd2/jbd2.ko:',
    'kernel/arch/x86/crypto/crc32c-intel.ko:',
    'kernel/crypto/crc32c_generic.ko:',
    'kernel/a.ko:',
    'kernel/b.ko:',
    '',
  ].join('\n'),
  builtin: 'kernel/drivers/usb/dwc2/dwc2.ko\nkernel/drivers/usb/gadget/udc/udc-core.ko\n',
  softdep:
    '# Soft dependencies\nsoftdep fat pre: nls_cp437 nothing_like_it post: crc_itu_t\nsoftdep a pre: b\nsoftdep b pre: a\nsoftdep jbd2 pre: crypto-crc32c\nsoftdep jbd2 pre: vfat\n',
  alias:
    '# Aliases\nalias crypto-crc32c crc32c_intel\nalias pci:v*d* snd\nalias crypto-crc* crc32c_generic\nalias crc32c vfat\n',
}

const TREE: ModuleTree = {
  kind: 'installed',
  indexes: INDEXES,
  location: '/lib/modules/4.2.0',
  hostRoot: '/srv/root',
  files: [],
  symbols: new Map([['snd_hda_intel', { name: 'SND_HDA_INTEL', state: 'off' }]]),
}

function fileNames(text: string): string[] {
  return [...text.matchAll(/^file (\S+)/gm)].map(([, name]) => name!)
}

describe('planModuleList', () => {
  it('lists what is named, in that order, in one folder', () => {
    expect(list(['libcomposite', 'usb_f_mass_storage', 'g_mass_storage']).text).toBe(
      `# Kernel modules of the root file system, in the format of gen_init_cpio.
# Load them in this order: libcomposite usb_f_mass_storage g_mass_storage
dir /lib 0755 0 0
dir /lib/modules 0755 0 0
file /lib/modules/libcomposite.ko \${INSTALL_ROOT}/lib/modules/libcomposite.ko 0644 0 0
file /lib/modules/usb_f_mass_storage.ko \${INSTALL_ROOT}/lib/modules/usb_f_mass_storage.ko 0644 0 0
file /lib/modules/g_mass_storage.ko \${INSTALL_ROOT}/lib/modules/g_mass_storage.ko 0644 0 0
`,
    )
  })

  it('takes prefix, mode and install root', () => {
    const { text } = list(['a'], { installRoot: '/srv/root', prefix: '/mod', mode: 0o755 })
    expect(text).toMatch(/^dir \/mod 0755 0 0\nfile \/mod\/a\.ko \/srv\/root\/lib\/modules\/a\.ko 0755 0 0\n$/m)
  })

  it('closes over a module tree in the order of insmod, and keeps its folders', () => {
    const { text, warnings } = list(['g_mass_storage'], { tree: TREE })
    expect(warnings).toEqual([])
    expect(text).toContain('# Load them in this order: libcomposite usb_f_mass_storage g_mass_storage\n')
    expect(fileNames(text)).toEqual([
      `/lib/modules/4.2.0/${G}/libcomposite.ko`,
      `/lib/modules/4.2.0/${G}/function/usb_f_mass_storage.ko`,
      `/lib/modules/4.2.0/${G}/legacy/g_mass_storage.ko`,
    ])
    expect(text).toContain(` \${INSTALL_ROOT}/lib/modules/4.2.0/${G}/libcomposite.ko 0644 0 0\n`)
  })

  it('puts every parent before what it holds, once', () => {
    const lines = list(['g_mass_storage', 'vfat'], { tree: TREE }).text.split('\n')
    const seen = new Set([''])
    for (const line of lines.filter((text) => /^(dir|file) /.test(text))) {
      const name = line.split(' ')[1]!
      expect(seen).toContain(name.slice(0, name.lastIndexOf('/')))
      expect(seen).not.toContain(name)
      seen.add(name)
    }
  })

  it('follows soft dependencies before and after, leaves out what the tree lacks, and ends in a circle', () => {
    const order = (modules: string[]) => /order: (.*)/.exec(list(modules, { tree: TREE }).text)![1]
    expect(order(['vfat'])).toBe('nls_cp437 fat crc_itu_t vfat')
    expect(order(['a'])).toBe('b a')
    // An alias means all its modules; of two lines for a module modprobe takes the first.
    expect(order(['jbd2'])).toBe('crc32c_intel crc32c_generic jbd2')
    expect(order(['fat', 'vfat', 'crc-itu-t'])).toBe('nls_cp437 fat crc_itu_t vfat')
  })

  it('says which modules are built in', () => {
    const { text, warnings } = list(['dwc2', 'libcomposite'], { tree: TREE })
    expect(fileNames(text)).toHaveLength(1)
    expect(text).toContain('\n# Built into the kernel, nothing to load: dwc2\n')
    expect(warnings).toEqual([
      {
        finding: 'module-built-in',
        message: 'Module "dwc2" is built into kernel 4.2.0: there is nothing to load',
        path: ['gadget', 'modules', 0],
      },
    ])
  })

  it('refuses all modules that the tree does not have, with the nearest', () => {
    const attempt = () => list(['g_mass_storag', 'vfat', 'snd_hda_intel'], { tree: TREE })
    expect(attempt).toThrow(ConfigError)
    expect(attempt).toThrow(
      expect.objectContaining({
        problems: [
          {
            message:
              'Cannot list module "g_mass_storag": the tree of kernel 4.2.0 has no such module, neither loadable nor built in',
            hint: 'Did you mean g_mass_storage?',
            path: ['gadget', 'modules', 0],
          },
          expect.objectContaining({
            hint: 'Switch it on by CONFIG_SND_HDA_INTEL=m, then make modules, and make modules_install',
            path: ['gadget', 'modules', 2],
          }),
        ],
      }),
    )
  })

  it('puts modules of a tree side by side where a prefix is given, packed ones too', () => {
    const { text } = list(['vfat'], { tree: TREE, prefix: '/mod', mode: 0o755 })
    expect(text).toContain('dir /mod 0755 0 0\nfile /mod/nls_cp437.ko.gz ')
    expect(text).toContain(`file /mod/fat.ko.xz \${INSTALL_ROOT}/lib/modules/4.2.0/kernel/fs/fat/fat.ko.xz 0755 0 0\n`)
  })

  it('lists nothing but comments where everything is built in', () => {
    expect(list(['dwc2'], { tree: TREE }).text).toMatch(
      /order: none\n# Built into the kernel, nothing to load: dwc2\n$/,
    )
  })

  it('refuses modules that need one another', () => {
    const circle = (dep: string) => () => list(['a'], { tree: { ...TREE, indexes: { ...INDEXES, softdep: '', dep } } })
    expect(circle('a.ko: b.ko\nb.ko: a.ko\n')).toThrow(
      /^Cannot order the modules: a needs b needs a, so none of them can be the first$/,
    )
    expect(circle('a.ko: a.ko\n')).toThrow(/: a needs a, /)
    expect(circle('a.ko: c.ko b.ko\nb.ko: c.ko\nc.ko: b.ko\n')).toThrow(/: [bc] needs [bc] needs [bc], /)
  })

  it('refuses an install root with a blank', () => {
    expect(() => list(['a'], { installRoot: '/my root' })).toThrow(/"\/my root": gen_init_cpio splits fields at blanks/)
    const tree = { ...TREE, location: '/my linux' }
    expect(() => list(['vfat'], { tree })).toThrow(/"\/my linux\/.*": gen_init_cpio splits fields at blanks/)
  })
})
