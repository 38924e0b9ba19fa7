/** Bad `gadget:` sections, as far as modules and the initramfs go, each with everything that is said about it. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'

/** A sound config with these lines in its gadget section (from line 3). */
const gadget = (lines: string) => `image: x\ngadget:\n${lines.replace(/^/gm, '  ')}\npartitions: []\n`

const CASES: RefusedConfig[] = [
  {
    name: 'a folder of the target that is none, and a mode that is none',
    config: gadget('modules: [a]\nprefix: lib/modules\nmode: rwx'),
    says: [
      'a.yaml:4:11: Cannot read gadget.prefix: "lib/modules" is no folder of the target, accepted is a path such as /lib/modules, without blanks',
      'a.yaml:5:9: Cannot read gadget.mode: "rwx" is no mode, accepted are three or four octal digits such as 0755',
    ],
  },
  {
    name: 'a folder of the target that leads out of it, and one with a blank',
    config: gadget('modules: [a]\nprefix: /lib/../..'),
    says: [
      'a.yaml:4:11: Cannot read gadget.prefix: "/lib/../.." is no folder of the target, accepted is a path such as /lib/modules, without blanks',
    ],
  },
  {
    name: 'what would be for modules, without modules',
    config: gadget('device_tree: { file: a.dts, node: "&a", dr_mode: host }\nprefix: /mod\nmodules_into: list'),
    says: [
      'a.yaml:4:11: Cannot use prefix: no modules are given that it would be for',
      'a.yaml:5:17: Cannot use modules_into: no modules are given that it would be for',
    ],
  },
]

describe('a gadget section is refused for', () => {
  for (const { name, config, says } of CASES) {
    it(name, () => {
      expect(problemLines(problemsOf(config))).toEqual(says)
    })
  }
})
