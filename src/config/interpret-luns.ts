import type { ConfigPath } from '../errors.js'
import type { Interpretation } from './interpretation.js'
import type { LunInput } from './schema/gadget-luns.js'
import type { LunSpec, StorageDriver } from './spec.js'

/** FSG_MAX_LUNS of [Linux 6.1] drivers/usb/gadget/function/storage_common.h; [MSG] still says 8, as older kernels have it. */
const MAX_LUNS = 16
const MAX_LUNS_DOCUMENTED = 8

/** The driver rounds a file down to whole blocks. [MSG] file= */
const DISK_BLOCK_BYTES = 512
const CDROM_BLOCK_BYTES = 2048
/** The shortest track that the driver takes. [Linux 6.1] storage_common.c, fsg_lun_open */
const CDROM_MIN_BLOCKS = 300

export interface LunContext {
  readonly interpretation: Interpretation
  /** `['gadget']`. */
  readonly path: ConfigPath
  readonly driver: StorageDriver
  readonly partitionNames: readonly (string | undefined)[]
}

export function interpretLuns(inputs: readonly LunInput[], context: LunContext): readonly LunSpec[] {
  const { interpretation, path } = context
  if (inputs.length > MAX_LUNS) {
    interpretation.refuse(
      [...path, 'luns', MAX_LUNS],
      `Cannot show ${inputs.length} LUNs: the driver has at most ${MAX_LUNS}`,
    )
  } else if (inputs.length > MAX_LUNS_DOCUMENTED) {
    interpretation.warnings.push({
      path: [...path, 'luns', MAX_LUNS_DOCUMENTED],
      finding: 'lun-count',
      message: `${inputs.length} LUNs: the driver's documentation says at most ${MAX_LUNS_DOCUMENTED}, which older kernels keep to; newer ones have ${MAX_LUNS}`,
    })
  }
  const luns = inputs.map((input, index) => interpretLun(input, index, context))
  checkTwice(luns, context)
  return luns
}

function interpretLun(input: LunInput, index: number, context: LunContext): LunSpec {
  const { interpretation, path } = context
  const configPath = [...path, 'luns', index]
  const { file, cdrom = false, nofua = false, removable = true, inquiry, size } = input
  if (cdrom && input.ro === false) {
    interpretation.refuse([...configPath, 'ro'], `Cannot write to LUN ${index}: it is a CD-ROM, which is read-only`)
  }
  const ro = cdrom || (input.ro ?? false)
  checkFile(file, nofua, { configPath, index, context })
  checkSize(size, cdrom, { configPath, index, context })
  checkMounted(input, ro, { configPath, index, context })
  const holds = interpretHolds(input, { configPath, index, context })
  return {
    file,
    ro,
    removable,
    cdrom,
    nofua,
    configPath,
    ...(inquiry !== undefined && { inquiry }),
    ...(size !== undefined && { sizeBytes: size }),
    ...(holds && { holds }),
  }
}

interface OneLun {
  readonly configPath: ConfigPath
  readonly index: number
  readonly context: LunContext
}

/** Where a module parameter cannot say it: file= is a list with commas, and quotes have no escape. */
function checkFile(file: string, nofua: boolean, { configPath, index, context }: OneLun): void {
  const { driver, interpretation } = context
  if (driver !== 'g_mass_storage') return
  const bad = /[,"]/.exec(file)?.[0]
  if (bad !== undefined) {
    const what =
      bad === ',' ? 'a comma, which separates the files of file=' : 'a quotation mark, which no parameter holds'
    interpretation.refuse(
      [...configPath, 'file'],
      `Cannot show ${file}: its name holds ${what}, other names or driver: configfs are accepted`,
    )
  }
  if (!nofua) return
  interpretation.warnings.push({
    path: [...configPath, 'nofua'],
    finding: 'lun-nofua',
    message: `g_mass_storage has a parameter nofua and does not apply it: LUN ${index} honours FUA`,
    hint: 'driver: configfs',
  })
}

function checkSize(size: number | undefined, cdrom: boolean, { configPath, index, context }: OneLun): void {
  if (size === undefined) return
  const { interpretation } = context
  const block = cdrom ? CDROM_BLOCK_BYTES : DISK_BLOCK_BYTES
  const at = [...configPath, 'size']
  const least = cdrom ? CDROM_MIN_BLOCKS : 1
  if (size < least * block) {
    interpretation.refuse(
      at,
      `Cannot show LUN ${index}: ${size} bytes are less than the driver takes, at least ${least * block} (${least} ${least === 1 ? 'block' : 'blocks'} of ${block})`,
    )
  } else if (size % block !== 0) {
    interpretation.warnings.push({
      path: at,
      finding: 'lun-size',
      message: `LUN ${index}: ${size} bytes are no whole number of blocks of ${block}, the host does not see the last ${size % block}`,
    })
  }
}

/** [MSG]: only one system may write, and nobody else may then read; read-only on both sides is the one safe way to share. */
function checkMounted(
  { mounted_at: mountedAt, file }: LunInput,
  ro: boolean,
  { configPath, index, context }: OneLun,
): void {
  if (mountedAt === undefined) return
  const { interpretation } = context
  const at = [...configPath, 'mounted_at']
  if (ro) {
    interpretation.warnings.push({
      path: at,
      finding: 'lun-mounted',
      message: `LUN ${index}: ${file} is mounted at ${mountedAt} too, which is safe as long as that mount is read-only`,
    })
    return
  }
  interpretation.refuse(
    at,
    `Cannot show LUN ${index}: the host may write to ${file} while the board has it mounted at ${mountedAt}, which destroys the volume`,
    'ro: true, or harvest: true, with which the board mounts it between exports only',
  )
}

function interpretHolds(
  { disk = false, partition }: LunInput,
  { configPath, index, context }: OneLun,
): LunSpec['holds'] {
  const { interpretation, partitionNames } = context
  if (disk && partition !== undefined) {
    interpretation.refuse(
      [...configPath, 'partition'],
      `Cannot show LUN ${index}: it is the whole disk and partition "${partition}", one of them is accepted`,
    )
  }
  if (disk) return { kind: 'disk' }
  if (partition === undefined) return undefined
  if (!partitionNames.includes(partition)) {
    const names = partitionNames.filter((name) => name !== undefined)
    const accepted = names.length === 0 ? 'no partition has a name' : `partitions are ${names.join(', ')}`
    interpretation.refuse(
      [...configPath, 'partition'],
      `Cannot show LUN ${index}: there is no partition "${partition}", ${accepted}`,
    )
  }
  return { kind: 'partition', name: partition }
}

function checkTwice(luns: readonly LunSpec[], { interpretation }: LunContext): void {
  for (const [index, lun] of luns.entries()) {
    const first = luns.findIndex(({ file }) => file === lun.file)
    if (first === index || (lun.ro && luns[first]!.ro)) continue
    interpretation.refuse(
      [...lun.configPath, 'file'],
      `Cannot show ${lun.file} as LUN ${first} and as LUN ${index}: the host would write to one medium through two, accepted is ro: true for both`,
    )
  }
}
