/**
 * Random device-tree sources with several bodies for one node, conditionals, deletions and children. Whatever the arms
 * that the preprocessor takes, dtc must find the role that was asked, and everything else as it was.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDtsValue } from '../../src/bytes/dts-value.js'
import { bodyReference } from '../../src/gadget/device-tree-overlay.js'
import { DtsSource } from '../../src/gadget/dts-source.js'
import { setNodeProperty } from '../../src/gadget/set-node-property.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const RUNS = process.env.DISKLOOM_DEEP ? 2000 : 60
const scratch = scratchFolder()
const PATH = '/soc/usb@1'

/** The lines of a statement. */
type Statement = readonly string[]

const value = fc.constantFrom('"host"', '"otg"', '"peripheral"', '"otg", "host"', '/* "x" */ "host" /* ; } */')
const set: fc.Arbitrary<Statement> = value.map((text) => [`dr_mode = ${text};`])
const cutSet: fc.Arbitrary<Statement> = fc.constant([
  'dr_mode =',
  '#ifdef A',
  '"host"',
  '#else',
  '"otg"',
  '#endif',
  ';',
])
const bare: fc.Arbitrary<Statement> = fc.constant(['dr_mode;'])
const remove: fc.Arbitrary<Statement> = fc.constant(['/delete-property/ dr_mode;'])
const other: fc.Arbitrary<Statement> = fc.constantFrom(
  ['note = "dr_mode = \\"x\\"; }"; // dr_mode'],
  ['/* dr_mode = "otg"; { */'],
  ['#size-cells = <0>;'],
  ['reg = <1>,', '      <(1 + 1)>; /* two', '  lines */'],
)
const assignment = fc.oneof(
  { weight: 4, arbitrary: set },
  { weight: 1, arbitrary: bare },
  { weight: 1, arbitrary: cutSet },
)

function inArms(statement: fc.Arbitrary<Statement>): fc.Arbitrary<Statement> {
  return fc.oneof(
    { weight: 3, arbitrary: statement },
    statement.map((lines) => ['#ifdef A', ...lines, '#endif']),
    fc.tuple(statement, statement).map(([when, or]) => ['#ifdef A', ...when, '#else', ...or, '#endif']),
  )
}

/** Children are left alone, and stand after the properties. */
const child = fc.constantFrom<Statement>([], [], ['port { dr_mode = "host"; };'])

const definition = fc
  .tuple(fc.option(inArms(assignment), { nil: [] }), fc.uniqueArray(other), fc.boolean(), child)
  .map(([mode, others, first, children]) => [
    ...(first ? mode : []),
    ...others.flat(),
    ...(first ? [] : mode),
    ...children,
  ])

const override = fc
  .tuple(fc.array(inArms(fc.oneof(assignment, remove, other)), { maxLength: 3 }), child)
  .map(([statements, children]) => [...statements.flat(), ...children])

const HEADS: readonly (readonly [open: string, close: string])[] = [
  ['&usb {', '};'],
  ['&same {', '};'],
  [`&{${PATH}} {`, '};'],
  ['/ { soc { usb@1 {', '}; }; };'],
  ['&soc { usb@1 {', '}; };'],
  // Another node, which must stay as it is.
  ['&else {', '};'],
]

const source = fc
  .record({
    definition,
    overrides: fc.array(
      inArms(fc.tuple(fc.constantFrom(...HEADS), override).map(([[open, close], body]) => [open, ...body, close])),
      {
        maxLength: 4,
      },
    ),
    node: fc.constantFrom('&usb', '&same', PATH, `&{${PATH}}`),
    newline: fc.constantFrom('\n', '\r\n'),
  })
  .map(({ definition, overrides, node, newline }) => {
    const lines = [
      '/dts-v1/;',
      '/ { soc: soc {',
      'usb: same: usb@1 {',
      ...definition,
      '};',
      'else: usb@2 { dr_mode = "host"; };',
      '}; };',
      ...overrides.flat(),
      '',
    ]
    return { text: lines.join(newline), node }
  })

/** What a preprocessor leaves, with A defined or not. */
function preprocess(text: string, a: boolean): string {
  const arms: boolean[] = []
  const kept = text.split('\n').filter((line) => {
    const directive = line.trimEnd()
    if (directive === '#ifdef A') arms.push(a)
    else if (directive === '#else') arms.push(!arms.pop()!)
    else if (directive === '#endif') arms.pop()
    else return arms.every(Boolean)
    return false
  })
  return kept.join('\n')
}

/** The compiled tree, or undefined where dtc refuses the source. */
function compile(text: string, name: string): string | undefined {
  const dtb = join(scratch, name)
  return runTool('dtc', ['-q', '-q', '-I', 'dts', '-O', 'dtb', '-o', dtb], { input: text }).status === 0
    ? dtb
    : undefined
}

/** The tree as text, with the role of the node given, so that only other differences show. */
function withRole(dtb: string): string {
  tool('fdtput', '-t', 's', dtb, PATH, 'dr_mode', 'peripheral')
  return tool('dtc', '-q', '-q', '-s', '-I', 'dtb', '-O', 'dts', dtb)
}

describeWithTools('setNodeProperty on random sources', ['dtc', 'fdtget', 'fdtput'], () => {
  it('sets the role in every arm, and nothing else', () => {
    fc.assert(
      fc.property(source, ({ text, node }) => {
        const edit = setNodeProperty(DtsSource.ofText('board.dts', text), {
          name: 'board.dts',
          node,
          property: 'dr_mode',
          value: parseDtsValue('"peripheral"'),
          overrideBody: (reference, statement) => `${bodyReference(reference)} { ${statement} };\n`,
        })
        for (const a of [true, false]) {
          const before = compile(preprocess(text, a), 'before.dtb')
          fc.pre(before !== undefined)
          const after = compile(preprocess(edit.text, a), 'after.dtb')
          expect(after, edit.text).toBeDefined()
          expect(tool('fdtget', after!, PATH, 'dr_mode'), edit.text).toBe('peripheral\n')
          expect(withRole(after!)).toBe(withRole(before!))
        }
      }),
      { numRuns: RUNS },
    )
  })
})
