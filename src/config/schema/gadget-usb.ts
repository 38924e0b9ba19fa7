/** How the board presents itself on the bus: descriptors, functions beside storage, the controller, the driver. */
import * as z from 'zod'
import { group } from '../../schema/group.js'
import { choice, flag, integer, leaf, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import { USB_CONTROLLERS, type UsbController } from '../usb-controllers.js'
import { harvest, luns } from './gadget-luns.js'

const MAX_U16 = 0xffff
/** USB_MAX_STRING_LEN of the kernel; the descriptor's length byte has room for 126 characters. */
const STRING_BYTES = 126
/** Of a port of USB 3; the kernel's configfs counts to 2040. */
const MAX_POWER_MA = 900
const MAX_WAIT_SECONDS = 600
const MAX_ENDPOINTS = 15

function usbId() {
  return integer({ maximum: MAX_U16 })
}

function usbString() {
  return text((value) => {
    const bytes = Buffer.byteLength(value)
    return bytes > STRING_BYTES
      ? new Refusal(`it has ${bytes} bytes`, `at most ${STRING_BYTES} are accepted`)
      : undefined
  })
}

/** `1.00` as binary coded decimal. */
function deviceVersion() {
  return leaf(
    (value): number | Refusal => {
      const [, major, minor] = /^(\d{1,2})\.(\d{1,2})$/.exec(value) ?? []
      if (major !== undefined && minor !== undefined) {
        return Number.parseInt(major + minor.padEnd(2, '0'), 16)
      }
      if (/^0x\d{4}$/.test(value)) return Number(value)
      return new Refusal(`"${value}" is no version`, 'accepted are 0.00 to 99.99, or four decimal digits as 0x0100')
    },
    { type: ['string', 'number'] },
  )
}

/** As the kernel names devices in /sys/class/udc. */
function udcName() {
  return text((value) =>
    value.includes('/')
      ? new Refusal(`"${value}" is no name in /sys/class/udc`, 'accepted is one such as 40040000.usb')
      : undefined,
  )
}

const CONTROLLERS = Object.keys(USB_CONTROLLERS) as UsbController[]

const udc = z.union([
  udcName(),
  group(
    {
      name: udcName().describe('Name in /sys/class/udc: 40040000.usb. Default: the first that is free').exactOptional(),
      controller: choice(CONTROLLERS)
        .describe('What it is, so that its endpoints are counted before the board finds too few')
        .exactOptional(),
      endpoints_in: integer({ maximum: MAX_ENDPOINTS })
        .describe('IN endpoints beside endpoint 0, for a controller that is not in the list')
        .exactOptional(),
      endpoints_out: integer({ maximum: MAX_ENDPOINTS }).describe('OUT endpoints beside endpoint 0').exactOptional(),
      wait: integer({ maximum: MAX_WAIT_SECONDS })
        .describe('Seconds that the start waits for the controller. Default: 10')
        .exactOptional(),
    },
    { noun: 'udc' },
  ),
])

/** Keys of the `gadget:` section that make up mass storage. */
export const massStorageKeys = {
  luns: luns.describe('What the host sees as disks: paths on the board, or maps').exactOptional(),
  driver: choice(['configfs', 'g_mass_storage'])
    .describe(
      'Who shows them: configfs (a script sets the gadget up) or the module g_mass_storage. Default: g_mass_storage where modules names it, else configfs',
    )
    .exactOptional(),
  stall: flag()
    .describe('Whether bulk endpoints may halt; false for hosts and controllers that take it badly')
    .exactOptional(),
  vendor_id: usbId().describe('idVendor. Default: 0x1d6b, or that of g_mass_storage').exactOptional(),
  product_id: usbId().describe('idProduct. Default: 0x0104, or that of g_mass_storage').exactOptional(),
  device_version: deviceVersion().describe('bcdDevice: 1.00').exactOptional(),
  manufacturer: usbString().describe('iManufacturer').exactOptional(),
  product: usbString().describe('iProduct').exactOptional(),
  serial: usbString()
    .describe('iSerialNumber; the class asks for 12 or more of 0-9 and A-F. Default: derived from the seed')
    .exactOptional(),
  max_power: integer({ minimum: 2, maximum: MAX_POWER_MA })
    .describe('Milliamperes that the board draws from the bus')
    .exactOptional(),
  functions: z
    .array(choice(['acm', 'ecm', 'rndis', 'ncm'], { meant: { serial: 'acm', ethernet: 'ecm', eth: 'ecm' } }))
    .describe('Beside storage, with configfs: acm (a serial port), ecm, rndis, ncm (a network)')
    .exactOptional(),
  udc: udc.describe('The USB device controller: its name in /sys/class/udc, or a map').exactOptional(),
  service: choice(['init', 'systemd'], { meant: { sysv: 'init', busybox: 'init' } })
    .describe('What starts it: an init script (S50usb-gadget) or a systemd unit. Default: init')
    .exactOptional(),
  harvest: harvest
    .describe('true, or a map: a script with which the board takes the medium back, writes to it, and shows it again')
    .exactOptional(),
  kernel_config: flag()
    .describe('Fragments for the kernel and BusyBox, for merge_config.sh. Default: true')
    .exactOptional(),
} as const

const massStorage = group(massStorageKeys, { noun: 'the gadget' })

export type MassStorageInput = z.output<typeof massStorage>
export type UdcInput = z.output<typeof udc>
