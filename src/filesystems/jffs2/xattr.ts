/** Extended attributes as JFFS2 names and stores them. */
import { concatBytes } from '../../bytes/concat.js'
import { JFFS2_XPREFIXES, type Layouts } from './disklayout.js'
import { encodeAcl } from './posix-acl.js'

const ACL_PREFIX = 'system.posix_acl_'
const MAX_NAME_BYTES = 255

export interface Jffs2Xattr {
  readonly xprefix: number
  readonly nameBytes: number
  readonly valueBytes: number
  /** The name, a NUL, the value. */
  readonly data: Uint8Array
  /** Of its node. */
  readonly nodeBytes: number
}

/** `name` in full, one character a byte. Undefined where JFFS2 has no place for it. */
export function xattrOf(name: string, value: Uint8Array, layouts: Layouts): Jffs2Xattr | undefined {
  const isAcl = name.startsWith(ACL_PREFIX)
  const [xprefix, prefix] =
    [...JFFS2_XPREFIXES].find(([, prefix]) => (isAcl ? name === prefix : name.startsWith(prefix))) ?? []
  if (xprefix === undefined || prefix === undefined) return undefined
  const rest = Buffer.from(name.slice(prefix.length), 'latin1')
  const stored = isAcl ? encodeAcl(value, layouts) : value
  if (stored === undefined || rest.length > MAX_NAME_BYTES || (!isAcl && rest.length === 0)) return undefined
  const data = concatBytes([rest, new Uint8Array(1), stored])
  const nodeBytes = layouts.rawXattr.SIZE + data.length
  return { xprefix, nameBytes: rest.length, valueBytes: stored.length, data, nodeBytes }
}
