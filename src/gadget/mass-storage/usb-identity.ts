/** What tells one board's gadget from another's: derived from the config's seed, as all identifiers are. */
import { uuidToBytes, uuidV5 } from '../../bytes/guid.js'
import { seedNamespace } from '../../bytes/seed-namespace.js'
import type { UsbFunction } from '../../config/spec.js'

const SERIAL_CHARACTERS = 12
const MAC_BYTES = 6
/** Bits of the first byte: not a group, and locally administered. [IEEE 802 §8] */
const GROUP_BIT = 0x01
const LOCAL_BIT = 0x02

/** Twelve hexadecimal digits in capitals. [MSC-BOT §4.1.1] */
export function derivedSerial(seed: string): string {
  return derived(seed, 'serial').toString('hex').slice(0, SERIAL_CHARACTERS).toUpperCase()
}

/** `02:…`: of the network function's end on the host or on the board. */
export function derivedMac(seed: string, name: UsbFunction, end: 'host' | 'dev'): string {
  const bytes = derived(seed, `${name}/${end}`).subarray(0, MAC_BYTES)
  bytes[0] = (bytes[0]! & ~GROUP_BIT) | LOCAL_BIT
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

function derived(seed: string, name: string): Buffer {
  return Buffer.from(uuidToBytes(uuidV5(seedNamespace(seed), `gadget/${name}`)))
}
