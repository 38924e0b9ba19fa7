/** The board files, judged by the tools that use them: patch and git apply, dtc, and cpio's idea of a list. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { unifiedDiff } from '../../src/bytes/unified-diff.js'
import type { GadgetSpec } from '../../src/config/spec.js'
import { planGadgetFiles } from '../../src/gadget/gadget-files.js'
import { readTemplates } from '../../src/gadget/template.js'
import { deviceTreeSpec } from '../support/device-tree-spec.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
let templates: ReadonlyMap<string, string>
beforeAll(async () => {
  templates = await readTemplates()
})

/** Sources that dtc compiles as they are, and the path of the node that is set. */
const SOURCES: Record<string, { node: string; path: string; text: string }> = {
  'the override of the application note': {
    node: '&usb_hs',
    path: '/soc/usb@40040000',
    text: `/dts-v1/;
/ {
	soc {
		usb_hs: usb@40040000 {
			dr_mode = "otg"; /* until the board says otherwise */
			port { dr_mode = "child"; };
		};
		usb_fs: usb@50000000 { dr_mode = "host"; };
	};
};
&usb_hs {
	status = "okay";
	dr_mode = "host";
	pinctrl-names = "default";
};
`,
  },
  'no property yet, a child first': {
    node: '/soc/usb@1',
    path: '/soc/usb@1',
    text: '/dts-v1/;\n/ {\n\tsoc {\n\t\tusb@1 {\n\t\t\tport { };\n\t\t};\n\t};\n};\n',
  },
  'deleted and gone': {
    node: '&usb_hs',
    path: '/usb@1',
    text: '/dts-v1/;\n/ { usb_hs: usb@1 { dr_mode = "host"; }; };\n&usb_hs { /delete-property/ dr_mode; };\n',
  },
  'set and deleted in one body': {
    node: '&usb_hs',
    path: '/usb@1',
    text: '/dts-v1/;\n/ { usb_hs: usb@1 { }; };\n&usb_hs { dr_mode = "host"; /delete-property/ dr_mode; };\n',
  },
  'a node that was deleted and made again': {
    node: '&usb_hs',
    path: '/usb@2',
    text: '/dts-v1/;\n/ { usb_hs: usb@1 { dr_mode = "host"; }; };\n/delete-node/ &usb_hs;\n/ { usb_hs: usb@2 { a; }; };\n',
  },
  'reached through two labels and a path': {
    node: '&second',
    path: '/soc/usb@1',
    text: '/dts-v1/;\n/ { soc: soc { first: second: usb@1 { dr_mode = "otg"; }; }; };\n&first { dr_mode = "otg"; };\n&{/soc/usb@1} { dr_mode = "host"; };\n&soc { usb@1 { b; }; };\n',
  },
  'without a newline at the end': { node: '&u', path: '/u', text: '/dts-v1/;\n/ { u: u { }; };' },
  'with the line ends of Windows': {
    node: '&u',
    path: '/u',
    text: '/dts-v1/;\r\n/ {\r\n\tu: u {\r\n\t\ta;\r\n\t};\r\n};\r\n',
  },
}

function patched(name: string, node: string, text: string): { after: Uint8Array; patch: Uint8Array } {
  const spec: GadgetSpec = {
    installRoot: '',
    modules: [],
    deviceTrees: [deviceTreeSpec(name, node)],
    configPath: ['gadget'],
  }
  const file = { name, text, includes: new Map() }
  const { files } = planGadgetFiles(spec, { templates, deviceTrees: [{ kind: 'source', path: name, file }] })
  return { after: files[0]!.bytes, patch: files[1]!.bytes }
}

