/** `device_tree:` with what it does not take, and device trees that cannot be changed as asked. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { dtsText } from '../../src/bytes/dts-value.js'
import { DiskloomError, type Problem } from '../../src/errors.js'
import { checkDeviceTrees } from '../../src/gadget/check-device-tree.js'
import { encodeFdt } from '../../src/gadget/fdt/fdt-writer.js'
import { gadget } from '../../src/gadget.js'
import type { CommandRunner } from '../../src/tree/command-runner.js'
import { deviceTreeSpec } from '../support/device-tree-spec.js'
import { loadText, problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()

/** A sound config with these keys of a device tree (line 2, the first key at column 18). */
const tree = (keys: string) =>
  `gadget:\n  device_tree: { file: a.dts, node: "&usb", ${keys} }\nimage: x\npartitions: [{ fs: boot.img }]\n`
const WORDS =
  'accepted are a word, a number from 0 to 0xffffffff, true, false, null, a list of these, and what a source has between = and ;'

const REFUSED: RefusedConfig[] = [
  {
    name: 'a role that does not exist, in either place',
    config: tree('dr_mode: device'),
    says: [
      'a.yaml:2:54: Cannot read gadget.device_tree.dr_mode: "device" is unknown, accepted are host, peripheral, otg',
      '  hint: Did you mean "peripheral"?',
    ],
  },
  {
    name: 'words that no driver knows',
    config: tree('properties: { dr_mode: gadget, maximum-speed: high, status: okey }'),
    says: [
      'a.yaml:2:68: Cannot set dr_mode of &usb: "gadget" is unknown, accepted are host, peripheral, otg',
      '  hint: Did you mean "peripheral"?',
      'a.yaml:2:91: Cannot set maximum-speed of &usb: "high" is unknown, accepted are low-speed, full-speed, high-speed, super-speed, super-speed-plus, super-speed-plus-gen2x1, super-speed-plus-gen1x2, super-speed-plus-gen2x2',
      '  hint: Did you mean "high-speed"?',
      'a.yaml:2:105: Cannot set status of &usb: "okey" is unknown, accepted are okay, disabled, reserved, fail',
      '  hint: Did you mean "okay"?',
    ],
  },
  {
    name: 'a word of known words as something else',
    config: tree('properties: { status: 1 }'),
    says: [
      'a.yaml:2:67: Cannot set status of &usb: the value is no single word, accepted are okay, disabled, reserved, fail',
    ],
  },
  {
    name: 'what could be two things',
    config: tree('properties: { a: 007, b: -1, c: 00 11 22, d: 0x100000000 }'),
    says: [
      `a.yaml:2:62: Cannot read gadget.device_tree.properties.a: 007 could be a number or a word, ${WORDS}`,
      `  hint: As a word: '"007"'; as a number: without sign and leading zeros`,
      `a.yaml:2:70: Cannot read gadget.device_tree.properties.b: -1 could be a number or a word, ${WORDS}`,
      `  hint: As a word: '"-1"'; as a number: without sign and leading zeros`,
      `a.yaml:2:77: Cannot read gadget.device_tree.properties.c: "00 11 22" could be bytes or a word, ${WORDS}`,
      `  hint: As bytes: '[00 11 22]'; as a word: '"00 11 22"'`,
      `a.yaml:2:90: Cannot read gadget.device_tree.properties.d: 0x100000000 is out of range, ${WORDS}`,
      '  hint: 64 bits are two cells: <0x1 0x0>',
    ],
  },
  {
    name: 'what a source would need a preprocessor for',
    config: tree('properties: { a: "<GPIO_ACTIVE_LOW>", b: [true, 1] }'),
    says: [
      'a.yaml:2:62: Cannot read gadget.device_tree.properties.a: <GPIO_ACTIVE_LOW> is no value of a device tree, accepted are "words", <numbers &labels> and [bytes]',
      'a.yaml:2:87: Cannot read gadget.device_tree.properties.b[0]: true is no item of a list, accepted are words and numbers',
      `  hint: As a word: '"true"'`,
    ],
  },
  {
    name: 'a name that no property has',
    config: tree('properties: { "a b": 1 }'),
    says: [
      'a.yaml:2:59: Cannot read gadget.device_tree.properties.a b: "a b" is no key here, accepted are names of 1 to 31 letters, digits and , . _ + * # ? @ -',
    ],
  },
  {
    name: 'nothing to set, and one thing twice',
    config:
      'image: x\ngadget:\n  device_tree:\n    - { file: a.dts, node: /usb }\n    - { file: a.dts, node: /usb, dr_mode: host, properties: { dr_mode: host } }\npartitions: [{ fs: boot.img }]\n',
    says: [
      'a.yaml:4:7: Cannot change node /usb: neither dr_mode nor properties is given, at least one is needed',
      'a.yaml:5:72: Cannot set dr_mode of /usb twice: it is given by itself and in properties, one is accepted',
    ],
  },
  {
    name: 'two results of one name',
    config:
      'image: x\ngadget:\n  device_tree:\n    - { file: a/x.dts, node: /usb, dr_mode: host }\n    - { file: b/x.dts, node: /usb, dr_mode: host }\npartitions: [{ fs: boot.img }]\n',
    says: [
      'a.yaml:5:15: Cannot write the device tree b/x.dts: a/x.dts has the same name, and both results would be gadget/x.dts',
    ],
  },
  {
    name: 'a node that is neither a label nor a path',
    config:
      'image: x\ngadget:\n  device_tree: { file: a.dts, node: usb, dr_mode: host }\npartitions: [{ fs: boot.img }]\n',
    says: [
      'a.yaml:3:37: Cannot read gadget.device_tree.node: "usb" is no node, accepted are a label in quotes ("&usb_hs") or a path (/soc/usb@40040000)',
    ],
  },
]

