import { describe, expect, it } from 'vitest'
import { boardFiles } from '../../../test/support/gadget-text.js'
import type { ModuleTree } from '../module-tree.js'

/** The config of the application note's board. */
const NOTE = `  modules: [libcomposite, usb_f_mass_storage, g_mass_storage]
  luns: [/mnt/fat32.part]
  stall: false
  serial: 123456`

/** The lines of `configure` in a script, without what joins them. */
function steps(script: string): string[] {
  const body = /^configure\(\) \{\n(.*?)^\}/ms.exec(script)![1]!
  return body.split(' &&\n').map((line) => line.trim())
}

describe('g_mass_storage', () => {
  it('is loaded as the application note loads it', async () => {
    const { texts } = await boardFiles(NOTE)
    expect(texts['insmod.sh']).toBe(
      [
        'insmod /lib/modules/libcomposite.ko',
        'insmod /lib/modules/usb_f_mass_storage.ko',
        'insmod /lib/modules/g_mass_storage.ko iSerialNumber=123456 file=/mnt/fat32.part stall=0 removable=1',
        '',
      ].join('\n'),
    )
    expect(texts['g_mass_storage.conf']).toBe(
      'options g_mass_storage iSerialNumber=123456 file=/mnt/fat32.part stall=0 removable=1\n',
    )
  })

  it('gets a value for each LUN, and only the lists that differ from the defaults', async () => {
    const { texts } = await boardFiles(
      '  driver: g_mass_storage\n  luns: [/a, { file: /b c, ro: true, removable: false }, { file: /iso, cdrom: true }]\n  vendor_id: 0x1234\n  product_id: 5\n  device_version: 1.2\n  product: "#1"',
    )
    expect(texts['g_mass_storage.conf']).toBe(
      'options g_mass_storage idVendor=0x1234 idProduct=0x0005 bcdDevice=0x0120 iProduct="#1" file="/a,/b c,/iso" removable=1,0,1 ro=0,1,1 cdrom=0,0,1\n',
    )
    expect(texts['insmod.sh']).toMatch(/ 'iProduct="#1"' 'file="\/a,\/b c,\/iso"' removable=1,0,1 /)
  })
})

describe('the script for configfs', () => {
  it('opens the file of a LUN when everything else of it is set, and links the function when all LUNs are', async () => {
    const { texts } = await boardFiles(
      `  luns: [/a, { file: "/it's", ro: true, removable: false, inquiry: 'X Y' }]\n  stall: true`,
    )
    const all = steps(texts['S50usb-gadget']!)
    const first = all.indexOf('folder functions/mass_storage.0')
    expect(all.slice(first)).toEqual([
      'folder functions/mass_storage.0',
      "put '1' functions/mass_storage.0/stall",
      "put '1' functions/mass_storage.0/lun.0/removable",
      "put '0' functions/mass_storage.0/lun.0/cdrom",
      "put '0' functions/mass_storage.0/lun.0/ro",
      "put '0' functions/mass_storage.0/lun.0/nofua",
      "put '/a' functions/mass_storage.0/lun.0/file",
      'folder functions/mass_storage.0/lun.1',
      "put '0' functions/mass_storage.0/lun.1/removable",
      "put '0' functions/mass_storage.0/lun.1/cdrom",
      "put '1' functions/mass_storage.0/lun.1/ro",
      "put '0' functions/mass_storage.0/lun.1/nofua",
      "offer 'X Y' functions/mass_storage.0/lun.1/inquiry_string",
      `put '/it'\\''s' functions/mass_storage.0/lun.1/file`,
      'link functions/mass_storage.0 configs/c.1',
    ])
    expect(all).not.toContain("put '0xef' bDeviceClass")
  })

  it('has rndis first and storage last, and tells Windows its driver', async () => {
    const { texts } = await boardFiles('  luns: [/a]\n  functions: [acm, ecm, rndis]\n  max_power: 500')
    const all = steps(texts['S50usb-gadget']!)
    expect(all.filter((step) => step.startsWith('link '))).toEqual([
      'link functions/rndis.0 configs/c.1',
      'link functions/ecm.0 configs/c.1',
      'link functions/acm.0 configs/c.1',
      'link functions/mass_storage.0 configs/c.1',
      'link configs/c.1 os_desc',
    ])
    expect(all).toEqual(
      expect.arrayContaining([
        "put '0xef' bDeviceClass",
        "put '500' configs/c.1/MaxPower",
        "put 'RNDIS' functions/rndis.0/os_desc/interface.rndis/compatible_id",
      ]),
    )
  })
})

describe('the files of mass storage', () => {
  it('are a script, its unit, the harvest, and fragments of configs, as asked', async () => {
    const names = async (keys: string) => Object.keys((await boardFiles(`  luns: [/a]\n${keys}`)).texts)
    expect(await names('')).toEqual(['S50usb-gadget', 'kernel.config', 'busybox.config'])
    expect(await names('  service: systemd\n  harvest: true\n  kernel_config: false')).toEqual([
      'usb-gadget',
      'usb-gadget.service',
      'harvest',
    ])
  })

  it('are started when the folders of the files are mounted, whatever their names', async () => {
    const { texts } = await boardFiles('  luns: [/dev/sda, "/100%/a b/x", /mnt/y, /mnt/z]\n  service: systemd')
    expect(texts['usb-gadget.service']).toMatch(/^RequiresMountsFor=\/100%%\/a\\x20b \/mnt$/m)
    const { texts: ofDevice } = await boardFiles('  luns: [/dev/sda]\n  service: systemd')
    expect(ofDevice['usb-gadget.service']).not.toMatch(/RequiresMountsFor/)
  })
})

describe('the modules of mass storage', () => {
  const G = 'kernel/drivers/usb/gadget'
  const TREE: ModuleTree = {
    kind: 'installed',
    location: '/lib/modules/6.1.0',
    hostRoot: '/',
    files: [],
    symbols: new Map(),
    indexes: {
      version: '6.1.0',
      dep: `${G}/function/usb_f_mass_storage.ko: ${G}/libcomposite.ko kernel/fs/configfs/configfs.ko\n${G}/libcomposite.ko: kernel/fs/configfs/configfs.ko\nkernel/fs/configfs/configfs.ko:\n`,
      builtin: `${G}/function/u_serial.ko\n${G}/function/usb_f_acm.ko\n`,
      softdep: '',
      alias: '',
    },
  }

  it('are missed where the list has others', async () => {
    expect((await boardFiles('  modules: [libcomposite]\n  luns: [/a]\n  functions: [acm]')).warnings).toEqual([
      "The module list lacks u_serial, usb_f_acm, usb_f_mass_storage: the gadget's script needs them, unless built in",
    ])
    expect((await boardFiles('  luns: [/a]')).warnings).toEqual([])
  })

  it('are not missed where the closure has them or the kernel is built with them', async () => {
    const keys = '  modules: [usb_f_mass_storage]\n  modules_dir: tree\n  luns: [/a]\n  functions: [acm]'
    const { warnings, texts } = await boardFiles(keys, { moduleTree: TREE })
    expect(warnings).toEqual([])
    expect(texts['S50usb-gadget']).toMatch(/^readonly MODULES='configfs libcomposite usb_f_mass_storage'$/m)
  })
})
