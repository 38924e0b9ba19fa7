/** The storage that the board shows: what the keys mean together, and what would fail or harm on the board. */
import type { ConfigPath } from '../errors.js'
import { interpretLuns } from './interpret-luns.js'
import type { Interpretation } from './interpretation.js'
import type { HarvestInput } from './schema/gadget-luns.js'
import type { MassStorageInput, UdcInput } from './schema/gadget-usb.js'
import { massStorageKeys } from './schema/gadget-usb.js'
import type { HarvestSpec, LunSpec, MassStorageSpec, StorageDriver, UsbDescriptors } from './spec.js'
import { type EndpointCounts, endpointsNeeded, haveRoom, USB_CONTROLLERS } from './usb-controllers.js'

const DEFAULT_UDC_WAIT_SECONDS = 10
const DEFAULT_HARVEST_MOUNT = '/m'
const LEGACY_MODULE = 'g_mass_storage'

export interface MassStorageContext {
  readonly interpretation: Interpretation
  /** `['gadget']`. */
  readonly path: ConfigPath
  readonly modules: readonly string[]
  readonly seed: string
  readonly partitionNames: readonly (string | undefined)[]
}

/** Undefined where none of the keys is given. */
export function interpretMassStorage(
  input: MassStorageInput,
  context: MassStorageContext,
): MassStorageSpec | undefined {
  const { interpretation, path, seed } = context
  const given = Object.keys(massStorageKeys).filter((key) => input[key as keyof MassStorageInput] !== undefined)
  if (given.length === 0) return undefined
  if (input.luns === undefined || input.luns.length === 0) {
    const at = input.luns === undefined ? [...path, given[0]!] : [...path, 'luns']
    const asked = input.luns === undefined ? given[0] : 'an empty list of luns'
    interpretation.refuse(
      at,
      `Cannot use ${asked}: there is no storage to show, at least one entry of luns is needed`,
      'luns: [/mnt/fat32.part]',
    )
    return undefined
  }
  const driver = input.driver ?? defaultDriver(context.modules)
  const luns = interpretLuns(input.luns, { ...context, driver })
  const functions = checkFunctions(input, driver, context)
  checkSerial(input, context)
  checkStrings(input, driver, context)
  const udc: Exclude<UdcInput, string> = typeof input.udc === 'string' ? { name: input.udc } : (input.udc ?? {})
  checkEndpoints(udc, functions, context)
  const harvest = interpretHarvest(input.harvest, luns, context)
  return {
    driver,
    luns,
    descriptors: descriptorsOf(input),
    functions,
    udcWaitSeconds: udc.wait ?? DEFAULT_UDC_WAIT_SECONDS,
    service: input.service ?? 'init',
    kernelConfig: input.kernel_config ?? true,
    seed,
    ...(input.stall !== undefined && { stall: input.stall }),
    ...(udc.name !== undefined && { udc: udc.name }),
    ...(harvest && { harvest }),
  }
}

function defaultDriver(modules: readonly string[]): StorageDriver {
  return modules.some((name) => name.replaceAll('-', '_') === LEGACY_MODULE) ? LEGACY_MODULE : 'configfs'
}

function descriptorsOf(input: MassStorageInput): UsbDescriptors {
  return {
    ...(input.vendor_id !== undefined && { vendorId: input.vendor_id }),
    ...(input.product_id !== undefined && { productId: input.product_id }),
    ...(input.device_version !== undefined && { deviceVersion: input.device_version }),
    ...(input.manufacturer !== undefined && { manufacturer: input.manufacturer }),
    ...(input.product !== undefined && { product: input.product }),
    ...(input.serial !== undefined && { serial: input.serial }),
    ...(input.max_power !== undefined && { maxPowerMa: input.max_power }),
  }
}

function checkFunctions(
  { functions = [], max_power }: MassStorageInput,
  driver: StorageDriver,
  { interpretation, path }: MassStorageContext,
): MassStorageSpec['functions'] {
  const hint = 'driver: configfs'
  if (driver === LEGACY_MODULE && functions.length > 0) {
    interpretation.refuse(
      [...path, 'functions'],
      `Cannot show ${functions.join(', ')} beside storage: ${LEGACY_MODULE} has storage alone, configfs takes functions`,
      hint,
    )
  }
  if (driver === LEGACY_MODULE && max_power !== undefined) {
    const found = `${LEGACY_MODULE} has no parameter for it, configfs takes it`
    interpretation.refuse([...path, 'max_power'], `Cannot set max_power: ${found}`, hint)
  }
  for (const [index, name] of functions.entries()) {
    if (functions.indexOf(name) === index) continue
    interpretation.refuse([...path, 'functions', index], `Cannot show function ${name} twice: each is accepted once`)
  }
  return functions
}

