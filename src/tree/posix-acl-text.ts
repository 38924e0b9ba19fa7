/**
 * POSIX ACLs from the text form of archives to the kernel's xattr form, which is what trees carry.
 *
 *   user::rwx,user:lisa:rw-:1001,group::r-x,mask::rwx,other::---          (SCHILY.acl.access; commas or line feeds)
 *
 * GNU tar writes a name or a number; star and bsdtar add the number as a fourth field.  [acl(5)] [LINUX posix_acl_xattr.h]
 */
import { FormatError } from '../errors.js'

const VERSION = 2
const HEADER_BYTES = 4
const ENTRY_BYTES = 8
const UNDEFINED_ID = 0xffffffff

/** e_tag without and with a qualifier. */
const TAGS: Readonly<Record<string, readonly [plain: number, qualified: number | undefined]>> = {
  user: [0x01, 0x02],
  group: [0x04, 0x08],
  mask: [0x10, undefined],
  other: [0x20, undefined],
}
const SHORT_TAGS: Readonly<Record<string, string>> = { u: 'user', g: 'group', m: 'mask', o: 'other' }
const PERMISSIONS = { r: 4, w: 2, x: 1 } as const

interface AclEntry {
  readonly tag: number
  readonly permissions: number
  readonly id: number
}

/** FormatError for a name without a number: which id it has is known on the machine that packed it only. */
export function encodeAclText(text: string, where: string): Uint8Array {
  const entries = text
    .split(/[,\n]/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => parseEntry(line, where))
    .sort((a, b) => a.tag - b.tag || a.id - b.id)
  const value = Buffer.alloc(HEADER_BYTES + entries.length * ENTRY_BYTES)
  value.writeUInt32LE(VERSION, 0)
  for (const [index, entry] of entries.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES
    value.writeUInt16LE(entry.tag, at)
    value.writeUInt16LE(entry.permissions, at + 2)
    value.writeUInt32LE(entry.id, at + 4)
  }
  return new Uint8Array(value)
}

function parseEntry(line: string, where: string): AclEntry {
  const [word = '', qualifier = '', permissions = '', number] = line.split(':').map((field) => field.trim())
  const tags = TAGS[SHORT_TAGS[word] ?? word]
  if (tags === undefined || !/^[r-][w-][x-]/.test(permissions)) {
    throw new FormatError(`Cannot read ${where}: "${line}", accepted is user|group|mask|other:[id]:rwx`)
  }
  const bits = (['r', 'w', 'x'] as const).reduce((sum, c) => sum + (permissions.includes(c) ? PERMISSIONS[c] : 0), 0)
  if (qualifier === '') return { tag: tags[0], permissions: bits, id: UNDEFINED_ID }
  const id = number !== undefined && number !== '' ? number : qualifier === 'root' ? '0' : qualifier
  if (tags[1] === undefined || !/^\d+$/.test(id)) {
    throw new FormatError(`Cannot read ${where}: "${line}" has the name "${qualifier}", a numeric id is accepted`, {
      hint: 'pack with tar --numeric-owner',
    })
  }
  return { tag: tags[1], permissions: bits, id: Number(id) }
}
