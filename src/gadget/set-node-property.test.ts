import { describe, expect, it } from 'vitest'
import { parseDtsValue } from '../bytes/dts-value.js'
import { DtsSource } from './dts-source.js'
import { setNodeProperty } from './set-node-property.js'

/** `value`: as a source has it; null = the property shall go. */
function set(
  text: string,
  node: string,
  { property, value }: { property: string; value: string | null } = { property: 'dr_mode', value: '"peripheral"' },
) {
  return setNodeProperty(DtsSource.ofText('board.dts', text), {
    name: 'board.dts',
    node,
    property,
    value: value === null ? undefined : parseDtsValue(value),
    overrideBody: (name, statement) => `\n${name} { ${statement} };\n`,
  })
}

/** `|old|new|` in a text stands for the change: what is there before, and after. */
function change(marked: string): { before: string; after: string } {
  return {
    before: marked.replace(/\|([^|]*)\|([^|]*)\|/g, '$1'),
    after: marked.replace(/\|([^|]*)\|([^|]*)\|/g, '$2'),
  }
}

const CASES: Record<string, { node?: string; text: string }> = {
  'replaces the value': { text: '&usb_hs {\n\tstatus = "okay";\n\tdr_mode = |"host"|"peripheral"|;\n};\n' },
  'keeps comments around the value': {
    text: '&usb_hs { dr_mode /* role */ = /* was */ |"host"|"peripheral"| /* here */ ; // end\n};\n',
  },
  'does not look into comments and strings': {
    text: '// &usb_hs { dr_mode = "host"; };\n/* dr_mode = "host"; } */\n&usb_hs { note = "dr_mode = }\\" ;"; dr_mode = |"host"|"peripheral"|; };\n',
  },
  'does not look into preprocessor lines': {
    text: '#define NODE &usb_hs { \\\n dr_mode = "otg"; }\n#define X /* {\n { */ {\n&usb_hs {\n\t#size-cells = <0>;\n\tdr_mode = |"host"|"peripheral"|;\n};\n',
  },
  'replaces a macro': { text: '&usb_hs {\n\tdr_mode = |USB_ROLE|"peripheral"|;\n};\n' },
  'replaces a list': { text: '&usb_hs {\n\tdr_mode = |"otg", "host"|"peripheral"|;\n};\n' },
  'gives a value to a bare name': { text: '&usb_hs {\n\tdr_mode|| = "peripheral"|;\n};\n' },
  'edits the last of several': {
    text: 'usb_hs: usb@1 { dr_mode = "otg"; };\n&usb_hs { dr_mode = "host"; };\n&usb_hs { dr_mode = |"host"|"peripheral"|; };\n&usb_hs { status = "okay"; };\n',
  },
  'joins label and path': {
    node: '/soc/usb@1',
    text: '/ { soc { hs: usb_hs: usb@1 { dr_mode = "otg"; }; }; };\n&hs { dr_mode = |"host"|"peripheral"|; };\n',
  },
  'takes &{/path}': {
    node: '&{/soc/usb@1}',
    text: '/ { soc { usb@1 { }; usb@2 { dr_mode = "host"; }; }; };\n&{/soc/usb@1} { dr_mode = |"host"|"peripheral"|; };\n',
  },
  'reaches a node through the label of its parent': {
    node: '/soc/usb@1',
    text: '/ { soc: soc { }; };\n&soc { usb@1 { dr_mode = |"host"|"peripheral"|; }; };\n',
  },
  'leaves children and siblings alone': {
    text: '&usb_fs { dr_mode = "host"; };\n&usb_hs {\n\tstatus = "okay";||\n\tdr_mode = "peripheral";|\n\tport { dr_mode = "host"; };\n};\n',
  },
  'adds what is missing, after the comment of its line': {
    text: '&usb_hs {\n    reg = <1>,\n          <2>; /* two */ // really||\n    dr_mode = "peripheral";|\n};\n',
  },
  'adds before a comment that goes on': {
    text: '&usb_hs {\n\ta = <1>;||\n\tdr_mode = "peripheral";| /* x\n y */\n};\n',
  },
  'adds on one line': { text: '&usb_hs { status = "okay";|| dr_mode = "peripheral";| };\n' },
  'adds to an empty body': { text: '&usb_hs {|| dr_mode = "peripheral"; |};\n' },
  'adds to a blank body': { text: '&usb_hs {|| dr_mode = "peripheral";| };\n' },
  'adds to a body of lines without a property': { text: '&usb_hs {||\n\tdr_mode = "peripheral";|\n\tport { };\n};\n' },
  'adds with the line ends of the file': { text: '&usb_hs {\r\n\ta;||\r\n\tdr_mode = "peripheral";|\r\n};\r\n' },
  'adds after /delete-property/': {
    text: '&usb_hs { dr_mode = "host"; };\n&usb_hs {\n\t/delete-property/ dr_mode;||\n\tdr_mode = "peripheral";|\n};\n',
  },
  'wins over a /delete-property/ in the body that set it': {
    text: '&usb_hs {\n\tdr_mode = "host";\n\t/delete-property/ dr_mode;\n};\n||\n&usb_hs { dr_mode = "peripheral"; };\n|',
  },
  'sets both twins of a conditional': {
    text: '&usb_hs {\n#ifdef A\n\tdr_mode = |"host"|"peripheral"|;\n#else\n\tdr_mode = |"otg"|"peripheral"|;\n#endif\n};\n',
  },
  'sets the arm and what it overrides': {
    text: '&usb_hs { dr_mode = |"host"|"peripheral"|; };\n#ifdef A\n&usb_hs { dr_mode = |"otg"|"peripheral"|; };\n#endif\n',
  },
  'adds outside the conditional at the end of a body': {
    text: '&usb_hs {\n\ta;||\n\tdr_mode = "peripheral";|\n#if A\n\tb;\n#endif\n};\n',
  },
  'appends a body when an arm is missing': {
    text: '&usb_hs {\n#if A\n\tdr_mode = "host";\n#elif B\n\tdr_mode = "otg";\n#endif\n};\n||\n&usb_hs { dr_mode = "peripheral"; };\n|',
  },
  'appends a body when a conditional cuts the value': {
    text: '&usb_hs {\n\tdr_mode =\n#if A\n\t"host"\n#else\n\t"otg"\n#endif\n\t;\n};||\n\n&usb_hs { dr_mode = "peripheral"; };\n|',
  },
  'edits each body of a node that conditionals may leave out': {
    text: '#ifdef A\n&usb_hs {\n\tdr_mode = |"host"|"peripheral"|;\n};\n#endif\n#ifdef B\n&usb_hs {\n\tb;||\n\tdr_mode = "peripheral";|\n#if C\n\tc;\n#endif\n};\n#endif\n',
  },
  'sees a node again that was deleted': {
    text: 'usb_hs: usb@1 { dr_mode = "host"; };\n/delete-node/ &usb_hs;\nusb_hs: usb@1 { dr_mode = |"host"|"peripheral"|; };\n',
  },
  'steps over /include/ and macros without a semicolon': {
    text: '/include/ "a.dtsi"\nMACRO(x)\n&usb_hs {\n\tMACRO(y)\n\tdr_mode = |"host"|"peripheral"|;\n};\n',
  },
}

