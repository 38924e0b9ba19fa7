/**
 * The steps that set the gadget up below /sys/kernel/config/usb_gadget/NAME, as lines of shell that are relative to that
 * folder. [CONFIGFS-GADGET] [Linux 6.1] drivers/usb/gadget/configfs.c
 *
 * The script knows five verbs: `folder PATH`, `put VALUE PATH` (must succeed), `offer VALUE PATH` (where the kernel has that
 * file), `lun NUMBER FILE` and `link TARGET FOLDER`.
 */
import type { LunSpec, MassStorageSpec, UsbFunction } from '../../config/spec.js'
import { hex } from './module-parameters.js'
import { shellQuote } from './shell-quote.js'
import { orderedFunctions } from './usb-functions.js'
import { derivedMac, derivedSerial } from './usb-identity.js'

/** The Linux Foundation's, for gadgets of several functions. [USB-IDS] */
const DEFAULT_VENDOR_ID = 0x1d6b
const DEFAULT_PRODUCT_ID = 0x0104
const DEFAULT_MANUFACTURER = 'diskloom'
const DEFAULT_PRODUCT = 'USB storage'
/** American English. [USB-LANGIDS] */
const STRINGS = 'strings/0x409'
const CONFIGURATION = 'configs/c.1'
export const STORAGE_FUNCTION = 'functions/mass_storage.0'

/** Class, subclass and protocol of a device whose functions have several interfaces each. [USB-IAD] */
const INTERFACE_ASSOCIATION = { bDeviceClass: '0xef', bDeviceSubClass: '0x02', bDeviceProtocol: '0x01' }

/** Lines of the script's function `configure`, in order; each may fail. */
export function configfsSteps(spec: MassStorageSpec): readonly string[] {
  const functions = orderedFunctions(spec)
  return [
    ...deviceSteps(spec, functions.length > 0),
    ...configurationSteps(spec),
    ...functions.flatMap((name) => functionSteps(name, spec.seed)),
    ...storageSteps(spec),
    ...(functions.includes('rndis') ? windowsSteps() : []),
  ]
}

function deviceSteps({ descriptors, seed }: MassStorageSpec, isComposite: boolean): string[] {
  const { vendorId = DEFAULT_VENDOR_ID, productId = DEFAULT_PRODUCT_ID, deviceVersion } = descriptors
  const { manufacturer = DEFAULT_MANUFACTURER, product = DEFAULT_PRODUCT, serial = derivedSerial(seed) } = descriptors
  return [
    put(hex(vendorId), 'idVendor'),
    put(hex(productId), 'idProduct'),
    ...(deviceVersion === undefined ? [] : [put(hex(deviceVersion), 'bcdDevice')]),
    ...(isComposite ? Object.entries(INTERFACE_ASSOCIATION).map(([file, value]) => put(value, file)) : []),
    `folder ${STRINGS}`,
    put(manufacturer, `${STRINGS}/manufacturer`),
    put(product, `${STRINGS}/product`),
    put(serial, `${STRINGS}/serialnumber`),
  ]
}

function configurationSteps({ descriptors: { maxPowerMa, product = DEFAULT_PRODUCT } }: MassStorageSpec): string[] {
  return [
    `folder ${CONFIGURATION}`,
    ...(maxPowerMa === undefined ? [] : [put(String(maxPowerMa), `${CONFIGURATION}/MaxPower`)]),
    `folder ${CONFIGURATION}/${STRINGS}`,
    put(product, `${CONFIGURATION}/${STRINGS}/configuration`),
  ]
}

function functionSteps(name: UsbFunction, seed: string): string[] {
  const folder = `functions/${name}.0`
  const addresses =
    name === 'acm'
      ? []
      : [
          put(derivedMac(seed, name, 'host'), `${folder}/host_addr`),
          put(derivedMac(seed, name, 'dev'), `${folder}/dev_addr`),
        ]
  return [`folder ${folder}`, ...addresses, `link ${folder} ${CONFIGURATION}`]
}

function storageSteps({ luns, stall }: MassStorageSpec): string[] {
  return [
    `folder ${STORAGE_FUNCTION}`,
    ...(stall === undefined ? [] : [put(bit(stall), `${STORAGE_FUNCTION}/stall`)]),
    ...luns.flatMap(lunSteps),
    `link ${STORAGE_FUNCTION} ${CONFIGURATION}`,
  ]
}

/** The file comes last: an open LUN keeps `ro` and `cdrom` as they are. The kernel has made lun.0 with the function. */
function lunSteps({ file, ro, removable, cdrom, nofua, inquiry }: LunSpec, index: number): string[] {
  const folder = `${STORAGE_FUNCTION}/lun.${index}`
  return [
    ...(index === 0 ? [] : [`folder ${folder}`]),
    put(bit(removable), `${folder}/removable`),
    put(bit(cdrom), `${folder}/cdrom`),
    put(bit(ro), `${folder}/ro`),
    put(bit(nofua), `${folder}/nofua`),
    ...(inquiry === undefined ? [] : [`offer ${shellQuote(inquiry)} ${folder}/inquiry_string`]),
    put(file, `${folder}/file`),
  ]
}

/** By these Windows takes its own RNDIS driver, without an .inf file. [MS-OS-DESCRIPTORS] */
function windowsSteps(): string[] {
  const os = 'functions/rndis.0/os_desc/interface.rndis'
  return [
    put('1', 'os_desc/use'),
    put('0xcd', 'os_desc/b_vendor_code'),
    put('MSFT100', 'os_desc/qw_sign'),
    put('RNDIS', `${os}/compatible_id`),
    put('5162001', `${os}/sub_compatible_id`),
    `link ${CONFIGURATION} os_desc`,
  ]
}

function put(value: string, path: string): string {
  return `put ${shellQuote(value)} ${path}`
}

function bit(value: boolean): string {
  return value ? '1' : '0'
}
