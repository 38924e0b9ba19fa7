/** Compiled device trees and overlays, judged by dtc and its tools. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDtsValue } from '../../src/bytes/dts-value.js'
import { FormatError } from '../../src/errors.js'
import { overlayBlob, overlaySource } from '../../src/gadget/device-tree-overlay.js'
import { readFdt } from '../../src/gadget/fdt/fdt-reader.js'
import { setFdtProperty } from '../../src/gadget/fdt/set-fdt-property.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
const DEEP = process.env.DISKLOOM_DEEP !== undefined

const SOURCE = `/dts-v1/;
/memreserve/ 0xffffffff80000000 0x1000;
/memreserve/ 0x40000000 0x100;
/ {
	#address-cells = <1>;
	model = "board";
	soc: soc {
		usb_hs: usb@40040000 {
			dr_mode = "host";
			reg = <0x40040000 0x40000>;
			port { dr_mode = "child"; };
		};
		usb_fs: usb@50000000 { phys = <&phy 1>; };
		phy: phy { };
	};
};
`

function compile(source: string, ...options: string[]): Buffer {
  const path = join(scratch, 'compiled.dtb')
  const { status, stderr } = runTool('dtc', ['-q', '-q', '-I', 'dts', '-O', 'dtb', ...options, '-o', path, '-'], {
    input: source,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return readFileSync(path)
}

function written(bytes: Uint8Array): string {
  const path = join(scratch, 'written.dtb')
  writeFileSync(path, bytes)
  return path
}

/** In the order of the file, or with `-s` sorted. */
function dump(bytes: Uint8Array, ...options: string[]): string {
  return tool('dtc', '-q', '-q', ...options, '-I', 'dtb', '-O', 'dts', written(bytes))
}

function set(bytes: Uint8Array, node: string, property: string, value: string | undefined): Uint8Array {
  return setFdtProperty(bytes, {
    name: 'board.dtb',
    node,
    property,
    value: value === undefined ? undefined : parseDtsValue(value),
  })
}

