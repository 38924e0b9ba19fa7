/**
 * Parameters of g_mass_storage, as modprobe.d, insmod and the kernel's command line take them. [MSG]
 *
 * A list has one value for each LUN, separated by commas. The kernel splits its line at blanks outside of double quotes,
 * and takes these off where the value begins and ends with one; nothing escapes them ([Linux 6.1] lib/cmdline.c, next_arg).
 */
import type { LunSpec, MassStorageSpec } from '../../config/spec.js'
import { invariant } from '../../errors.js'

const HEX_DIGITS = 4

/** `name=value` each, in the order of the application note: who it is, then what it shows. */
export function moduleParameters({ descriptors, luns, stall }: MassStorageSpec): readonly string[] {
  const { vendorId, productId, deviceVersion, manufacturer, product, serial } = descriptors
  const files = luns.map(({ file }) => file).join(',')
  return [
    ...optional('idVendor', vendorId === undefined ? undefined : hex(vendorId)),
    ...optional('idProduct', productId === undefined ? undefined : hex(productId)),
    ...optional('bcdDevice', deviceVersion === undefined ? undefined : hex(deviceVersion)),
    ...optional('iManufacturer', manufacturer),
    ...optional('iProduct', product),
    ...optional('iSerialNumber', serial),
    parameter('file', files),
    ...optional('stall', stall === undefined ? undefined : bit(stall)),
    // Always said: the default was once the other one.
    parameter('removable', flags(luns, 'removable')),
    ...optional('ro', luns.some(({ ro, cdrom }) => ro && !cdrom) ? flags(luns, 'ro') : undefined),
    ...optional('cdrom', luns.some(({ cdrom }) => cdrom) ? flags(luns, 'cdrom') : undefined),
    ...optional('nofua', luns.some(({ nofua }) => nofua) ? flags(luns, 'nofua') : undefined),
  ]
}

function flags(luns: readonly LunSpec[], key: 'removable' | 'ro' | 'cdrom' | 'nofua'): string {
  return luns.map((lun) => bit(lun[key])).join(',')
}

function bit(value: boolean): string {
  return value ? '1' : '0'
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(HEX_DIGITS, '0')}`
}

function optional(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [parameter(name, value)]
}

/** Linux takes the byte 0xA0 for a blank, which ends `à` in UTF-8. [Linux 6.1] lib/ctype.c */
const NO_BREAK_SPACE = 0xa0

function parameter(name: string, value: string): string {
  // The config refuses it at its place (src/config/interpret-mass-storage.ts, interpret-luns.ts).
  invariant(!value.includes('"'), `${name} holds a quotation mark, which would end its value`)
  const needsQuotes = /[ #]/.test(value) || Buffer.from(value, 'utf8').includes(NO_BREAK_SPACE)
  return needsQuotes ? `${name}="${value}"` : `${name}=${value}`
}
