/** What a stretch of an image is, told from its bytes. Nothing is followed: a few bytes at known places are compared. */
import { isGuid, NIL_GUID, uuidFromBytes } from '../bytes/guid.js'
import { type ByteString, byteStringFromBytes, displayName } from '../bytes/text.js'
import type { ImageView } from '../image/image-view.js'
import { KNOWN_FORMATS, type KnownFormat } from './known-formats.js'

export interface Recognised {
  /** `squashfs`; see known-formats.ts. */
  readonly format: string
  /** For people. */
  readonly description: string
  readonly label?: string
  readonly uuid?: string
}

/** Undefined where the bytes are none of the known ones. IoError where they cannot be read. */
export function recognise(view: ImageView): Recognised | undefined {
  for (const known of KNOWN_FORMATS) if (standsIn(view, known)) return described(view, known)
  return recogniseFlattenedTree(view) ?? recogniseGrub(view)
}

function standsIn(view: ImageView, { magics }: KnownFormat): boolean {
  return magics.every(([offset, hex]) => hexAt(view, offset, hex.length / 2) === hex)
}

/** '' where the view ends before. */
function hexAt(view: ImageView, offset: number, length: number): string {
  if (offset + length > view.sizeBytes) return ''
  return Buffer.from(view.read(offset, length, 'magic')).toString('hex')
}

function described(view: ImageView, known: KnownFormat): Recognised {
  const label = known.label && labelAt(view, known.label)
  const uuid = known.uuid && uuidAt(view, known.uuid)
  return { format: known.format, description: known.description, ...(label && { label }), ...(uuid && { uuid }) }
}

function labelAt(view: ImageView, [offset, length, encoding]: NonNullable<KnownFormat['label']>): string {
  if (offset + length > view.sizeBytes) return ''
  const bytes = view.read(offset, length, 'label')
  if (encoding === 'ascii') return displayName(byteStringFromBytes(cutAtZero(bytes))).trimEnd()
  const text = Buffer.from(bytes).toString('utf16le')
  const end = text.indexOf('\0')
  return displayName(Buffer.from(end < 0 ? text : text.slice(0, end)).toString('latin1') as ByteString)
}

function cutAtZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

const UUID_BYTES = 16
const UUID_CHARACTERS = 36

/** '' where there is none. */
function uuidAt(view: ImageView, [offset, encoding]: NonNullable<KnownFormat['uuid']>): string {
  const length = encoding === 'bytes' ? UUID_BYTES : UUID_CHARACTERS
  if (offset + length > view.sizeBytes) return ''
  const bytes = view.read(offset, length, 'UUID')
  const uuid = encoding === 'bytes' ? uuidFromBytes(bytes) : byteStringFromBytes(bytes).toLowerCase()
  return isGuid(uuid) && uuid !== NIL_GUID ? uuid : ''
}

const FDT_MAGIC = 'd00dfeed'
/** Where the first nodes of a flattened tree stand: enough for the root's properties. */
const FDT_HEAD_BYTES = 1 << 16
/** FDT_BEGIN_NODE and the name, which ends in zeros up to a multiple of four. [dts] */
const IMAGES_NODE = Buffer.from('00000001696d6167657300', 'hex')

/** A U-Boot FIT is a device tree whose root has a node `images`. [U-BOOT FIT] */
function recogniseFlattenedTree(view: ImageView): Recognised | undefined {
  if (hexAt(view, 0, 4) !== FDT_MAGIC) return undefined
  const head = Buffer.from(view.read(0, Math.min(view.sizeBytes, FDT_HEAD_BYTES), 'flattened device tree'))
  return head.includes(IMAGES_NODE)
    ? { format: 'u-boot-fit', description: 'U-Boot FIT image' }
    : { format: 'device-tree', description: 'flattened device tree' }
}

/** What GRUB's first sector says when it cannot load the rest: boot.S ends its messages with the word, diskboot.S has two. [GRUB boot.S] */
const GRUB_CORE_TEXT = Buffer.from('Geom\0Read\0 Error\0')
const SECTOR_BYTES = 512

function recogniseGrub(view: ImageView): Recognised | undefined {
  if (view.sizeBytes < SECTOR_BYTES) return undefined
  const sector = Buffer.from(view.read(0, SECTOR_BYTES, 'first sector'))
  if (!sector.includes(GRUB_CORE_TEXT)) return undefined
  return { format: 'grub-core', description: 'GRUB core image for BIOS' }
}
