/**
 * Extended attributes that travel into a volume: capabilities, POSIX ACLs, `user.*`, `trusted.*`. Security labels
 * (selinux, ima, evm) belong to the machine that gave them and stay behind.
 */
export const ACL_ACCESS_XATTR = 'system.posix_acl_access'
export const ACL_DEFAULT_XATTR = 'system.posix_acl_default'

const KEPT = /^(?:user\.|trusted\.|security\.capability$|system\.posix_acl_(?:access|default)$)/

export function isKeptXattr(name: string): boolean {
  return KEPT.test(name)
}
