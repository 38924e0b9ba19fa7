/**
 * `device_tree:` of the gadget section. A property's value looks as YAML suggests and says its type by how it is written, since
 * a device tree has no types that could tell afterwards:
 *
 * | written | the property holds |
 * |---|---|
 * | `okay`, `'"1.8"'` | a string; between double quotes it is one whatever it holds |
 * | `1`, `0x1000`, `<1 0x2>`, `<&phy 0>`, `/bits/ 8 <1>` | cells |
 * | `'[00 ff]'` | bytes |
 * | `[okay, <1>]` | these, one behind the other |
 * | `true` | nothing: the property is there |
 * | `false`, `null` | the property is not there |
 */
import * as z from 'zod'
import { type DtsPiece, type DtsValue, parseDtsValue } from '../../bytes/dts-value.js'
import { nearestWord } from '../../bytes/nearest.js'
import { group } from '../../schema/group.js'
import { choice, flag, leaf, refuseUnprintable, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'

/** [usb-drd] */
const DR_MODES = ['host', 'peripheral', 'otg'] as const
const MEANT_ROLES = { device: 'peripheral', gadget: 'peripheral', slave: 'peripheral', master: 'host' } as const

export function drMode() {
  return choice(DR_MODES, { meant: MEANT_ROLES })
}

/** Properties whose words are known: [usb-drd], [usb-generic], [dts] §2.3.4. */
export const KNOWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  dr_mode: DR_MODES,
  'role-switch-default-mode': ['host', 'peripheral'],
  'maximum-speed': [
    ...['low-speed', 'full-speed', 'high-speed', 'super-speed', 'super-speed-plus'],
    ...['super-speed-plus-gen2x1', 'super-speed-plus-gen1x2', 'super-speed-plus-gen2x2'],
  ],
  status: ['okay', 'disabled', 'reserved', 'fail'],
}

/** What people write for one of these words. */
export function meantWord(value: string, words: readonly string[]): string | undefined {
  const role = Object.hasOwn(MEANT_ROLES, value) ? MEANT_ROLES[value as keyof typeof MEANT_ROLES] : undefined
  if (role !== undefined && words.includes(role)) return role
  return nearestWord(value, words) ?? nearestWord(`${value}-speed`, words)
}

/** As dtc reads names; 31 characters are what the specification has room for. [dts] §2.2.4.1 */
const PROPERTY_NAME = /^[A-Za-z0-9,._+*#?@-]{1,31}$/
const SOURCE_SYNTAX = /^(?:["<[]|\/bits\/)/
const NUMBER = /^(?:0|[1-9]\d*|0x[0-9a-fA-F]+)$/
/** A cell of 32 bits. */
const MAX_CELL = 0xffff_ffffn
const ACCEPTED =
  'accepted are a word, a number from 0 to 0xffffffff, true, false, null, a list of these, and what a source has between = and ;'

type WrittenValue = DtsValue | 'absent'

function parseValue(value: string): WrittenValue | Refusal {
  if (value === 'true') return []
  if (value === 'false') return 'absent'
  return parsePieces(value)
}

/** An item of a list, or a value that is no boolean. */
function parsePieces(value: string): DtsValue | Refusal {
  if (SOURCE_SYNTAX.test(value)) {
    const pieces = parseDtsValue(Buffer.from(value, 'utf8').toString('latin1'))
    return (
      pieces ??
      new Refusal(`${value} is no value of a device tree`, 'accepted are "words", <numbers &labels> and [bytes]')
    )
  }
  if (NUMBER.test(value)) {
    const number = BigInt(value)
    return number <= MAX_CELL
      ? [cells(number)]
      : new Refusal(
          `${value} is out of range`,
          ACCEPTED,
          `64 bits are two cells: <${hex(number >> 32n)} ${hex(number & MAX_CELL)}>`,
        )
  }
  if (/^[-+]?\d+$/.test(value)) {
    return new Refusal(
      `${value} could be a number or a word`,
      ACCEPTED,
      `As a word: '"${value}"'; as a number: without sign and leading zeros`,
    )
  }
  if (/^[0-9a-fA-F]{2}(?: [0-9a-fA-F]{2})+$/.test(value)) {
    return new Refusal(
      `"${value}" could be bytes or a word`,
      ACCEPTED,
      `As bytes: '[${value}]'; as a word: '"${value}"'`,
    )
  }
  return refuseUnprintable(value) ?? [{ kind: 'string', text: value }]
}

function cells(number: bigint): DtsPiece {
  return { kind: 'cells', bits: 32, cells: [number] }
}

function hex(number: bigint): string {
  return `0x${number.toString(16)}`
}

const item = leaf(
  (value): DtsValue | Refusal => {
    if (value === 'true' || value === 'false') {
      return new Refusal(`${value} is no item of a list`, 'accepted are words and numbers', `As a word: '"${value}"'`)
    }
    return parsePieces(value)
  },
  { type: ['string', 'integer'] },
)

const propertyValue = z.union([
  leaf(parseValue, { type: ['string', 'integer', 'boolean'] }),
  z.array(item).transform((items): WrittenValue => joinCells(items.flat())),
  z.null().transform((): WrittenValue => 'absent'),
])

/** Numbers that follow one another are one group of cells, as people write them. */
function joinCells(pieces: readonly DtsPiece[]): DtsValue {
  const joined: DtsPiece[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    if (piece.kind === 'cells' && last?.kind === 'cells' && piece.bits === last.bits) {
      joined[joined.length - 1] = { ...last, cells: [...last.cells, ...piece.cells] }
    } else {
      joined.push(piece)
    }
  }
  return joined
}

const entry = group(
  {
    file: text().describe('The .dts or .dtb; it is not changed, the result is a new file'),
    node: text((value) =>
      /^(?:&\w+|&\{\/[^}\s]*\}|\/\S*)$/.test(value)
        ? undefined
        : new Refusal(
            `"${value}" is no node`,
            'accepted are a label in quotes ("&usb_hs") or a path (/soc/usb@40040000)',
          ),
    ).describe('The node: "&label" (in quotes: & begins an anchor in YAML) or its path'),
    dr_mode: drMode().describe("Role of the USB port: peripheral shows the board's storage to a PC").exactOptional(),
    properties: z
      .record(
        z.string().regex(PROPERTY_NAME, { error: 'names of 1 to 31 letters, digits and , . _ + * # ? @ -' }),
        propertyValue,
      )
      .describe('Any properties: { status: okay, "#size-cells": 1, usb-role-switch: true, reg: <0 0x10>, old: null }')
      .exactOptional(),
    overlay: flag()
      .describe('true: the same change also as an overlay, source and compiled. Default: false')
      .exactOptional(),
    check: flag()
      .describe('false: the result is not compiled as a check, which it is where the host has dtc. Default: true')
      .exactOptional(),
    include_dirs: z
      .array(text())
      .describe('Folders of included files, beside the folder of the file that includes them')
      .exactOptional(),
  },
  { noun: 'a device tree' },
)

/** One node, or a list of them. */
export const deviceTree = z.union([entry.transform((one) => [one]), z.array(entry)])

export type DeviceTreeInput = z.output<typeof deviceTree>