/** [MSC-BOT §4.1.1]: twelve characters at least, of 0-9 and A-F; hosts tell devices apart by it. */
const CLASS_SERIAL = /^[0-9A-F]{12,}$/

function checkSerial({ serial }: MassStorageInput, { interpretation, path }: MassStorageContext): void {
  if (serial === undefined || CLASS_SERIAL.test(serial)) return
  interpretation.warnings.push({
    path: [...path, 'serial'],
    finding: 'usb-serial',
    message: `The serial number "${serial}" is not as the mass-storage class has it: 12 characters or more of 0-9 and A-F`,
    hint: 'Hosts that go by it may take two boards for one',
  })
}

/** A module's parameter may hold anything between double quotes but these, which nothing escapes. */
function checkStrings(
  input: MassStorageInput,
  driver: StorageDriver,
  { interpretation, path }: MassStorageContext,
): void {
  if (driver !== LEGACY_MODULE) return
  for (const key of ['manufacturer', 'product', 'serial'] as const) {
    if (input[key]?.includes('"') !== true) continue
    interpretation.refuse(
      [...path, key],
      `Cannot set ${key} to ${input[key]}: it holds a quotation mark, which no parameter of ${LEGACY_MODULE} can hold`,
      'driver: configfs',
    )
  }
}

function checkEndpoints(
  udc: Exclude<UdcInput, string>,
  functions: readonly string[],
  { interpretation, path }: MassStorageContext,
): void {
  const { controller, endpoints_in, endpoints_out } = udc
  const known: EndpointCounts | undefined = controller && USB_CONTROLLERS[controller]
  if (known === undefined && endpoints_in === undefined && endpoints_out === undefined) return
  const counts: EndpointCounts = {
    in: endpoints_in ?? known?.in ?? Number.POSITIVE_INFINITY,
    out: endpoints_out ?? known?.out ?? Number.POSITIVE_INFINITY,
    either: endpoints_in === undefined && endpoints_out === undefined ? (known?.either ?? 0) : 0,
  }
  const needed = endpointsNeeded(functions.length)
  if (haveRoom(counts, needed)) return
  const shown = ['mass storage', ...functions].join(', ')
  interpretation.refuse(
    [...path, functions.length > 0 ? 'functions' : 'udc'],
    `Cannot show ${shown}: ${needed.in} IN and ${needed.out} OUT endpoints are needed, ${controller ?? 'the controller'} has ${countsText(counts)}`,
    functions.length > 0 ? 'Leave a function out' : undefined,
  )
}

function countsText({ in: ins, out: outs, either }: EndpointCounts): string {
  const parts = [
    ...(Number.isFinite(ins) && ins > 0 ? [`${ins} IN`] : []),
    ...(Number.isFinite(outs) && outs > 0 ? [`${outs} OUT`] : []),
    ...(either > 0 ? [`${either} that are one of the two`] : []),
  ]
  return parts.length > 0 ? `${parts.join(', ')} beside endpoint 0` : 'none beside endpoint 0'
}

function interpretHarvest(
  input: HarvestInput | undefined,
  luns: readonly LunSpec[],
  { interpretation, path }: MassStorageContext,
): HarvestSpec | undefined {
  if (input === undefined || input === false) return undefined
  const { mount = DEFAULT_HARVEST_MOUNT, lun = 0, crlf = true, offset = 0 } = input === true ? {} : input
  const harvested = luns[lun]
  if (harvested === undefined) {
    interpretation.refuse(
      [...path, 'harvest', 'lun'],
      `Cannot harvest into LUN ${lun}: there ${luns.length === 1 ? 'is 1 LUN' : `are ${luns.length} LUNs`}, accepted are 0 to ${luns.length - 1}`,
    )
  } else if (harvested.cdrom) {
    interpretation.refuse(
      [...path, 'harvest'],
      `Cannot harvest into LUN ${lun}: it is a CD-ROM, which nobody writes, accepted is a LUN without cdrom`,
    )
  }
  return { lun, mount, crlf, offsetBytes: offset }
}
