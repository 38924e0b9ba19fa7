/** Keys of `gadget:` that say which kernel modules the board loads. */
import * as z from 'zod'
import { leaf, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'
import { octalMode } from './content.js'

/** NAME_MAX: of a file, so of a module. */
const LONGEST_NAME = 255

/** As the kernel names modules. */
const MODULE = /^[A-Za-z0-9_-]+$/

function moduleName() {
  return text((value) => {
    if (MODULE.test(value)) return undefined
    const bare = /([A-Za-z0-9_-]+)\.ko(?:\.\w+)?$/.exec(value.slice(-LONGEST_NAME))?.[1]
    const hint = bare === undefined ? undefined : `Write ${bare}`
    return new Refusal(`"${value}" is no module name`, 'accepted are letters, digits, _ and -', hint)
  })
}

/** An absolute path of the target, given back without a slash at its end. */
function targetFolder() {
  return leaf(
    (value): string | Refusal => {
      const names = value.split('/').filter(Boolean)
      const isPlain = value.startsWith('/') && names.length > 0 && !/\s/.test(value)
      return isPlain && names.every((name) => name !== '.' && name !== '..')
        ? `/${names.join('/')}`
        : new Refusal(
            `"${value}" is no folder of the target`,
            'accepted is a path such as /lib/modules, without blanks',
          )
    },
    { type: 'string' },
  )
}

export const gadgetModules = {
  install_root: text()
    .describe("Root of the module tree in the list; default: '$${INSTALL_ROOT}', which stays a variable")
    .exactOptional(),
  modules: z.array(moduleName()).describe('Kernel modules that the board loads').exactOptional(),
  modules_dir: text()
    .describe(
      'An installed lib/modules/VERSION, or the folder where a kernel was built: the list has all that they need',
    )
    .exactOptional(),
  prefix: targetFolder()
    .describe('Folder in which all modules stand side by side. Default: as in an installed tree, else /lib/modules')
    .exactOptional(),
  mode: octalMode().describe('Permission bits of the modules. Default: 0644').exactOptional(),
  modules_into: text()
    .describe('A list of gen_init_cpio (rootfs.initramfs) that gets the modules: as a new file, and as a patch')
    .exactOptional(),
}
