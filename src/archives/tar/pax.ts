/** PAX extended headers: records `LENGTH KEY=VALUE\n`; values are bytes (an xattr's need not be text).  [POSIX pax] */
import { byteStringFromBytes } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'

/** In the order of the archive: GNU's sparse format 0.0 repeats two keys. */
export type PaxRecords = readonly (readonly [key: string, value: Uint8Array])[]

const SPACE = 0x20
const LINE_FEED = 0x0a
const EQUALS = 0x3d

/** `offset`: of the records in the archive, for errors. */
export function parsePax(data: Uint8Array, offset: number): PaxRecords {
  const records: [string, Uint8Array][] = []
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(SPACE, at)
    const digits = space === -1 ? '' : byteStringFromBytes(data.subarray(at, space))
    const end = at + Number(digits)
    const equals = data.indexOf(EQUALS, space + 1)
    const isRecord = /^[1-9][0-9]*$/.test(digits) && end <= data.length && data[end - 1] === LINE_FEED
    if (!isRecord || equals === -1 || equals >= end) {
      throw new FormatError(
        `Cannot read the PAX record at byte ${offset + at}: "LENGTH KEY=VALUE" and a line feed are accepted`,
      )
    }
    records.push([byteStringFromBytes(data.subarray(space + 1, equals)), data.subarray(equals + 1, end - 1)])
    at = end
  }
  return records
}

/** Global records, then an entry's own; a key with an empty value takes back an earlier one. */
export class PaxAttributes {
  readonly #values = new Map<string, Uint8Array>()
  readonly #records: PaxRecords

  constructor(global: PaxRecords, local: PaxRecords) {
    this.#records = global.length === 0 ? local : [...global, ...local]
    for (const [key, value] of this.#records) {
      if (value.length === 0 && !isXattr(key)) this.#values.delete(key)
      else this.#values.set(key, value)
    }
  }

  /** One character a byte. */
  text(key: string): string | undefined {
    const value = this.#values.get(key)
    return value === undefined ? undefined : byteStringFromBytes(value)
  }

  /** All values of keys that may repeat, in order, with their keys. */
  repeated(...keys: readonly string[]): readonly (readonly [key: string, value: string])[] {
    return this.#records.filter(([key]) => keys.includes(key)).map(([key, value]) => [key, byteStringFromBytes(value)])
  }

  /**
   * Extended attributes by name (one character a byte). GNU tar, star and bsdtar write SCHILY.xattr with raw values;
   * bsdtar repeats them as LIBARCHIVE.xattr, base64 under a URL-encoded name. GNU tar's --selinux writes the label alone as
   * RHT.security.selinux, without the NUL that ends it on disk; bsdtar's ACL of NFSv4 has the name that Linux gives it.
   */
  xattrs(): Map<string, Uint8Array> {
    const xattrs = new Map<string, Uint8Array>()
    for (const [key, value] of this.#values) {
      if (!key.startsWith(LIBARCHIVE)) continue
      const decoded = Buffer.from(byteStringFromBytes(value), 'base64')
      xattrs.set(decodeName(key.slice(LIBARCHIVE.length)), new Uint8Array(decoded))
    }
    for (const [key, value] of this.#values) {
      if (key.startsWith(SCHILY)) xattrs.set(decodeName(key.slice(SCHILY.length)), value.slice())
    }
    const label = this.#values.get(SELINUX_LABEL)
    if (label !== undefined && !xattrs.has(SELINUX_XATTR)) xattrs.set(SELINUX_XATTR, Uint8Array.of(...label, 0))
    const nfs4Acl = this.#values.get('SCHILY.acl.ace')
    if (nfs4Acl !== undefined) xattrs.set('system.nfs4_acl', nfs4Acl.slice())
    return xattrs
  }
}

const SCHILY = 'SCHILY.xattr.'
const LIBARCHIVE = 'LIBARCHIVE.xattr.'
const SELINUX_LABEL = 'RHT.security.selinux'
const SELINUX_XATTR = 'security.selinux'

function isXattr(key: string): boolean {
  return key.startsWith(SCHILY) || key.startsWith(LIBARCHIVE)
}

/** GNU tar escapes `=` and `%` in names, bsdtar everything that is no letter, digit or point: `%XX`. */
function decodeName(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
