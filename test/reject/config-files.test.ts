/** Bad configs, each with everything that is said about it: variables, includes, partition lists. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf, type RefusedConfig } from '../support/load-text.js'

/** A sound config with these lines at the top (from line 1). */
const top = (lines: string) => `${lines}\nimage: x\npartitions: [{ fs: boot.img }]\n`
// `$` before a brace, without the linter taking these texts for template literals.
const $ = '\u0024'
const FS_ACCEPTED =
  'accepted are ext2, ext3, ext4, fat, fat12, fat16, fat32, vfat, exfat, jffs2, u-boot-env, ubi, squashfs, erofs, btrfs, f2fs, xfs, ubifs, swap, verity, each alone or with /FOLDER, or the path of a raw file'
const SIZE_ACCEPTED = 'accepted are bytes, sectors (s), KiB, MiB, GiB, TiB'
const unset = (name: string) =>
  `  hint: Give it with --set ${name}=…, under vars:, in the environment, or as ${$}{${name}:-default}; $${$}{${name}} stays as it is`

const VARIABLES: RefusedConfig[] = [
  {
    name: 'unset ones, each at its own place, and nothing else about their values',
    config: `image: x-${$}{VERSION}\nsize: ${$}{SIZE}\npartitions:\n  - { name: a, fs: ext4, content: "${$}{A}/${$}{B:-${$}{C}}", size: '${$}{constructor}' }\n`,
    says: [
      `a.yaml:1:10: Cannot expand variables: ${$}{VERSION} is not set and has no default`,
      unset('VERSION'),
      `a.yaml:2:7: Cannot expand variables: ${$}{SIZE} is not set and has no default`,
      unset('SIZE'),
      `a.yaml:4:36: Cannot expand variables: ${$}{A} is not set and has no default`,
      unset('A'),
      `a.yaml:4:46: Cannot expand variables: ${$}{C} is not set and has no default`,
      unset('C'),
      `a.yaml:4:61: Cannot expand variables: ${$}{constructor} is not set and has no default`,
      unset('constructor'),
    ],
  },
  {
    name: 'what is no variable',
    config: `image: x\nseed: ${$}{1}\npartitions:\n  - { fs: "${$}{A" }\n`,
    options: { set: { A: '1' } },
    says: [
      `a.yaml:2:7: Cannot expand variables: "${$}{1}" is no variable, accepted are ${$}{NAME} and ${$}{NAME:-default}`,
      `  hint: A literal ${$}{ is written $${$}{`,
      `a.yaml:4:12: Cannot expand variables: "${$}{A" has no closing brace`,
      `  hint: A literal ${$}{ is written $${$}{`,
    ],
  },
  {
    name: 'definitions that go round in a circle',
    config: top(`vars: { A: "${$}{B}", B: "x${$}{C}", C: "${$}{A}", D: "${$}{A}" }\nseed: "${$}{A}"`),
    says: [
      'a.yaml:1:12: Cannot expand vars.A: it is defined by itself, A → B → C → A',
      'a.yaml:1:23: Cannot expand vars.B: it is defined by itself, B → C → A → B',
      'a.yaml:1:35: Cannot expand vars.C: it is defined by itself, C → A → B → C',
    ],
  },
  {
    name: 'names that no variable has',
    config: top('vars: { 1a: x, b-c: y, D: [1] }'),
    says: [
      'a.yaml:1:9: Cannot read vars.1a: "1a" is no key here, accepted are names of letters, digits and _ that begin with no digit',
      'a.yaml:1:16: Cannot read vars.b-c: "b-c" is no key here, accepted are names of letters, digits and _ that begin with no digit',
      'a.yaml:1:27: Cannot read vars.D: it is a list, accepted is one value',
    ],
  },
  {
    name: 'a wrong value that a variable brought stands where it is used',
    config: top('vars: { T: gtp }\ntable: "$\u007bT}"'),
    says: [
      'a.yaml:2:8: Cannot read table: "gtp" is unknown, accepted are gpt, mbr, none, mtd',
      '  hint: Did you mean "gpt"?',
    ],
  },
]

