/** Storage that a board cannot show, or should not: everything that is said about it, and where. */
import { describe, expect, it } from 'vitest'
import { loadText, problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'

/** A config whose gadget section has these keys, from line 4. */
function config(keys: string): string {
  return `image: x\npartitions: [{ name: data, fs: fat, size: 8MiB }]\ngadget:\n${keys}\n`
}

const REFUSED: RefusedConfig[] = [
  {
    name: 'a LUN that the board has mounted while the host writes to it',
    config: config('  luns: [{ file: /dev/mmcblk0p3, mounted_at: /data }]'),
    says: [
      'a.yaml:4:46: Cannot show LUN 0: the host may write to /dev/mmcblk0p3 while the board has it mounted at /data, which destroys the volume',
      '  hint: ro: true, or harvest: true, with which the board mounts it between exports only',
    ],
  },
  {
    name: 'quotation marks in what a parameter of g_mass_storage holds, which would begin another parameter',
    config: config(
      `  driver: g_mass_storage\n  luns: [/a]\n  product: 'a b" file=/dev/mmcblk0 ro=0'\n  manufacturer: '"'\n  serial: 'x"'`,
    ),
    says: [
      'a.yaml:6:12: Cannot set product to a b" file=/dev/mmcblk0 ro=0: it holds a quotation mark, which no parameter of g_mass_storage can hold',
      '  hint: driver: configfs',
      'a.yaml:7:17: Cannot set manufacturer to ": it holds a quotation mark, which no parameter of g_mass_storage can hold',
      '  hint: driver: configfs',
      'a.yaml:8:11: Cannot set serial to x": it holds a quotation mark, which no parameter of g_mass_storage can hold',
      '  hint: driver: configfs',
    ],
  },
  {
    name: 'a mount that kernels write differently in /proc/mounts',
    config: config('  luns: [/a]\n  harvest: { mount: "/m#" }'),
    says: [
      'a.yaml:5:21: Cannot read gadget.harvest.mount: "/m#" is no place that the script can find in /proc/mounts, accepted is a path without #',
    ],
  },
  {
    name: 'one medium as two LUNs, of which the host may write to one',
    config: config('  luns: [{ file: /a, ro: true }, /a, { file: /b, ro: true }, { file: /b, ro: true }]'),
    says: [
      'a.yaml:4:34: Cannot show /a as LUN 0 and as LUN 1: the host would write to one medium through two, accepted is ro: true for both',
    ],
  },
  {
    name: 'more LUNs than the driver has',
    config: config(`  luns: [${Array.from({ length: 17 }, (_, index) => `/disk${index}`).join(', ')}]`),
    says: ['a.yaml:4:144: Cannot show 17 LUNs: the driver has at most 16'],
  },
  {
    name: 'files that are none',
    config: config('  luns: [fat32.part, /mnt/, { file: "" }, { files: /a }]'),
    says: [
      'a.yaml:4:10: Cannot read gadget.luns[0]: "fat32.part" is no absolute path, accepted is an absolute path on the board such as /mnt/fat32.part or /dev/mmcblk0p3',
      'a.yaml:4:22: Cannot read gadget.luns[1]: "/mnt/" is a folder, accepted is an absolute path on the board such as /mnt/fat32.part or /dev/mmcblk0p3',
      'a.yaml:4:37: Cannot read gadget.luns[2].file: it is empty',
      'a.yaml:4:43: Cannot read gadget.luns[3]: the key "file" is missing',
      '  hint: file: File or block device of the board, absolute: /mnt/fat32.part, /dev/mmcblk0p3',
      'a.yaml:4:45: Cannot read gadget.luns[3]: "files" is no key of a LUN',
      '  hint: Did you mean "file"?',
    ],
  },
  {
    name: 'a CD-ROM to write to, and one that is too short',
    config: config(
      '  luns: [{ file: /a, cdrom: true, ro: false }, { file: /b, cdrom: true, size: 512KiB }]\n  harvest: true',
    ),
    says: [
      'a.yaml:4:39: Cannot write to LUN 0: it is a CD-ROM, which is read-only',
      'a.yaml:4:79: Cannot show LUN 1: 524288 bytes are less than the driver takes, at least 614400 (300 blocks of 2048)',
      'a.yaml:5:12: Cannot harvest into LUN 0: it is a CD-ROM, which nobody writes, accepted is a LUN without cdrom',
    ],
  },
  {
    name: 'names that no parameter of a module holds',
    config: config('  driver: g_mass_storage\n  luns: ["/mnt/a,b", \'/mnt/"c"\']'),
    says: [
      'a.yaml:5:10: Cannot show /mnt/a,b: its name holds a comma, which separates the files of file=, other names or driver: configfs are accepted',
      'a.yaml:5:22: Cannot show /mnt/"c": its name holds a quotation mark, which no parameter holds, other names or driver: configfs are accepted',
    ],
  },
  {
    name: 'functions beside g_mass_storage',
    config: config('  driver: g_mass_storage\n  luns: [/a]\n  functions: [acm, ecm]\n  max_power: 500'),
    says: [
      'a.yaml:6:14: Cannot show acm, ecm beside storage: g_mass_storage has storage alone, configfs takes functions',
      '  hint: driver: configfs',
      'a.yaml:7:14: Cannot set max_power: g_mass_storage has no parameter for it, configfs takes it',
      '  hint: driver: configfs',
    ],
  },
  {
    name: 'more functions than the controller has endpoints for',
    config: config('  luns: [/a]\n  functions: [acm, rndis]\n  udc: { controller: musb-sun8i-h3 }'),
    says: [
      'a.yaml:5:14: Cannot show mass storage, acm, rndis: 5 IN and 3 OUT endpoints are needed, musb-sun8i-h3 has 4 IN, 4 OUT beside endpoint 0',
      '  hint: Leave a function out',
    ],
  },
  {
    name: 'more functions than endpoints that go either way',
    config: config('  luns: [/a]\n  functions: [acm, ecm]\n  udc: { name: udc, controller: at91_udc }'),
    says: [
      'a.yaml:5:14: Cannot show mass storage, acm, ecm: 5 IN and 3 OUT endpoints are needed, at91_udc has 5 that are one of the two beside endpoint 0',
      '  hint: Leave a function out',
    ],
  },
  {
    name: 'a controller without the endpoints of storage',
    config: config('  luns: [/a]\n  udc: { endpoints_in: 0 }'),
    says: [
      'a.yaml:5:8: Cannot show mass storage: 1 IN and 1 OUT endpoints are needed, the controller has none beside endpoint 0',
    ],
  },
  {
    name: 'words and numbers of USB',
    config: config(
      `  luns: [/a]\n  functions: [serial, acm, acm]\n  driver: usb_f_mass_storage\n  vendor_id: 0x12345\n  device_version: v1\n  udc: { name: /sys/class/udc/a, controller: dwc3 }\n  serial: ${'x'.repeat(127)}\n  service: sysv`,
    ),
    says: [
      'a.yaml:5:15: Cannot read gadget.functions[0]: "serial" is unknown, accepted are acm, ecm, rndis, ncm',
      '  hint: Did you mean "acm"?',
      'a.yaml:6:11: Cannot read gadget.driver: "usb_f_mass_storage" is unknown, accepted are configfs, g_mass_storage',
      '  hint: Did you mean "g_mass_storage"?',
      'a.yaml:7:14: Cannot read gadget.vendor_id: 0x12345 is out of range, accepted are whole numbers from 0 to 65535',
      'a.yaml:8:19: Cannot read gadget.device_version: "v1" is no version, accepted are 0.00 to 99.99, or four decimal digits as 0x0100',
      'a.yaml:9:16: Cannot read gadget.udc.name: "/sys/class/udc/a" is no name in /sys/class/udc, accepted is one such as 40040000.usb',
      'a.yaml:9:46: Cannot read gadget.udc.controller: "dwc3" is unknown, accepted are dummy_udc, dwc2-bcm283x, dwc2-stm32f7-hs, chipidea-imx, musb-am335x, musb-sunxi, musb-sun8i-h3, at91_udc, atmel_usba-sam9',
      'a.yaml:10:11: Cannot read gadget.serial: it has 127 bytes, at most 126 are accepted',
      'a.yaml:11:12: Cannot read gadget.service: "sysv" is unknown, accepted are init, systemd',
      '  hint: Did you mean "init"?',
    ],
  },
  {
    name: 'the same function twice',
    config: config('  luns: [/a]\n  functions: [acm, acm]'),
    says: ['a.yaml:5:20: Cannot show function acm twice: each is accepted once'],
  },
  {
    name: 'mass storage without storage',
    config: config('  functions: [acm]'),
    says: [
      'a.yaml:4:14: Cannot use functions: there is no storage to show, at least one entry of luns is needed',
      '  hint: luns: [/mnt/fat32.part]',
    ],
  },
  {
    name: 'no LUN at all',
    config: config('  luns: []'),
    says: [
      'a.yaml:4:9: Cannot use an empty list of luns: there is no storage to show, at least one entry of luns is needed',
      '  hint: luns: [/mnt/fat32.part]',
    ],
  },
  {
    name: 'a partition that there is not, and a LUN that is two things',
    config: config(
      '  luns: [{ file: /a, partition: date }, { file: /b, disk: true, partition: data }]\n  harvest: { lun: 2 }',
    ),
    says: [
      'a.yaml:4:33: Cannot show LUN 0: there is no partition "date", partitions are data',
      'a.yaml:4:76: Cannot show LUN 1: it is the whole disk and partition "data", one of them is accepted',
      'a.yaml:5:19: Cannot harvest into LUN 2: there are 2 LUNs, accepted are 0 to 1',
    ],
  },
]

describe('storage that cannot be shown', () => {
  it.each(REFUSED)('$name', ({ config: text, says }) => {
    expect(problemLines(problemsOf(text))).toEqual(says)
  })
})

const WARNED: RefusedConfig[] = [
  {
    name: 'a read-only LUN that the board has mounted',
    config: config('  luns: [{ file: /dev/mmcblk0p3, ro: true, mounted_at: /data }]'),
    says: [
      'a.yaml:4:56: LUN 0: /dev/mmcblk0p3 is mounted at /data too, which is safe as long as that mount is read-only',
    ],
  },
  {
    name: 'files that are no whole number of blocks',
    config: config('  luns: [{ file: /a, size: 1000 }, { file: /b, cdrom: true, size: 615424 }]'),
    says: [
      'a.yaml:4:28: LUN 0: 1000 bytes are no whole number of blocks of 512, the host does not see the last 488',
      'a.yaml:4:67: LUN 1: 615424 bytes are no whole number of blocks of 2048, the host does not see the last 1024',
    ],
  },
  {
    name: 'more LUNs than the documentation says',
    config: config(`  luns: [${Array.from({ length: 9 }, (_, index) => `/disk${index}`).join(', ')}]`),
    says: [
      "a.yaml:4:74: 9 LUNs: the driver's documentation says at most 8, which older kernels keep to; newer ones have 16",
    ],
  },
  {
    name: 'a serial number that is not as the class has it',
    config: config('  luns: [/a]\n  serial: 123456'),
    says: [
      'a.yaml:5:11: The serial number "123456" is not as the mass-storage class has it: 12 characters or more of 0-9 and A-F',
      '  hint: Hosts that go by it may take two boards for one',
    ],
  },
  {
    name: 'a parameter that the module does not apply',
    config: config('  driver: g_mass_storage\n  luns: [{ file: /a, nofua: true }]'),
    says: [
      'a.yaml:5:29: g_mass_storage has a parameter nofua and does not apply it: LUN 0 honours FUA',
      '  hint: driver: configfs',
    ],
  },
]

describe('storage that is shown with a warning', () => {
  it.each(WARNED)('$name', ({ config: text, says }) => {
    expect(problemLines(loadText(text).warnings)).toEqual(says)
  })

  it('nothing is said of what is well', () => {
    const { warnings } = loadText(
      config(
        '  luns: [/a, { file: /b, ro: true, size: 1MiB, partition: data }]\n  functions: [acm, ecm, ncm]\n  udc: { controller: dwc2-stm32f7-hs }\n  serial: 0123456789AB',
      ),
    )
    expect(warnings).toEqual([])
  })
})
