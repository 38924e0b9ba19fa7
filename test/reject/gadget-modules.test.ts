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
  {
    name: 'an initramfs with values of the wrong kind',
    config: gadget('initramfs: { compression: bz2, level: 20, results: [a], name: a/b }'),
    says: [
      'a.yaml:3:29: Cannot read gadget.initramfs.compression: "bz2" is unknown, accepted are none, gz, xz, zst',
      'a.yaml:3:41: Cannot read gadget.initramfs.level: 20 is out of range, accepted are whole numbers from 0 to 19',
      'a.yaml:3:54: Cannot read gadget.initramfs.results: it is a list, accepted is a map',
      'a.yaml:3:65: Cannot read gadget.initramfs.name: "a/b" holds a folder, accepted is a plain file name',
      '  hint: --out chooses the folder',
    ],
  },
  {
    name: 'an initramfs of nothing',
    config: gadget('initramfs: { compression: gz }'),
    says: ['a.yaml:3:14: Cannot make an initramfs of nothing: content, modules or results is needed'],
  },
  {
    name: 'modules that nobody lists, a level that there is not, a volume inside',
    config: gadget(
      'initramfs: { modules: true, compression: none, level: 3, results: { a: b, /c/../d: e }, content: [{ path: /a, image: { fs: fat, size: 1MiB } }, { folder: a, link: b }] }',
    ),
    says: [
      'a.yaml:3:25: Cannot put modules into the initramfs: gadget.modules lists none',
      'a.yaml:3:57: Cannot use a level for none: it is accepted with gz, xz, zst',
      'a.yaml:3:74: Cannot put a result at "a" of the initramfs: accepted is a path such as /etc/init.d/S50usb, without ".."',
      'a.yaml:3:86: Cannot put a result at "/c/../d" of the initramfs: accepted is a path such as /etc/init.d/S50usb, without ".."',
      'a.yaml:3:120: Cannot make an image in the initramfs: content of a partition takes image, here it is not accepted',
      'a.yaml:3:166: Cannot use content[1].link of the initramfs: the entry is a folder, link is accepted with path',
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
