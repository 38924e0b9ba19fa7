/**
 * The list that setfattr(1) restores extended attributes from: `# file: PATH`, then a line NAME=0xVALUE for each. Names come from
 * images and archives that anybody may have made, so a name that could be read as anything else is never put there.
 */
import type { ByteString } from '../bytes/text.js'

/** XATTR_NAME_MAX [linux/limits.h]: bytes. */
const MAX_NAME_BYTES = 255

/** The namespaces of the kernel [xattr(7)], then anything but NUL, which ends a name in C. */
const NAME = /^(?:user|trusted|security|system)\.[^\0]+$/s

/** Returns whether a file of Linux can have an attribute of that name, and setfattr be told of it. */
export function isAttributeName(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && NAME.test(name)
}

/** Returns the lines of one file, with an empty one after them. All `names` are ones that `isAttributeName` takes. */
export function attributeLines(
  path: ByteString,
  xattrs: Iterable<readonly [name: ByteString | string, value: Uint8Array]>,
): string {
  const lines = [...xattrs].map(([name, value]) => `${escaped(name)}=0x${Buffer.from(value).toString('hex')}\n`)
  return lines.length === 0 ? '' : `# file: ${escaped(path)}\n${lines.join('')}\n`
}

/** Every byte that is neither a letter, a digit nor one of `_ . / : @ , + -` becomes an octal escape, which setfattr reads back. */
function escaped(text: string): string {
  return text.replace(/[^\w./:@,+-]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