describe('device_tree: refuses', () => {
  for (const { name, config, says } of REFUSED) {
    it(name, () => {
      expect(problemLines(problemsOf(config))).toEqual(says)
    })
  }
})

describe('device_tree: reads values by how they are written', () => {
  const VALUES: [yaml: string, source: string | undefined][] = [
    ['okay', '"okay"'],
    ['1.8v', '"1.8v"'],
    [`'"1"'`, '"1"'],
    [`'"true"'`, '"true"'],
    ['1', '<1>'],
    ['0x1000', '<0x1000>'],
    ['<1 0x2 &phy>', '<1 2 &phy>'],
    ['/bits/ 8 <1>', '/bits/ 8 <1>'],
    [`'[00 ff]'`, '[00 ff]'],
    ['[a, b]', '"a", "b"'],
    ['[1, 2, x, <3>]', '<1 2>, "x", <3>'],
    ['true', ''],
    ['false', undefined],
    ['null', undefined],
    ['~', undefined],
    ['', undefined],
  ]
  for (const [yaml, source] of VALUES) {
    it(`${yaml} → ${source}`, () => {
      const { spec } = loadText(
        `gadget:\n  device_tree:\n    file: a.dts\n    node: /usb\n    properties:\n      "#a": ${yaml}\nimage: x\npartitions: [{ fs: boot.img }]\n`,
      )
      const [{ name, value }] = spec.gadget!.deviceTrees[0]!.properties as [{ name: string; value: never }]
      expect([name, value === undefined ? undefined : dtsText(value)]).toEqual(['#a', source])
    })
  }
})

/** What `diskloom gadget` says of files in a folder of their own. */
async function problemsWith(
  files: Readonly<Record<string, string | Uint8Array>>,
  keys: string,
): Promise<readonly Problem[]> {
  const folder = join(scratch, 'board')
  mkdirSync(folder, { recursive: true })
  const config = `image: x\ngadget:\n  device_tree: { ${keys} }\npartitions: [{ fs: ext4 }]\nsize: 8MiB\n`
  for (const [name, content] of Object.entries({ ...files, 'a.yaml': config }))
    writeFileSync(join(folder, name), content)
  const options = { config: join(folder, 'a.yaml'), out: join(scratch, 'out'), environment: { PATH: process.env.PATH } }
  try {
    return (await gadget(options)).warnings
  } catch (error) {
    if (error instanceof DiskloomError) return error.problems
    throw error
  }
}

describe('a device tree', () => {
  const usb = { name: 'usb@1', properties: [{ name: 'a', value: new Uint8Array() }], children: [] }
  const good = encodeFdt({ name: '', properties: [], children: [usb] })

  it('that has no such node names the nearest ones', async () => {
    const [problem] = await problemsWith(
      { 'b.dts': '/dts-v1/;\n/ { usb_hs: usb@1 { }; };\n' },
      'file: b.dts, node: "&usb_fs", dr_mode: host',
    )
    expect(problem).toMatchObject({
      message:
        'Cannot use node &usb_fs of b.dts: the device tree has no body for it, a label (&name) or a path (/soc/usb@0) of it is expected',
      hint: 'Did you mean &usb_hs?',
      position: { line: 3 },
    })
  })

  const DAMAGES: [name: string, damage: (bytes: Buffer) => Buffer, message: RegExp][] = [
    ['another magic', (bytes) => put(bytes, 0, 0x12345678), /at byte 0: magic is 0x12345678, expected is 0xd00dfeed/],
    ['an old version', (bytes) => put(bytes, 20, 3), /at byte 20: version is 3, expected is 17 or later/],
    [
      'a length beyond its end',
      (bytes) => put(bytes, 4, 1e6),
      /at byte 4: totalsize is 1000000, expected is 40 to the file's/,
    ],
    [
      'a structure beyond its end',
      (bytes) => put(bytes, 36, 1e6),
      /at byte 36: size_dt_struct is 1000000, expected is inside of/,
    ],
    [
      'strings over the structure',
      (bytes) => put(bytes, 12, 0x38),
      /off_dt_struct is \d+, expected is outside of the block at 56/,
    ],
    ['an unknown token', (bytes) => put(bytes, 0x38, 7), /at byte 56: token is 7, expected are 1, 2, 3, 4 and 9/],
    [
      'no room for its header',
      (bytes) => bytes.subarray(0, 20),
      /at byte 0: header is 20 bytes, expected are at least 40/,
    ],
    [
      'no end of the reserved memory',
      (bytes) => put(bytes, 40, 1),
      /at byte 40: off_mem_rsvmap is the place of a list without its pair of zeros/,
    ],
  ]
  for (const [name, damage, message] of DAMAGES) {
    it(`compiled, with ${name}, is refused`, async () => {
      const [problem] = await problemsWith(
        { 'b.dtb': damage(Buffer.from(good)) },
        'file: b.dtb, node: /usb@1, dr_mode: host',
      )
      expect(problem!.message).toMatch(message)
      expect(problem!.message).toMatch(/^Cannot read flattened device tree at byte /)
    })
  }

  it('cannot lose a property by an overlay', async () => {
    const [problem] = await problemsWith(
      { 'b.dts': '/dts-v1/;\n/ { usb@1 { a; }; };\n' },
      'file: b.dts, node: /usb@1, properties: { a: null }, overlay: true',
    )
    expect(problem!.message).toBe('Cannot delete a of node /usb@1 by an overlay: it can only add and change')
  })
})

