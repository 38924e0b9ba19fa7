import { describe, expect, it } from 'vitest'
import { effectiveProperty } from './effective-property.js'
import { encodeFdt } from './fdt/fdt-writer.js'

function possible(text: string, node = '&usb') {
  const file = { name: 'board.dts', text, includes: new Map() }
  const effective = effectiveProperty({ kind: 'source', path: '/board.dts', file }, node, 'dr_mode')
  return { ...effective, possible: effective.possible.map((each) => each.text) }
}

describe('effectiveProperty', () => {
  const CASES: [name: string, text: string, values: (string | undefined)[]][] = [
    ['the only value', 'usb: u { dr_mode = "host"; };', ['"host"']],
    ['the last of several', 'usb: u { dr_mode = "host"; };\n&usb { dr_mode = "otg"; };', ['"otg"']],
    ['nothing where it is not set', 'usb: u { };', [undefined]],
    [
      'nothing after /delete-property/',
      'usb: u { dr_mode = "host"; };\n&usb { /delete-property/ dr_mode; };',
      [undefined],
    ],
    ['a macro by its name', 'usb: u { dr_mode = ROLE; };', ['ROLE']],
    ['a boolean as an empty text', 'usb: u { dr_mode; };', ['']],
    ['both arms', 'usb: u {\n#ifdef A\ndr_mode = "host";\n#else\ndr_mode = "otg";\n#endif\n};', ['"otg"', '"host"']],
    [
      'what stands before a conditional',
      'usb: u { dr_mode = "otg"; };\n#ifdef A\n&usb { dr_mode = "host"; };\n#endif\n',
      ['"host"', '"otg"'],
    ],
    ['nothing where one arm leaves it open', '&usb {\n#if A\ndr_mode = "host";\n#endif\n};', ['"host"', undefined]],
    ['nothing of children', 'usb: u { c { dr_mode = "host"; }; };', [undefined]],
  ]
  for (const [name, text, values] of CASES) {
    it(`gives ${name}`, () => {
      expect(possible(text)).toEqual({ possible: values, unreadInclude: undefined })
    })
  }

  it('says which include may decide otherwise', () => {
    expect(possible('#include "a.dtsi"\n&usb { dr_mode = "host"; };').unreadInclude).toBeUndefined()
    expect(possible('#include "a.dtsi"\n&usb { };').unreadInclude).toBe('board.dts:1')
    expect(possible('&usb { dr_mode = "host"; };\n#include "a.dtsi"').unreadInclude).toBe('board.dts:2')
  })

  it('reads a compiled tree', () => {
    const words = Buffer.from('host\0')
    const bytes = encodeFdt({
      name: '',
      properties: [],
      children: [{ name: 'usb', properties: [{ name: 'dr_mode', value: words }], children: [] }],
    })
    const input = { kind: 'compiled', path: '/board.dtb', name: 'board.dtb', bytes } as const
    expect(effectiveProperty(input, '/usb', 'dr_mode').possible).toEqual([
      { text: '"host"', value: [{ kind: 'string', text: 'host' }], place: undefined },
    ])
    expect(effectiveProperty(input, '/usb', 'status').possible[0]!.text).toBeUndefined()
  })
})
