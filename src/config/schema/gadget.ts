import type * as z from 'zod'
import { group } from '../../schema/group.js'
import { deviceTree } from './gadget-device-tree.js'
import { initramfs } from './gadget-initramfs.js'
import { gadgetModules } from './gadget-modules.js'
import { massStorageKeys } from './gadget-usb.js'

export const gadget = group(
  {
    ...gadgetModules,
    device_tree: deviceTree
      .describe('Nodes of device trees whose properties are set: one map, or a list')
      .exactOptional(),
    ...massStorageKeys,
    initramfs: initramfs.describe('A first root file system for the kernel, as a cpio').exactOptional(),
  },
  { noun: 'the gadget' },
)

export type GadgetInput = z.output<typeof gadget>