function put(bytes: Buffer, offset: number, value: number): Buffer {
  bytes.writeUInt32BE(value, offset)
  return bytes
}

describeWithTools('the check by dtc', ['dtc', 'cpp'], () => {
  it('finds a macro that sets what only the preprocessor sees', async () => {
    const text = '#define MODE dr_mode = "host";\n/dts-v1/;\n/ { usb@1 { }; };\n/ { usb@1 { a; MODE }; };\n'
    const [problem] = await problemsWith({ 'b.dts': text }, 'file: b.dts, node: /usb@1, dr_mode: peripheral')
    expect(problem!.message).toMatch(
      /^Cannot (?:use the changed device tree b\.dts|set dr_mode of node \/usb@1 in b\.dts): /,
    )
  })

  it('is silent where all is right, with headers and included files', async () => {
    const files = {
      'roles.h': '#define ROLE "host"\n',
      'soc.dtsi': '/ { soc { usb_hs: usb@1 { dr_mode = ROLE; }; }; };\n',
      'b.dts': '#include "roles.h"\n/dts-v1/;\n#include "soc.dtsi"\n',
    }
    expect(await problemsWith(files, 'file: b.dts, node: "&usb_hs", dr_mode: peripheral')).toEqual([])
  })

  it('is not asked where no board file is written', async () => {
    const folder = join(scratch, 'image-only')
    mkdirSync(folder)
    writeFileSync(join(folder, 'boot.img'), 'boot')
    writeFileSync(join(folder, 'b.dts'), '&usb_hs { };\n')
    const config = join(folder, 'board.yaml')
    writeFileSync(
      config,
      'gadget:\n  device_tree: { file: b.dts, node: "&usb_hs", dr_mode: host }\nimage: x\nsize: 8MiB\npartitions: [{ fs: boot.img }]\n',
    )
    const options = { config, out: join(folder, 'out'), environment: process.env }
    const about = async (only?: 'image') => (await build({ ...options, only })).warnings.map(({ message }) => message)
    expect(await about()).toEqual([expect.stringMatching(/^Device tree b\.dts was not compiled as a check: dtc: /)])
    expect(await about('image')).toEqual([])
  })

  it('says what was not checked, and why', async () => {
    const broken = await problemsWith({ 'b.dts': '&usb_hs { };\n' }, 'file: b.dts, node: "&usb_hs", dr_mode: host')
    expect(broken[0]!.message).toMatch(/^Device tree b\.dts was not compiled as a check: dtc: .*syntax error/)
    const header = await problemsWith(
      { 'b.dts': '#include <dt-bindings/x.h>\n/dts-v1/;\n/ { usb@1 { }; };\n' },
      'file: b.dts, node: /usb@1, dr_mode: host',
    )
    expect(header[0]!.message).toMatch(/^Device tree b\.dts was not compiled as a check: cpp: .*dt-bindings\/x\.h/)
    const none = await problemsWith(
      { 'b.dts': '&usb_hs { };\n' },
      'file: b.dts, node: "&usb_hs", dr_mode: host, check: false',
    )
    expect(none).toEqual([])
  })
})

describe('the check without dtc', () => {
  it('names the package', async () => {
    const runner: CommandRunner = { locate: () => undefined, run: () => Promise.reject(new Error('not called')) }
    const before = { name: 'b.dts', text: '/ { };', includes: new Map() }
    const specs = [deviceTreeSpec('/b.dts', '/usb')]
    expect(await checkDeviceTrees([{ path: '/b.dts', before, after: Buffer.from(''), specs }], runner)).toEqual([
      {
        finding: 'device-tree-unchecked',
        message: 'Device tree b.dts was not compiled as a check: dtc is not installed',
        hint: 'On Debian: apt-get install device-tree-compiler',
        path: ['gadget', 'device_tree'],
      },
    ])
  })
})