const INCLUDES: RefusedConfig[] = [
  {
    name: 'a cycle, with its chain',
    config: {
      'a.yaml': 'include: sub/b.yaml\nimage: x\n',
      'sub/b.yaml': 'include: [c.yaml]\n',
      'sub/c.yaml': 'include: ../a.yaml\n',
    },
    says: ['sub/c.yaml:1:10: Cannot include a.yaml: it includes itself, a.yaml → sub/b.yaml → sub/c.yaml → a.yaml'],
  },
  {
    name: 'files that are not there, in a cycle of their own, or wrong',
    config: {
      'a.yaml': 'include: [none.yaml, b.yaml, "c.yaml"]\nimage: x\n',
      'b.yaml': 'a: [\n',
      'c.yaml': 'include: c.yaml\n',
    },
    says: [
      'a.yaml:1:11: Cannot include none.yaml: there is no such file',
      'b.yaml:2:1: Cannot read YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
      'c.yaml:1:10: Cannot include c.yaml: it includes itself, c.yaml → c.yaml',
    ],
  },
  {
    name: 'positions in the file where the value stands',
    config: {
      'a.yaml': 'include: base.yaml\nimage: x\nbundle: { level: 11 }\n',
      'base.yaml': '# base\nsize: 5XB\npartitions:\n  - { name: a, fs: ext4 }\n  - { name: b, fs: boot.img }\n',
    },
    says: [
      'a.yaml:3:18: Cannot read bundle.level: 11 is out of range, accepted are whole numbers from 0 to 9',
      `base.yaml:2:7: Cannot read size: "5XB" has the unknown unit "XB", ${SIZE_ACCEPTED}, auto`,
      'base.yaml:4:5: Cannot place partition "a": it has neither end nor size, one of them is needed',
      '  hint: Only the last partition and a raw file go without; size: auto is the smallest that holds the content',
    ],
  },
  {
    name: 'a path with a variable that is only defined in what it includes',
    config: { 'a.yaml': `include: "${$}{BOARD}.yaml"\nimage: x\n`, 'b.yaml': 'vars: { BOARD: b }\n' },
    says: [`a.yaml:1:10: Cannot include ${$}{BOARD}.yaml: ${$}{BOARD} is not set and has no default`, unset('BOARD')],
  },
]

const PART_CONFIG: RefusedConfig[] = [
  {
    name: 'lines with too few and too many columns, and places without a unit, all at once',
    config: {
      'PartConfig.cfg':
        '# parts\r\nkernel 33792s 164863s\r\n\r\n\tprogram 164864 689151s ext4/program\r\ndata 1s 2s ext4 5 # five\r\nx\r\n',
    },
    says: [
      'PartConfig.cfg:2:1: Cannot read the line of a partition: it has 3 columns, accepted are 4: name start end fs',
      '  hint: For example: kernel 33792s 164863s boot.img',
      'PartConfig.cfg:4:10: Cannot read start: "164864" has no unit',
      '  hint: Write 164864s for sectors',
      'PartConfig.cfg:5:1: Cannot read the line of a partition: it has 5 columns, accepted are 4: name start end fs',
      '  hint: For example: kernel 33792s 164863s boot.img',
      'PartConfig.cfg:6:1: Cannot read the line of a partition: it has 1 column, accepted are 4: name start end fs',
      '  hint: For example: kernel 33792s 164863s boot.img',
    ],
  },
  {
    name: 'values that are wrong',
    config: { 'PartConfig.cfg': 'kernel 33792S 164863s boot.img\ndata 689152s 689151s ntfs/x\n' },
    says: [
      `PartConfig.cfg:1:8: Cannot read start of partition "kernel": "33792S" has the unknown unit "S", ${SIZE_ACCEPTED}, %`,
      '  hint: Did you mean "s"?',
      `PartConfig.cfg:2:22: Cannot read fs of partition "data": ntfs is no format that diskloom writes, ${FS_ACCEPTED}`,
      '  hint: A raw file of that name is written ./ntfs/x',
    ],
  },
]

describe.each([
  ['variables', VARIABLES],
  ['includes', INCLUDES],
  ['PartConfig.cfg', PART_CONFIG],
])('a config is refused for %s', (_, cases) => {
  it.each(cases)('$name', ({ config, options, says }) => {
    expect(problemLines(problemsOf(config, options))).toEqual(says)
  })
})

it('frames the value in its file', () => {
  const [problem] = problemsOf({
    'a.yaml': 'include: b.yaml\nimage: x\n',
    'b.yaml': 'partitions: []\ntable: gtp\nsize: 1MiB\n',
  })
  expect(problem!.frame).toBe(
    ['  1 | partitions: []', '> 2 | table: gtp', '    |        ^^^', '  3 | size: 1MiB'].join('\n'),
  )
})