describeWithTools('the device-tree patch', ['patch', 'git'], () => {
  let number = 0

  function applies(name: string, before: Uint8Array, after: Uint8Array, patch: Uint8Array): void {
    for (const command of [
      ['patch', '-p1', '--fuzz=0', '-i', 'change.patch'],
      ['git', 'apply', 'change.patch'],
    ]) {
      const folder = join(scratch, `patch${number++}`)
      mkdirSync(folder)
      writeFileSync(join(folder, name), before)
      writeFileSync(join(folder, 'change.patch'), patch)
      const { status, stdout, stderr } = runTool(command[0]!, command.slice(1), { cwd: folder })
      expect({ command, status, stdout, stderr }).toMatchObject({ status: 0 })
      expect(`${stdout}${stderr}`).not.toMatch(/fuzz|offset|warning/i)
      expect(readFileSync(join(folder, name)).equals(after)).toBe(true)
    }
  }

  for (const [what, { node, text }] of Object.entries(SOURCES)) {
    it(`applies: ${what}`, () => {
      const { after, patch } = patched('rootfs.dts.STM32F7', node, text)
      applies('rootfs.dts.STM32F7', Buffer.from(text, 'latin1'), after, patch)
    })
  }

  for (const name of ['my board.dts', 'gerät.dts', 'a"b.dts', 'tab\tname.dts']) {
    it(`applies to a file called ${JSON.stringify(name)}`, () => {
      const { after, patch } = patched(name, '&u', '/ { u: u { dr_mode = "host"; }; };\n// gr\xfc\xdfe\n')
      applies(name, Buffer.from('/ { u: u { dr_mode = "host"; }; };\n// gr\xfc\xdfe\n', 'latin1'), after, patch)
    })
  }

  it('applies whatever the distance between two changes is', () => {
    for (let between = 0; between < 9; between++) {
      const text = (value: string) =>
        `&u {\n#if A\n\tdr_mode = ${value};\n#else\n${'\ta;\n'.repeat(between)}\tdr_mode = ${value};\n#endif\n};\n`
      const [before, after] = [text('"host"'), text('"peripheral"')]
      const patch = unifiedDiff('u.dts', before, after)!
      expect(Buffer.from(patched('u.dts', '&u', before).after).toString()).toBe(after)
      applies('u.dts', Buffer.from(before), Buffer.from(after), Buffer.from(patch))
    }
  })
})

describeWithTools('the patched device tree', ['dtc', 'fdtget'], () => {
  /** The decompiled tree, sorted: what the kernel would see. */
  function compiled(text: Uint8Array | string): string {
    const { status, stdout, stderr } = runTool('dtc', ['-q', '-s', '-I', 'dts', '-O', 'dts'], { input: text })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return stdout
  }

  function property(text: Uint8Array, path: string): string {
    const dtb = join(scratch, 'tree.dtb')
    expect(runTool('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-o', dtb], { input: text }).status).toBe(0)
    return tool('fdtget', dtb, path, 'dr_mode').trimEnd()
  }

  for (const [what, { node, path, text }] of Object.entries(SOURCES)) {
    it(`says peripheral to dtc, and nothing else changes: ${what}`, () => {
      const { after } = patched('board.dts', node, text)
      expect(property(after, path)).toBe('peripheral')
      const before = compiled(Buffer.from(text, 'latin1')).split('\n')
      const now = compiled(after).split('\n')
      const changed = now.filter((line) => !before.includes(line))
      const gone = before.filter((line) => !now.includes(line))
      expect(changed.map((line) => line.trim())).toEqual(['dr_mode = "peripheral";'])
      expect(gone.length).toBeLessThanOrEqual(1)
      expect(Math.abs(now.length - before.length)).toBeLessThanOrEqual(2)
    })
  }
})

describe('the ready eMMC config', () => {
  it('sets the node of the board that it ships', () => {
    const source = readFileSync(join(import.meta.dirname, '../../configs/emmc-8g/rootfs.dts.STM32F7'), 'latin1')
    const { after, patch } = patched('rootfs.dts.STM32F7', '&usb_hs', source)
    const changed = Buffer.from(patch)
      .toString()
      .split('\n')
      .filter((line) => /^[-+](?![-+])/.test(line))
    expect(changed).toHaveLength(2)
    expect(changed[0]).toMatch(/^-\tdr_mode = "host";/)
    expect(changed[1]).toBe(changed[0]!.replace('-', '+').replace('"host"', '"peripheral"'))
    expect(after).toHaveLength(source.length + 'peripheral'.length - 'host'.length)
  })
})
