import * as z from 'zod'
import { Refusal } from '../refusal.js'
import { group } from './group.js'
import { choice, text } from './leaf.js'

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

const deviceTree = group(
  {
    file: text().describe('The .dts that is patched'),
    node: text((value) =>
      /^[&/]./.test(value)
        ? undefined
        : new Refusal(
            `"${value}" is no node`,
            'accepted are a label in quotes ("&usb_hs") or a path (/soc/usb@40040000)',
          ),
    ).describe('The node: "&label" (in quotes: & begins an anchor in YAML) or its path'),
    dr_mode: choice(['host', 'peripheral', 'otg'], { meant: { device: 'peripheral', gadget: 'peripheral' } }).describe(
      "Role of the port: peripheral shows the board's storage to a PC",
    ),
  },
  { noun: 'a device tree' },
)

export const gadget = group(
  {
    install_root: text()
      .describe("Root of the installed modules in the list; default: '$${INSTALL_ROOT}', which stays a variable")
      .exactOptional(),
    modules: z.array(moduleName()).describe('Kernel modules that the board loads').exactOptional(),
    modules_dir: text()
      .describe('An installed lib/modules/VERSION: the list then holds what the modules depend on')
      .exactOptional(),
    device_tree: deviceTree.describe('The device-tree node whose dr_mode is set').exactOptional(),
  },
  { noun: 'the gadget', later: ['luns', 'prefix', 'mode'] },
)

export type GadgetInput = z.output<typeof gadget>
