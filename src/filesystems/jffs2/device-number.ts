/** A device's numbers as the two or four bytes that are its content. [LINUX fs/jffs2/os-linux.h, kdev_t.h] */
import type { Layouts } from './disklayout.js'

export const MAX_MAJOR = 0xfff
export const MAX_MINOR = 0xf_ffff
const MAX_OLD = 0xff

export interface DeviceNumbers {
  readonly major: number
  readonly minor: number
}

/** The old form wherever it does: old kernels and mtd-utils know no other. */
export function encodeDevice({ major, minor }: DeviceNumbers, { oldDeviceNode, newDeviceNode }: Layouts): Uint8Array {
  if (major <= MAX_OLD && minor <= MAX_OLD) return oldDeviceNode.encode({ old_id: (major << 8) | minor })
  return newDeviceNode.encode({ new_id: ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0 })
}

/** Undefined where the content has another length. */
export function decodeDevice(
  content: Uint8Array,
  { oldDeviceNode, newDeviceNode }: Layouts,
): DeviceNumbers | undefined {
  if (content.length === oldDeviceNode.SIZE) {
    const { old_id } = oldDeviceNode.decode(content)
    return { major: old_id >>> 8, minor: old_id & 0xff }
  }
  if (content.length !== newDeviceNode.SIZE) return undefined
  const { new_id } = newDeviceNode.decode(content)
  return { major: (new_id >>> 8) & 0xfff, minor: (new_id & 0xff) | ((new_id >>> 12) & 0xf_ff00) }
}
