/**
 * GUIDs and name-based UUIDs. Two byte orders are in use: RFC 9562 (ext4's s_uuid) stores the text's bytes in order;
 * UEFI's EFI_GUID (GPT) stores the first three fields little-endian.  [UEFI 2.10 App. A] [RFC 9562 §4, §5.5]
 */
import { createHash } from 'node:crypto'

/** Lower-case text, `c12a7328-f81f-11d2-ba4b-00a0c93ec93b`. */
export type Guid = string

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const NIL_GUID: Guid = '00000000-0000-0000-0000-000000000000'

export function isGuid(text: string): boolean {
  return PATTERN.test(text)
}

/** The sixteen bytes in the order of the text (RFC 9562). */
export function uuidToBytes(uuid: Guid): Uint8Array {
  if (!isGuid(uuid)) throw new RangeError(`"${uuid}" is no UUID`)
  return new Uint8Array(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
}

export function uuidFromBytes(bytes: Uint8Array): Guid {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Reverses the first three fields: EFI_GUID order ↔ text order. Its own inverse. */
function swapFields(bytes: Uint8Array): Uint8Array {
  const b = bytes
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
  return Uint8Array.from(order, (index) => b[index]!)
}

/** The sixteen bytes of an EFI_GUID, as GPT stores it. */
export function guidToBytes(guid: Guid): Uint8Array {
  return swapFields(uuidToBytes(guid))
}

export function guidFromBytes(bytes: Uint8Array): Guid {
  return uuidFromBytes(swapFields(bytes))
}

/** UUID version 5: SHA-1 over namespace and name. */
export function uuidV5(namespace: Guid, name: string): Guid {
  const digest = createHash('sha1').update(uuidToBytes(namespace)).update(name, 'utf8').digest().subarray(0, 16)
  digest[6] = (digest[6]! & 0x0f) | 0x50
  digest[8] = (digest[8]! & 0x3f) | 0x80
  return uuidFromBytes(digest)
}
