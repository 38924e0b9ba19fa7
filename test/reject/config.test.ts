/** Bad configs, each with everything that is said about it (place, text, hint): the text and its keys. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'

/** A sound config with these lines at the top (from line 1). */
const top = (lines: string) => `${lines}\nimage: x\npartitions: [{ fs: boot.img }]\n`
// `$` before a brace, without the linter taking these texts for template literals.
const $ = '\u0024'

const SYNTAX: RefusedConfig[] = [
  {
    name: 'an empty file',
    config: '# nothing\n',
    says: [
      'a.yaml:1:1: Cannot read the config: it is empty, at least "image" and "partitions" are needed',
      '  hint: "diskloom init" writes a commented one to start from',
    ],
  },
  {
    name: 'a list',
    config: '- a\n- b\n',
    says: [
      'a.yaml:1:1: Cannot read the config: it is a list, accepted is a map of keys such as image: and partitions:',
    ],
  },
  {
    name: 'one word',
    config: 'hello\n',
    says: [
      'a.yaml:1:1: Cannot read the config: it is a single value, accepted is a map of keys such as image: and partitions:',
    ],
  },
  {
    name: 'a tab',
    config: 'image: x\npartitions:\n\t- a\n',
    says: [
      'a.yaml:3:1: Cannot read YAML: tabs are not allowed as indentation',
      '  hint: Indent with spaces: YAML allows no tabs there',
    ],
  },
  {
    name: 'two documents',
    config: 'image: x\n---\nimage: y\n',
    says: [
      'a.yaml:2:1: Cannot read YAML: it holds several documents, one is accepted',
      '  hint: One file holds one config: remove the line with "---", or split the file and use include:',
    ],
  },
  {
    name: 'a key twice',
    config: 'image: x\nsize: 1MiB\nsize: 2MiB\npartitions: []\n',
    says: ['a.yaml:3:1: Cannot read YAML: this key stands twice in one map', '  hint: Remove one of the two'],
  },
  {
    name: 'an unquoted variable in a flow map, and one in a flow list',
    config: `image: x\npartitions:\n  - { name: a, size: ${$}{SIZE}, fs: ext4 }\nbundle: { include: [${$}{FILE:-a}] }\n`,
    says: [
      `a.yaml:3:22: Cannot read YAML: ${$}{SIZE} is not in quotes, and { begins a map inside { } and [ ]`,
      `  hint: Write '${$}{SIZE}'`,
      `a.yaml:4:21: Cannot read YAML: ${$}{FILE:-a} is not in quotes, and { begins a map inside { } and [ ]`,
      `  hint: Write '${$}{FILE:-a}'`,
    ],
  },
  {
    name: 'an unquoted escaped variable in a flow map',
    config: `image: x\ngadget: { install_root: $${$}{ROOT} }\n`,
    says: [
      `a.yaml:2:25: Cannot read YAML: $${$}{ROOT} is not in quotes, and { begins a map inside { } and [ ]`,
      `  hint: Write '$${$}{ROOT}'`,
    ],
  },
  {
    name: 'a tag',
    config: 'image: x\npartitions: !include parts.yaml\n',
    says: [
      'a.yaml:2:13: Cannot read YAML: tags (!…) are not accepted',
      '  hint: A text that begins with ! must be quoted; other configs are read with include:',
    ],
  },
  {
    name: 'an alias without its anchor',
    config: 'image: *name\npartitions: []\n',
    says: [
      'a.yaml:1:8: Cannot follow alias *name: it has no anchor &name before it',
      '  hint: A text that begins with * must be quoted',
    ],
  },
  {
    name: 'an anchor inside itself',
    config: 'image: x\npartitions: &p\n  - { name: a, content: *p }\n',
    says: [
      'a.yaml:3:25: Cannot follow alias *p: it stands inside its own anchor &p',
      '  hint: A text that begins with * must be quoted',
    ],
  },
  {
    name: 'aliases that stand for millions of values',
    config: `image: x\na0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`).join('\n')}\n`,
    says: ['a.yaml:1:1: Cannot read the config: its aliases stand for more than 100000 values'],
  },
  {
    name: 'thousands of brackets',
    config: `image: ${'['.repeat(20_000)}`,
    says: ['a.yaml:1:1: Cannot read the config: it is nested too deeply, 100 levels are accepted'],
  },
  {
    name: 'hundreds of levels',
    config: `image: x\npartitions: ${'['.repeat(150)}${']'.repeat(150)}\n`,
    says: ['a.yaml:2:113: Cannot read the config: it is nested too deeply, 100 levels are accepted'],
  },
  {
    name: 'a list as a key',
    config: 'image: x\n? [a, b]\n: 1\n',
    says: ['a.yaml:2:3: Cannot read a key: it is a map, list or alias, accepted is a word'],
  },
  {
    name: 'a merge of something else than a map',
    config: 'image: x\npartitions:\n  - <<: hello\n    fs: boot.img\n',
    says: ['a.yaml:3:5: Cannot merge with <<: accepted are an alias of a map, a map, or a list of them'],
  },
]

const KEYS: RefusedConfig[] = [
  {
    name: 'missing keys',
    config: 'size: 1MiB\n',
    says: [
      'a.yaml:1:1: Cannot read the config: the key "image" is missing',
      '  hint: image: File name of the image; nothing is added to it',
      'a.yaml:1:1: Cannot read the config: the key "partitions" is missing',
      '  hint: partitions: The partitions, in the order of the table',
    ],
  },
  {
    name: 'unknown keys on every level, with the nearest known one',
    config:
      'imgae: y\nimage: x\npartitions:\n  - { nmae: a, fs: ext4, size: 8MiB, options: { blocksize: 1024 }, colour: red }\nbundle: { includes: [] }\n',
    says: [
      'a.yaml:1:1: Cannot read the config: "imgae" is no key of a config',
      '  hint: Did you mean "image"?',
      'a.yaml:4:7: Cannot read partition 1: "nmae" is no key of a partition',
      '  hint: Did you mean "name"?',
      'a.yaml:4:49: Cannot read options of partition 1: "blocksize" is no key of options',
      '  hint: Did you mean "block_size"?',
      'a.yaml:4:68: Cannot read partition 1: "colour" is no key of a partition',
      '  hint: The keys of a partition are name, start, end, size, free, align, type, uuid, attributes, bootable, in_table, logical, fs, content, covers, volumes, label, fs_uuid, owner, holes, xattrs, modes, engine, luks, fill, accept, options',
      'a.yaml:5:11: Cannot read bundle: "includes" is no key of the bundle',
      '  hint: Did you mean "include"?',
    ],
  },
  {
    name: 'keys and words of coming versions',
    config: top('sign: a.key\noutputs: [raw, svg]'),
    says: [
      'a.yaml:1:1: Cannot read the config: the key "sign" is not yet available in this version',
      'a.yaml:2:16: Cannot read outputs[1]: "svg" is unknown, accepted are raw, zip, gz, xz, zst, bmap, android-sparse, qcow2, vmdk, vdi, vhdx, split, html',
      '  hint: Did you mean "html"?',
    ],
  },
  {
    name: 'keys that no object should inherit',
    config: top('__proto__: { image: y }\nconstructor: 1\ntoString: 2'),
    says: ['__proto__', 'constructor', 'toString'].flatMap((key, index) => [
      `a.yaml:${index + 1}:1: Cannot read the config: "${key}" is no key of a config`,
      '  hint: The keys of a config are image, version, size, table, sector_size, erase_block, seed, source_date_epoch, engine, modes, uuid, gpt, mbr, mtd, partitions, bundle, outputs, accept, budget, gadget, vars, include',
    ]),
  },
  {
    name: 'values of the wrong kind',
    config:
      'image: [x]\npartitions:\n  - 17\n  - { name: b, fs: ext4, content: { a: 1 }, attributes: { a: 1 }, size: 8MiB }\nbundle: none\nvars: [1]\n',
    says: [
      'a.yaml:1:8: Cannot read image: it is a list, accepted is one value',
      'a.yaml:3:5: Cannot read partition 1: it is one value, "17", accepted is a map with name, start, end, size, free, align, type, uuid, attributes, bootable, in_table, logical, fs, content, covers, volumes, label, fs_uuid, owner, holes, xattrs, modes, engine, luks, fill, accept, options',
      'a.yaml:4:35: Cannot read content of partition "b": it is a map, accepted is one value or a list',
      'a.yaml:4:57: Cannot read attributes of partition "b": it is a map, accepted is one value or a list',
      'a.yaml:5:9: Cannot read bundle: it is one value, "none", accepted is a map with name, include, level, meta, readme',
      'a.yaml:6:7: Cannot read vars: it is a list, accepted is a map',
    ],
  },
  {
    name: 'keys without a value',
    config: 'image: x\nsize:\nbundle: ~\npartitions: [{ fs: boot.img, label: , content: null }]\n',
    says: [
      'a.yaml:2:1: Cannot read size: it has no value',
      '  hint: size: Size of the disk: 7456MiB, 15269888s. Default: as small as holds everything',
      'a.yaml:3:1: Cannot read bundle: it has no value',
      '  hint: bundle: The zip with the image and the files that ship with it',
      'a.yaml:4:30: Cannot read label of partition 1: it has no value',
      '  hint: label: Label of the volume',
      'a.yaml:4:39: Cannot read content of partition 1: it has no value',
      '  hint: content: What the volume holds: a folder or archive, or a list of entries laid over one another (docs/content.md)',
    ],
  },
  {
    name: 'an anchor where a label of the device tree was meant',
    config: top('gadget:\n  device_tree: { file: a.dts, node: &usb_hs , dr_mode: device }'),
    says: [
      'a.yaml:2:31: Cannot read gadget.device_tree.node: it has no value',
      "  hint: & begins an anchor in YAML: write '&usb_hs' in quotes",
      'a.yaml:2:56: Cannot read gadget.device_tree.dr_mode: "device" is unknown, accepted are host, peripheral, otg',
      '  hint: Did you mean "peripheral"?',
    ],
  },
]

describe.each([
  ['the text', SYNTAX],
  ['keys', KEYS],
])('a config is refused for %s', (_, cases) => {
  it.each(cases)('$name', ({ config, options, says }) => {
    expect(problemLines(problemsOf(config, options))).toEqual(says)
  })
})

it('finds hundreds of variables without quotes at once', () => {
  const partitions = Array.from({ length: 500 }, (_, index) => `  - { name: p${index}, fs: x/${$}{FS:-${$}{A}} }\n`)
  const problems = problemsOf(`image: x\npartitions:\n${partitions.join('')}`)
  expect(problems).toHaveLength(500)
  expect(problems[499]).toMatchObject({ hint: `Write 'x/${$}{FS:-${$}{A}}'`, position: { line: 502, column: 23 } })
})
