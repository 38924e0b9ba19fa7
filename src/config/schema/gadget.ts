import type * as z from 'zod'
import { deviceTree } from './gadget-device-tree.js'
import { gadgetModules } from './gadget-modules.js'
import { massStorageKeys } from './gadget-usb.js'
import { group } from './group.js'

export const gadget = group(
  {
    ...gadgetModules,
    device_tree: deviceTree
      .describe('Nodes of device trees whose properties are set: one map, or a list')
      .exactOptional(),
    ...massStorageKeys,
  },
  { noun: 'the gadget' },
)

export type GadgetInput = z.output<typeof gadget>
