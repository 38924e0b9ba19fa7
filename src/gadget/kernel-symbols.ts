/**
 * Which Kconfig symbol switches a module on: what the kernel's own Kbuild files say, and a table for modules of USB
 * gadgets, most of which are selected by a symbol other than the one in their Kbuild line.
 */
import { moduleName } from './module-name.js'

export interface KernelSymbol {
  /** Without `CONFIG_`. */
  readonly name: string
  /** As .config has it; missing where there is no .config. */
  readonly state?: 'y' | 'm' | 'off'
}

/**
 * Modules whose symbol has no prompt, or that are asked most, to what to switch on for them.
 * [Linux 6.1] drivers/usb/gadget/Kconfig, legacy/Kconfig, udc/Kconfig, drivers/usb/{dwc2,dwc3,musb,chipidea}/Kconfig, fs/*.
 */
const SYMBOLS: Readonly<Record<string, string>> = {
  udc_core: 'USB_GADGET',
  libcomposite: 'USB_CONFIGFS',
  usb_f_mass_storage: 'USB_CONFIGFS_MASS_STORAGE',
  usb_f_acm: 'USB_CONFIGFS_ACM',
  usb_f_serial: 'USB_CONFIGFS_SERIAL',
  usb_f_obex: 'USB_CONFIGFS_OBEX',
  usb_f_ecm: 'USB_CONFIGFS_ECM',
  usb_f_ecm_subset: 'USB_CONFIGFS_ECM_SUBSET',
  usb_f_eem: 'USB_CONFIGFS_EEM',
  usb_f_ncm: 'USB_CONFIGFS_NCM',
  usb_f_rndis: 'USB_CONFIGFS_RNDIS',
  usb_f_phonet: 'USB_CONFIGFS_PHONET',
  usb_f_fs: 'USB_CONFIGFS_F_FS',
  usb_f_hid: 'USB_CONFIGFS_F_HID',
  usb_f_midi: 'USB_CONFIGFS_F_MIDI',
  usb_f_printer: 'USB_CONFIGFS_F_PRINTER',
  usb_f_ss_lb: 'USB_CONFIGFS_F_LB_SS',
  usb_f_tcm: 'USB_CONFIGFS_F_TCM',
  usb_f_uac1: 'USB_CONFIGFS_F_UAC1',
  usb_f_uac2: 'USB_CONFIGFS_F_UAC2',
  usb_f_uvc: 'USB_CONFIGFS_F_UVC',
  u_ether: 'USB_CONFIGFS_ECM',
  u_serial: 'USB_CONFIGFS_ACM',
  g_mass_storage: 'USB_MASS_STORAGE',
  g_ether: 'USB_ETH',
  g_serial: 'USB_G_SERIAL',
  g_multi: 'USB_G_MULTI',
  g_acm_ms: 'USB_G_ACM_MS',
  g_cdc: 'USB_CDC_COMPOSITE',
  g_ncm: 'USB_G_NCM',
  g_hid: 'USB_G_HID',
  g_printer: 'USB_G_PRINTER',
  g_zero: 'USB_ZERO',
  g_ffs: 'USB_FUNCTIONFS',
  dummy_hcd: 'USB_DUMMY_HCD',
  dwc2: 'USB_DWC2',
  dwc3: 'USB_DWC3',
  musb_hdrc: 'USB_MUSB_HDRC',
  ci_hdrc: 'USB_CHIPIDEA',
  configfs: 'CONFIGFS_FS',
  loop: 'BLK_DEV_LOOP',
  vfat: 'VFAT_FS',
  fat: 'FAT_FS',
  jffs2: 'JFFS2_FS',
  nls_cp437: 'NLS_CODEPAGE_437',
  nls_iso8859_1: 'NLS_ISO8859_1',
  nls_utf8: 'NLS_UTF8',
}

/** `obj-$(CONFIG_NAME) += a.o b.o`, its continued lines joined. */
const OBJECTS = /^obj-\$\(CONFIG_(\w+)\)\s*[:+]?=(.*)$/gm

export function usualSymbol(module: string): string | undefined {
  return SYMBOLS[module]
}

/** What one Kbuild file or Makefile switches on: names of modules to symbols. */
export function symbolsOfKbuild(text: string): Map<string, string> {
  const symbols = new Map<string, string>()
  for (const [, symbol, objects] of text.replaceAll('\\\n', ' ').matchAll(OBJECTS)) {
    for (const object of objects!.split(/\s+/)) {
      if (object.endsWith('.o')) symbols.set(moduleName(object.slice(0, -'.o'.length)), symbol!)
    }
  }
  return symbols
}

/** What a .config says of `symbol`. */
export function stateInConfig(config: string, symbol: string): NonNullable<KernelSymbol['state']> {
  const value = new RegExp(`^CONFIG_${symbol}=([ym])$`, 'm').exec(config)?.[1]
  return value === undefined ? 'off' : (value as 'y' | 'm')
}

/** What to do so that the module is there. */
export function switchOnHint({ name, state }: KernelSymbol): string {
  switch (state) {
    case 'm':
      return `CONFIG_${name}=m is in .config: what is missing is make modules, and make modules_install`
    case 'y':
      return `CONFIG_${name}=y is in .config, but the kernel was built without it: make`
    default:
      return `Switch it on by CONFIG_${name}=m, then make modules, and make modules_install`
  }
}
