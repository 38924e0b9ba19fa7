/** Names of FAT and exFAT: UTF-16 units, without the characters that Windows keeps for itself. [FATGEN §7] [EXFAT §7.7.3] */
import { type ByteString, decodeUtf8 } from '../bytes/text.js'

export const MAX_NAME_UNITS = 255

/** The rule, for messages. */
export const NAME_RULE = `UTF-8 of 1 to ${MAX_NAME_UNITS} UTF-16 units, without control characters and " * / : < > ? \\ |, not ending with a dot or a blank`

const FORBIDDEN = /[\x00-\x1f"*/:<>?\\|]/
/** Windows takes these for devices, whatever extension follows. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?: *\..*)?$/i

/** Returns the text of a name, or why neither FAT nor exFAT can hold it. */
export function checkName(name: ByteString): { text: string } | { fault: string } {
  const text = decodeUtf8(name)
  if (text === undefined) return { fault: 'not UTF-8' }
  if (text.length > MAX_NAME_UNITS) return { fault: `${text.length} UTF-16 units, at most ${MAX_NAME_UNITS}` }
  const forbidden = FORBIDDEN.exec(text)?.[0]
  if (forbidden !== undefined) return { fault: `has ${describeCharacter(forbidden)}` }
  if (text.endsWith('.') || text.endsWith(' ')) return { fault: `ends with a ${text.endsWith('.') ? 'dot' : 'blank'}` }
  return { text }
}

function describeCharacter(character: string): string {
  return character < ' '
    ? `the control character 0x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
    : character
}

/** Whether Windows takes a name for a device and cannot open it. */
export function isDeviceName(name: string): boolean {
  return DEVICE_NAME.test(name)
}
