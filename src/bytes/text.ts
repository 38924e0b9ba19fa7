/**
 * File names as Linux has them are bytes, mostly but not always UTF-8. Inside diskloom a name is a *byte string*: a
 * string with one character (U+0000–U+00FF) per byte. It sorts bytewise in every locale, is a Map key, and loses
 * nothing; it becomes text only where a format or a person needs text.
 */
declare const byteStringBrand: unique symbol
export type ByteString = string & { readonly [byteStringBrand]: true }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const PLAIN_ASCII = /^[\x01-\x7f]*$/

/** Text and its byte string are the same then. No NUL stands in a name. */
export function isPlainAscii(text: string): boolean {
  return PLAIN_ASCII.test(text)
}

/** Text → the byte string of its UTF-8 form. */
export function byteString(text: string): ByteString {
  return (isPlainAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as ByteString
}

export function byteStringToBytes(name: ByteString): Uint8Array {
  return Buffer.from(name, 'latin1')
}

export function byteStringFromBytes(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') as ByteString
}

/** The text of a name, or undefined where its bytes are not UTF-8. */
export function decodeUtf8(name: ByteString): string | undefined {
  if (isPlainAscii(name)) return name
  try {
    return utf8.decode(Buffer.from(name, 'latin1'))
  } catch {
    return undefined
  }
}

/** For messages: the text, with \xNN for every byte above 0x7F where the name is not UTF-8. */
export function displayName(name: ByteString): string {
  const text = decodeUtf8(name)
  if (text !== undefined) return escapeControls(text)
  return escapeControls(name.replace(/[\x80-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`))
}

function escapeControls(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Bytewise order, the same in every locale. */
export function compareBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A path for node:fs: plain text where the name is UTF-8, its bytes otherwise. */
export function toHostPath(path: ByteString): string | Buffer {
  return decodeUtf8(path) ?? Buffer.from(path, 'latin1')
}
