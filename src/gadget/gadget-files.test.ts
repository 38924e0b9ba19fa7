import { beforeAll, describe, expect, it } from 'vitest'
import { deviceTreeSpec } from '../../test/support/device-tree-spec.js'
import type { GadgetSpec } from '../config/spec.js'
import { ConfigError, FormatError } from '../errors.js'
import { planGadgetFiles } from './gadget-files.js'
import { readTemplates } from './template.js'

let templates: ReadonlyMap<string, string>
beforeAll(async () => {
  templates = await readTemplates()
})

function plan(source: string | Buffer, node = '&usb_hs', name = 'rootfs.dts') {
  const path = `/board/${name}`
  const spec: GadgetSpec = {
    installRoot: '',
    modules: [],
    deviceTrees: [deviceTreeSpec(path, node)],
    configPath: ['gadget'],
  }
  const bytes = typeof source === 'string' ? Buffer.from(source) : source
  const file = { name, text: bytes.toString('latin1'), includes: new Map() }
  return planGadgetFiles(spec, { templates, deviceTrees: [{ kind: 'source', path, file }] })
}

function texts({ files }: ReturnType<typeof plan>): Record<string, string> {
  return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('latin1')]))
}

describe('planGadgetFiles', () => {
  it('gives the patched device tree and its patch', () => {
    expect(texts(plan('&usb_hs {\n\tdr_mode = "host";\n};\n'))).toEqual({
      'gadget/rootfs.dts': '&usb_hs {\n\tdr_mode = "peripheral";\n};\n',
      'gadget/rootfs.dts.patch': `--- a/rootfs.dts
+++ b/rootfs.dts
@@ -1,3 +1,3 @@
 &usb_hs {
-\tdr_mode = "host";
+\tdr_mode = "peripheral";
 };
`,
    })
  })

  it('gives no patch, and says so, where nothing changes', () => {
    const result = plan('&usb_hs { dr_mode = "peripheral"; };\n')
    expect(Object.keys(texts(result))).toEqual(['gadget/rootfs.dts'])
    expect(result.warnings).toEqual([
      {
        finding: 'device-tree-unchanged',
        message: 'Device tree rootfs.dts: dr_mode of &usb_hs is as asked already, so there is no patch',
        path: ['gadget', 'device_tree'],
      },
    ])
  })

  it('warns of an include that comes after the node', () => {
    const result = plan('&usb_hs { dr_mode = "host"; };\n#include "late.dtsi"\n')
    expect(result.warnings).toMatchObject([
      { message: expect.stringMatching(/the include at rootfs\.dts:2 follows &usb_hs and may set its dr_mode again$/) },
    ])
  })

  it('leaves bytes of any encoding as they are', () => {
    const source = Buffer.concat([
      Buffer.from('// gr\xfc\xdfe '),
      Buffer.from([0xff, 0x80, 0x0a]),
      Buffer.from('&usb_hs { };\n'),
    ])
    expect(plan(source).files[0]!.bytes).toEqual(
      Buffer.concat([source.subarray(0, -4), Buffer.from(' dr_mode = "peripheral"; };\n')]),
    )
  })

  it('reaches a node by path where only a body at the end can set it', () => {
    const source = '/ { usb@1 {\n#if A\n\tdr_mode = "host";\n#endif\n}; };\n'
    expect(texts(plan(source, '/usb@1'))['gadget/rootfs.dts']).toBe(
      `${source}\n&{/usb@1} {\n\tdr_mode = "peripheral";\n};\n`,
    )
  })

  it('ends a file name that holds a blank with a tab in the patch', () => {
    const patch = texts(plan('&usb_hs { };\n', '&usb_hs', 'my board.dts'))['gadget/my board.dts.patch']
    expect(patch).toMatch(/^--- a\/my board\.dts\t\n\+\+\+ b\/my board\.dts\t\n/)
  })

  it('refuses with the file, and the value of the config that is wrong', () => {
    expect(() => plan('&usb_fs { };\n')).toThrow(ConfigError)
    expect(() => plan('&usb_fs { };\n')).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({
            message: expect.stringMatching(/^Cannot use node &usb_hs of rootfs\.dts: /),
            hint: 'Did you mean &usb_fs?',
            path: ['gadget', 'device_tree', 'node'],
          }),
        ],
      }),
    )
    expect(() => plan('&usb_hs {\n')).toThrow(FormatError)
    expect(() => plan('&usb_hs {\n')).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path: ['gadget', 'device_tree', 'file'] })] }),
    )
  })
})
