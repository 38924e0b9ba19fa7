/**
 * Extended attributes that travel into a volume. `keep`: all that a file system on Linux can hold, security labels and
 * signatures (selinux, ima, evm, SMACK64) included. `auto`, where the config says nothing: capabilities, POSIX ACLs, `user.*`
 * and `trusted.*`; labels and signatures are often the build machine's own and are left out. `name`: none, for formats that
 * hold none. What `auto` and `name` leave out is reported, and so is what no volume can hold (`btrfs.*`, `system.nfs4_acl`).
 */
export const ACL_ACCESS_XATTR = 'system.posix_acl_access'
export const ACL_DEFAULT_XATTR = 'system.posix_acl_default'

export type XattrRule = 'none' | 'keep' | 'auto' | 'name'

const KEPT = {
  keep: /^(?:user|trusted|security)\.|^system\.posix_acl_(?:access|default)$/,
  auto: /^(?:user\.|trusted\.|security\.capability$|system\.posix_acl_(?:access|default)$)/,
} as const

export interface SortedXattrs {
  readonly kept: ReadonlyMap<string, Uint8Array>
  /** Names, to be reported. */
  readonly leftOut: readonly string[]
}

/**
 * Sorts attributes by the rule; under `none`, which is the config's own word, nothing is reported. An ACL is a part of the
 * mode, so `modes: git` leaves it out.
 */
export function sortXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  rule: XattrRule,
  modes: 'host' | 'git' = 'host',
): SortedXattrs {
  if (rule === 'none') return { kept: new Map(), leftOut: [] }
  const kept = new Map<string, Uint8Array>()
  const leftOut: string[] = []
  for (const [name, value] of xattrs) {
    const isKept = rule !== 'name' && KEPT[rule].test(name) && !(modes === 'git' && isAclXattr(name))
    if (isKept) kept.set(name, value)
    else leftOut.push(name)
  }
  return { kept, leftOut }
}

function isAclXattr(name: string): boolean {
  return name === ACL_ACCESS_XATTR || name === ACL_DEFAULT_XATTR
}