describe('setNodeProperty', () => {
  for (const [name, { node = '&usb_hs', text }] of Object.entries(CASES)) {
    it(name, () => {
      const { before, after } = change(text)
      const edit = set(before, node)
      expect(edit.text).toBe(after)
      expect(set(edit.text, node)).toMatchObject({ text: after, lines: [] })
    })
  }

  const OTHERS: Record<string, { property: string; value: string | null; text: string }> = {
    'sets a boolean': { property: 'usb-role-switch', value: '', text: '&usb_hs {\n  a;||\n  usb-role-switch;|\n};\n' },
    'takes the value of a boolean away': {
      property: 'usb-role-switch',
      value: '',
      text: '&usb_hs { usb-role-switch| = <1>||; };\n',
    },
    'sets cells under a name that begins with #': {
      property: '#size-cells',
      value: '<1>',
      text: '&usb_hs {\n\t#size-cells = |<0>|<1>|; // one\n};\n',
    },
    'leaves cells alone that are the same number': {
      property: 'a',
      value: '<16 2>',
      text: '&usb_hs { a = <0x10>, <2>; };\n',
    },
    'leaves the same bytes alone': { property: 'a', value: '[61 00]', text: '&usb_hs { a = "a"; };\n' },
    'replaces an expression': { property: 'a', value: '<2>', text: '&usb_hs { a = |<(1 + 1)>|<2>|; };\n' },
    'replaces a reference': { property: 'phys', value: '<&b 0>', text: '&usb_hs { phys = |<&a 0>|<&b 0>|; };\n' },
    'keeps the indentation of the file': {
      property: 'a',
      value: '<1>',
      text: '/ {\n    soc {\n        b;\n    };\n};\n&usb_hs {||\n    a = <1>;|\n    port { };\n};\n',
    },
    'takes a statement out with its line': {
      property: 'a',
      value: null,
      text: 'usb_hs: u {\n\tb;\n|\ta = <1>,\n\t\t<2>;\n||\tc;\n};\n',
    },
    'leaves the comment of a line that goes': {
      property: 'a',
      value: null,
      text: 'usb_hs: u {\n\t|a = <1>; ||/* why */\n};\n',
    },
    'takes it out of one line': { property: 'a', value: null, text: 'usb_hs: u { b;| a;|| c; };\n' },
    'takes it out of every body and arm': {
      property: 'a',
      value: null,
      text: 'usb_hs: u {| a;|| };\n&usb_hs {\n#if A\n|\ta = <2>;\n||#endif\n};\n',
    },
    'leaves alone what is deleted already': {
      property: 'a',
      value: null,
      text: 'usb_hs: u { a; };\n&usb_hs { /delete-property/ a; };\n',
    },
    'leaves alone what was never there': { property: 'a', value: null, text: 'usb_hs: u { b; };\n' },
    'deletes what an include may have set': {
      property: 'a',
      value: null,
      text: '#include "soc.dtsi"\n&usb_hs {\n\tb;||\n\t/delete-property/ a;|\n};\n',
    },
    'deletes what a conditional cuts': {
      property: 'a',
      value: null,
      text: 'usb_hs: u {\n\ta =\n#if A\n\t<1>\n#else\n\t<2>\n#endif\n\t;\n};||\n\n&usb_hs { /delete-property/ a; };\n|',
    },
    'takes a macro before it for a statement of its own': {
      property: 'a',
      value: null,
      text: 'usb_hs: u {\n\tMACRO(x)\n|\ta;\n||};\n',
    },
  }
  for (const [name, { property, value, text }] of Object.entries(OTHERS)) {
    it(name, () => {
      const { before, after } = change(text)
      const edit = set(before, '&usb_hs', { property, value })
      expect(edit.text).toBe(after)
      expect(set(edit.text, '&usb_hs', { property, value })).toMatchObject({ text: after, lines: [] })
    })
  }

  describe('with included files', () => {
    const usb = 'usb_hs: usb@1 { dr_mode = "host"; };\n'
    function withInclude(text: string, included: string, value: string | null = '"peripheral"') {
      const dtsi = { name: 'soc.dtsi', text: included, includes: new Map() }
      const source = new DtsSource({ name: 'board.dts', text, includes: new Map([['soc.dtsi', dtsi]]) })
      return setNodeProperty(source, {
        name: 'board.dts',
        node: '&usb_hs',
        property: 'dr_mode',
        value: value === null ? undefined : parseDtsValue(value),
        overrideBody: (name, statement) => `${name} { ${statement} };\n`,
      }).text
    }

    it('overrides what only the included file says, and never edits it', () => {
      const text = '#include "soc.dtsi"\n'
      expect(withInclude(text, usb)).toBe(`${text}&usb_hs { dr_mode = "peripheral"; };\n`)
      expect(withInclude(text, usb, null)).toBe(`${text}&usb_hs { /delete-property/ dr_mode; };\n`)
    })

    it('puts it into the body that the file has itself', () => {
      const text = '/include/ "soc.dtsi"\n&usb_hs {\n\tstatus = "okay";\n};\n'
      expect(withInclude(text, usb)).toBe(text.replace('"okay";', '"okay";\n\tdr_mode = "peripheral";'))
    })

    it('changes nothing where the included file says it already', () => {
      expect(withInclude('#include "soc.dtsi"\n', usb, '"host"')).toBe('#include "soc.dtsi"\n')
    })

    it('comes after an include that follows the body', () => {
      const text = '&usb_hs {\n\tdr_mode = "otg";\n};\n#include "soc.dtsi"\n'
      expect(withInclude(text, '&usb_hs { dr_mode = "host"; };\n')).toBe(
        `${text}&usb_hs { dr_mode = "peripheral"; };\n`,
      )
    })

    it('sees through the guard of an included file', () => {
      const guarded = `/* soc */\n#ifndef SOC\n#define SOC\n${usb}#endif\n`
      expect(withInclude('#include "soc.dtsi"\n', guarded)).toContain('&usb_hs { dr_mode = "peripheral"; };\n')
    })

    it('names the file of a mistake, and the line in it', () => {
      expect(() => withInclude('\n#include "soc.dtsi"\n', 'a {\n b {')).toThrow(/node b at soc\.dtsi:2:2 is not closed/)
      expect(() => withInclude('#include "soc.dtsi"\n};', usb)).toThrow(/a } at board\.dts:2:1 closes nothing/)
    })
  })

  it('names the lines that it changes', () => {
    expect(set('\n\n&usb_hs {\n\tdr_mode = "host";\n};\n', '&usb_hs').lines).toEqual([4])
  })

  it('tells of an include after the node', () => {
    expect(set('&usb_hs { dr_mode = "host"; };\n#include "late.dtsi"\n', '&usb_hs').laterInclude).toBe('board.dts:2')
    expect(set('#include "early.dtsi"\n&usb_hs { dr_mode = "host"; };\n', '&usb_hs').laterInclude).toBeUndefined()
  })

  const REFUSALS: [name: string, text: string, message: RegExp][] = [
    [
      'a label that is not there',
      '&usb_fs { };\n',
      /^Cannot use node &usb_hs of board\.dts: the device tree has no body/,
    ],
    ['a deleted node', 'usb_hs: usb@1 { };\n/delete-node/ &usb_hs;\n', /\/delete-node\/ at board\.dts:2 removes it/],
    ['an open string', '&usb_hs { a = "b; };\n', /a string that does not end begins at board\.dts:1:15/],
    ['an open comment', '&usb_hs { };\n/* a', /a comment that does not end begins at board\.dts:2:1/],
    ['an open node', '&usb_hs {\n', /node &usb_hs at board\.dts:1:1 is not closed/],
    ['a brace too many', '&usb_hs { }; };\n', /a } at board\.dts:1:14 closes nothing/],
    ['an open conditional', '#if A\n&usb_hs { };\n', /the #if at board\.dts:1:1 has no #endif/],
    ['a stray #else', '#else\n&usb_hs { };\n', /an #else at board\.dts:1:1 has no #if/],
    [
      'arms that open a node',
      '#if A\n&usb_hs {\n#else\n&usb_fs {\n#endif\n};\n',
      /an #else at board\.dts:3:1 ends in another node than its #if at board\.dts:1/,
    ],
  ]
  for (const [name, text, message] of REFUSALS) {
    it(`refuses ${name}`, () => {
      expect(() => set(text, '&usb_hs')).toThrow(message)
    })
  }

  it('refuses a conditional node that sets it in some cases only', () => {
    const text = '#if A\n&usb_hs {\n#if B\n\tdr_mode = "host";\n#endif\n};\n#endif\n'
    expect(() => set(text, '&usb_hs')).toThrow(
      /^Cannot set dr_mode of node &usb_hs in board\.dts: its body at board\.dts:2 stands in a conditional, and what it says/,
    )
  })

  it('names the nearest nodes', () => {
    const text = '#include "soc.dtsi"\n&usb_fs { };\n&usb_hs { };\n'
    expect(() => set(text, '&usb_ha')).toThrow(
      expect.objectContaining({
        hint: 'Did you mean &usb_hs, &usb_fs? board.dts:1 includes a file that was not found: name its folder in include_dirs, or write an empty "&usb_ha { };"',
      }),
    )
  })
})
