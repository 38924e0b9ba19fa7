/** File capabilities: text as of setcap(8) to the value of `security.capability`.  [capabilities(7)] [LINUX uapi/linux/capability.h] */
import { struct, u32le } from '../bytes/struct.js'
import { FormatError } from '../errors.js'

export const CAPABILITY_XATTR = 'security.capability'

/** struct vfs_cap_data, revision 2: two 32-bit halves of each set. */
const VfsCapData = struct('vfs_cap_data', 20, {
  magic_etc: [0, u32le],
  permitted_lo: [4, u32le],
  inheritable_lo: [8, u32le],
  permitted_hi: [12, u32le],
  inheritable_hi: [16, u32le],
})
const VFS_CAP_REVISION_2 = 0x02000000
const VFS_CAP_FLAGS_EFFECTIVE = 1
const HALF_BITS = 32n
const HALF_MASK = 0xffffffffn

/** In the order of their numbers. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ')

/**
 * The clauses of several texts (`cap_net_raw+ep`, `cap_a,cap_b=eip`) together, added to `before`. FormatError for an
 * unknown name or a form that takes capabilities away.
 */
export function encodeCapabilities(texts: readonly string[], before?: Uint8Array): Uint8Array {
  const sets = before === undefined ? { permitted: 0n, inheritable: 0n, effective: false } : decode(before)
  for (const text of texts) {
    const [, list, flags] = /^([a-z_,]*)[+=]([eip]+)$/.exec(text.toLowerCase()) ?? []
    if (list === undefined || flags === undefined) {
      throw new FormatError(
        `Cannot read the capability "${text}": accepted is a form like cap_net_raw,cap_net_admin+ep`,
      )
    }
    for (const name of list.split(',')) {
      const number = NAMES.indexOf(name.replace(/^cap_/, ''))
      if (number === -1 || !name.startsWith('cap_')) {
        throw new FormatError(`Cannot read the capability "${text}": "${name}" is not one of capabilities(7)`)
      }
      if (flags.includes('p')) sets.permitted |= 1n << BigInt(number)
      if (flags.includes('i')) sets.inheritable |= 1n << BigInt(number)
    }
    if (flags.includes('e')) sets.effective = true
  }
  return VfsCapData.encode({
    magic_etc: VFS_CAP_REVISION_2 + (sets.effective ? VFS_CAP_FLAGS_EFFECTIVE : 0),
    permitted_lo: Number(sets.permitted & HALF_MASK),
    inheritable_lo: Number(sets.inheritable & HALF_MASK),
    permitted_hi: Number(sets.permitted >> HALF_BITS),
    inheritable_hi: Number(sets.inheritable >> HALF_BITS),
  })
}

function decode(value: Uint8Array): { permitted: bigint; inheritable: bigint; effective: boolean } {
  const data = value.length === VfsCapData.SIZE ? VfsCapData.decode(value) : undefined
  if (data === undefined || data.magic_etc >>> 1 !== VFS_CAP_REVISION_2 >>> 1) {
    throw new FormatError(`Cannot add to a capability of ${value.length} bytes: revision 2 with 20 bytes is accepted`)
  }
  return {
    permitted: (BigInt(data.permitted_hi) << HALF_BITS) | BigInt(data.permitted_lo),
    inheritable: (BigInt(data.inheritable_hi) << HALF_BITS) | BigInt(data.inheritable_lo),
    effective: (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) !== 0,
  }
}
