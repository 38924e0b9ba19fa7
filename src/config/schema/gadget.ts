import * as z from 'zod'
import { Refusal } from '../refusal.js'
import { deviceTree } from './gadget-device-tree.js'
import { group } from './group.js'
import { text } from './leaf.js'

/** As the kernel names modules. */
const MODULE = /^[A-Za-z0-9_-]+$/

function moduleName() {
  return text((value) => {
    if (MODULE.test(value)) return undefined
    const bare = /([A-Za-z0-9_-]+)\.ko(?:\.\w+)?$/.exec(value)?.[1]
    const hint = bare === undefined ? undefined : `Write ${bare}`
    return new Refusal(`"${value}" is no module name`, 'accepted are letters, digits, _ and -', hint)
  })
}

export const gadget = group(
  {
    install_root: text()
      .describe("Root of the installed modules in the list; default: '$${INSTALL_ROOT}', which stays a variable")
      .exactOptional(),
    modules: z.array(moduleName()).describe('Kernel modules that the board loads').exactOptional(),
    modules_dir: text()
      .describe('An installed lib/modules/VERSION: the list then holds what the modules depend on')
      .exactOptional(),
    device_tree: deviceTree
      .describe('Nodes of device trees whose properties are set: one map, or a list')
      .exactOptional(),
  },
  { noun: 'the gadget', later: ['luns', 'prefix', 'mode'] },
)

export type GadgetInput = z.output<typeof gadget>
