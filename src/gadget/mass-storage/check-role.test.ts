import { describe, expect, it } from 'vitest'
import { boardFiles } from '../../../test/support/gadget-text.js'

const SOURCE =
  '&usb_hs {\n\tdr_mode = "host";\n};\n&usb_fs {\n\tdr_mode = "otg";\n};\n&usb_if {\n#if A\n\tdr_mode = "host";\n#endif\n};\n'

/** Warnings about hosts, of a section with storage and these nodes. */
async function warningsOf(...nodes: string[]): Promise<string[]> {
  const list = nodes.map((node) => `{ file: b.dts, ${node} }`).join(', ')
  const { warnings } = await boardFiles(`  luns: [/a]\n  device_tree: [${list}]`, {
    deviceTrees: [{ kind: 'source', path: '/board/b.dts', file: { name: 'b.dts', text: SOURCE, includes: new Map() } }],
  })
  return warnings.filter((warning) => warning.includes('a host:'))
}

const STAYS = 'The device tree leaves &usb_hs a host: a host shows no storage'

describe('a port that stays a host', () => {
  it('is told of, whether the config or the source says so', async () => {
    expect(await warningsOf("node: '&usb_hs', dr_mode: host")).toEqual([STAYS])
    expect(await warningsOf("node: '&usb_hs', properties: { status: okay }")).toEqual([STAYS])
  })

  it('is nothing to tell of where it becomes a peripheral, or another one is', async () => {
    expect(await warningsOf("node: '&usb_hs', dr_mode: peripheral")).toEqual([])
    expect(await warningsOf("node: '&usb_hs', dr_mode: host", "node: '&usb_fs', properties: { status: okay }")).toEqual(
      [],
    )
  })

  it('is nothing to tell of where a conditional decides', async () => {
    expect(await warningsOf("node: '&usb_if', properties: { status: okay }")).toEqual([])
  })
})
