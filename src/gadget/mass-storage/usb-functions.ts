/** What each function of configfs needs: modules, options of the kernel's config. [Linux 6.1] drivers/usb/gadget */
import type { MassStorageSpec, UsbFunction } from '../../config/spec.js'

interface FunctionNeeds {
  /** In the order of insmod. */
  readonly modules: readonly string[]
  /** Without CONFIG_. */
  readonly option: string
}

const STORAGE: FunctionNeeds = { modules: ['usb_f_mass_storage'], option: 'USB_CONFIGFS_MASS_STORAGE' }

/** In the order of their interfaces: RNDIS first, since Windows looks for it there. [GADGET-RNDIS] */
const FUNCTIONS: Readonly<Record<UsbFunction, FunctionNeeds>> = {
  rndis: { modules: ['u_ether', 'usb_f_rndis'], option: 'USB_CONFIGFS_RNDIS' },
  ecm: { modules: ['u_ether', 'usb_f_ecm'], option: 'USB_CONFIGFS_ECM' },
  ncm: { modules: ['u_ether', 'usb_f_ncm'], option: 'USB_CONFIGFS_NCM' },
  acm: { modules: ['u_serial', 'usb_f_acm'], option: 'USB_CONFIGFS_ACM' },
}

/** The functions beside storage in the order in which a configuration has them. */
export function orderedFunctions({ functions }: Pick<MassStorageSpec, 'functions'>): readonly UsbFunction[] {
  return (Object.keys(FUNCTIONS) as UsbFunction[]).filter((name) => functions.includes(name))
}

/** The modules of the gadget's drivers in the order of insmod, each once. */
export function driverModules(spec: Pick<MassStorageSpec, 'driver' | 'functions'>): readonly string[] {
  const functions = orderedFunctions(spec).flatMap((name) => FUNCTIONS[name].modules)
  const last = spec.driver === 'g_mass_storage' ? ['g_mass_storage'] : []
  return [...new Set(['libcomposite', ...functions, ...STORAGE.modules, ...last])]
}

/** What they build on, which most kernels have built in; so nobody misses it in a list. */
export const FOUNDATION_MODULES: readonly string[] = ['configfs', 'udc_core']

/** Options that switch the functions of configfs on. */
export function functionOptions(spec: Pick<MassStorageSpec, 'functions'>): readonly string[] {
  return [STORAGE.option, ...orderedFunctions(spec).map((name) => FUNCTIONS[name].option)]
}