describeWithTools('a compiled device tree', ['dtc', 'fdtget', 'fdtput'], () => {
  const usb = '/soc/usb@40040000'
  const EDITS: [node: string, property: string, value: string, type: string, args: string[]][] = [
    [usb, 'dr_mode', '"peripheral"', 's', ['peripheral']],
    [usb, 'dr_mode', '"a", "b"', 's', ['a', 'b']],
    [usb, 'maximum-speed', '"high-speed"', 's', ['high-speed']],
    [usb, 'reg', '<1 2 3>', 'u', ['1', '2', '3']],
    [usb, 'mac', '[01 02 03]', 'bx', ['1', '2', '3']],
    ['/', 'model', '"another, longer name"', 's', ['another, longer name']],
    ['/soc', 'usb-role-switch', '', 's', []],
  ]
  for (const [node, property, value, type, args] of EDITS) {
    for (const options of [[], ['-@'], ['-p', '64'], ['-b', '3']]) {
      it(`gets ${property} = ${value} like fdtput's, compiled with ${options.join(' ') || 'no option'}`, () => {
        const before = compile(SOURCE, ...options)
        const after = set(before, node, property, value)
        const theirs = written(before)
        tool('fdtput', '-t', type, theirs, node, property, ...args)
        const expected = readFileSync(theirs)
        // fdtput puts a new property before the others, dtc and diskloom behind them.
        expect(dump(after, '-s')).toBe(dump(expected, '-s'))
        const [ours, old] = [readFdt(after).header, readFdt(before).header]
        expect(ours.boot_cpuid_phys).toBe(old.boot_cpuid_phys)
        expect(readFdt(after).spareBytes).toBe(readFdt(before).spareBytes)
        expect(ours.totalsize).toBe(after.length)
      })
    }
  }

  it('loses a property like by fdtput -d, and gets it back at the end of its node', () => {
    const before = compile(SOURCE)
    const gone = set(before, usb, 'dr_mode', undefined)
    const theirs = written(before)
    tool('fdtput', '-d', theirs, usb, 'dr_mode')
    expect(dump(gone)).toBe(dump(readFileSync(theirs)))
    expect(dump(set(gone, usb, 'dr_mode', '"host"'))).toBe(
      dump(before)
        .replace('\t\t\tdr_mode = "host";\n', '')
        .replace('0x40000>;\n', '0x40000>;\n\t\t\tdr_mode = "host";\n'),
    )
  })

  it('keeps every byte where nothing changes, and where a change is taken back', () => {
    for (const options of [[], ['-@'], ['-p', '64']]) {
      const before = compile(SOURCE, ...options)
      expect(set(before, usb, 'dr_mode', '"host"')).toBe(before)
      expect(set(before, usb, 'none', undefined)).toBe(before)
      const back = set(set(before, usb, 'dr_mode', '"peripheral"'), usb, 'dr_mode', '"host"')
      expect(Buffer.compare(back, before)).toBe(0)
    }
  })

  it('knows labels where they were kept, and phandles', () => {
    const after = set(compile(SOURCE, '-@'), '&usb_hs', 'phys', '<&phy 7>')
    const path = written(after)
    const phandle = tool('fdtget', path, '/soc/phy', 'phandle').trim()
    expect(tool('fdtget', path, usb, 'phys').trim()).toBe(`${phandle} 7`)
  })

  it('is refused with a reason where the node or its phandle is not there', () => {
    const before = compile(SOURCE)
    expect(() => set(before, '&usb_hs', 'a', '')).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/has no labels/), hint: 'dtc -@ keeps labels' }),
    )
    expect(() => set(before, '/soc/usb@4004000', 'a', '')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Did you mean \/soc\/usb@40040000/) }),
    )
    expect(() => set(compile(SOURCE, '-@'), '&usb_hz', 'a', '')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Did you mean &usb_hs/) }),
    )
    expect(() => set(before, usb, 'a', '<&{/soc/usb@50000000}>')).toThrow(/has no phandle/)
  })

  it('ends in an error or in a tree that dtc reads, whatever byte is damaged', () => {
    const good = compile(SOURCE, '-@')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(good.length), { nil: undefined }),
        (damages, cut) => {
          const bytes = Buffer.from(good)
          for (const [at, byte] of damages) bytes[at] = byte
          const damaged = cut === undefined ? bytes : bytes.subarray(0, cut)
          try {
            readFdt(damaged)
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError)
            expect((error as Error).message).toMatch(/^Cannot read flattened device tree at byte \d+: \S+/)
          }
        },
      ),
      { numRuns: DEEP ? 100_000 : 2000 },
    )
  })
})

describeWithTools('an overlay', ['dtc', 'fdtget', 'fdtoverlay'], () => {
  const nodes = [
    {
      node: '&usb_hs',
      properties: [
        { name: 'dr_mode', value: parseDtsValue('"peripheral"')! },
        { name: 'usb-role-switch', value: [] },
        { name: 'phys', value: parseDtsValue('<&phy 3>, <&phy 4>')! },
      ],
    },
    { node: '/soc/usb@50000000', properties: [{ name: 'status', value: parseDtsValue('"okay"')! }] },
    { node: '&phy', properties: [{ name: '#phy-cells', value: parseDtsValue('<1>')! }] },
  ]

  it('is, byte for byte, what dtc makes of its source', () => {
    expect(Buffer.compare(overlayBlob(nodes), compile(overlaySource(nodes), '-@'))).toBe(0)
    const one = nodes.slice(1, 2)
    expect(Buffer.compare(overlayBlob(one), compile(overlaySource(one), '-@'))).toBe(0)
  })

  it('applies to the board', () => {
    writeFileSync(join(scratch, 'base.dtb'), compile(SOURCE, '-@'))
    writeFileSync(join(scratch, 'change.dtbo'), overlayBlob(nodes))
    const result = join(scratch, 'result.dtb')
    tool('fdtoverlay', '-i', join(scratch, 'base.dtb'), '-o', result, join(scratch, 'change.dtbo'))
    expect(tool('fdtget', result, '/soc/usb@40040000', 'dr_mode')).toBe('peripheral\n')
    expect(tool('fdtget', result, '/soc/usb@50000000', 'status')).toBe('okay\n')
    expect(tool('fdtget', result, '/soc/usb@40040000', 'phys')).toBe('1 3 1 4\n')
  })
})
