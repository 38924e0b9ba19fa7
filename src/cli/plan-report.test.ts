import { describe, expect, it } from 'vitest'
import { capturedTerminal } from '../../test/support/captured-terminal.js'
import { emmcPlan, samplePlan } from '../../test/support/sample-plan.js'
import { diskMap } from './disk-map.js'
import { planLines } from './plan-report.js'
import { openTerminal, paintFor } from './terminal.js'

const PLAIN = paintFor({}, {})
const COLOUR = paintFor({ isTTY: true }, {})

/** What standard output gets. */
function planText(...args: Parameters<typeof planLines>): string {
  const terminal = capturedTerminal()
  openTerminal(terminal).stdout.lines(planLines(...args))
  return terminal.written.stdout
}

function withoutColour(text: string): string {
  return text.replace(/\x1b\[\d+m/g, '')
}

describe('planLines', () => {
  it('shows the disk of the log in 80 columns', () => {
    expect(planText(emmcPlan(), { columns: 80, paint: PLAIN })).toMatchInlineSnapshot(`
      "linux_burn_image: 7.28 GiB, 15269888 sectors of 512 bytes, GPT
      disk uuid 11111111-1111-5111-8111-111111111111

        #  name        start       end  sectors       size  fs         payload
           (gap)          34     33791    33758   16.5 MiB
        1  kernel      33792    164863   131072     64 MiB  boot.img  15.1 MiB
             free 48.9 MiB  type linux  uuid 00000000-0000-5000-8000-000000000000
        2  program    164864    689151   524288    256 MiB  ext4        60 MiB
             type linux  uuid 00000000-0000-5000-8000-000000000001
        3  data       689152   7180799  6491648   3.10 GiB  ext4             -
             type linux  uuid 00000000-0000-5000-8000-000000000002
        4  backup    7180800  13672446  6491647   3.10 GiB  ext4             -
             type linux  uuid 00000000-0000-5000-8000-000000000003
        5  others   13672447  15245311  1572865  768.0 MiB  ext4             -
             type linux  uuid 00000000-0000-5000-8000-000000000004
           (gap)    15245312  15269854    24543   12.0 MiB

      ┌─┬─┬─┬──┬────────────────────────────┬────────────────────────────┬───────┬─┬─┐
      │ │ │1│2 │3 data                      │4 backup                    │5 other│ │ │
      │▒│ │█│█░│░░░░░░░░░░░░░░░░░░░░░░░░░░░░│░░░░░░░░░░░░░░░░░░░░░░░░░░░░│░░░░░░░│ │▒│
      └─┴─┴─┴──┴────────────────────────────┴────────────────────────────┴───────┴─┴─┘
      ▒ partition table   █ payload   ░ free   blank: no partition
      "
    `)
  })

  it('keeps within the width, and puts all in one row where it can', () => {
    for (const columns of [80, 100, 120, 200]) {
      const lines = planText(emmcPlan(), { columns, paint: PLAIN }).split('\n')
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns)
    }
    expect(planText(emmcPlan(), { columns: 200, paint: PLAIN })).toMatch(
      /^ +1 +kernel .* uuid|^ +1 +kernel .* linux +0{8}-/m,
    )
  })

  it('says the same with and without colour', () => {
    const coloured = planText(emmcPlan(), { columns: 80, paint: COLOUR })
    expect(coloured).toContain('\x1b[')
    expect(withoutColour(coloured)).toBe(planText(emmcPlan(), { columns: 80, paint: PLAIN }))
  })

  it('shows a blob outside the table, without a number', () => {
    const plan = samplePlan(8192, [
      { name: 'spl', first: 64, last: 127, fs: 'spl.bin', payloadBytes: 30_000, inTable: false },
    ])
    expect(planText(plan, { columns: 80, paint: PLAIN })).toMatch(
      /^ +- +spl +64 +127 +64 +32 KiB +spl\.bin +29\.3 KiB +2\.70 KiB$/m,
    )
  })
})

describe('diskMap', () => {
  it('gives each region its box in exactly the width', () => {
    const rows = diskMap(emmcPlan(), { columns: 80, paint: PLAIN })
    expect(rows).toHaveLength(4)
    for (const row of rows) expect([...row]).toHaveLength(80)
    expect(rows[0]!.split('┬')).toHaveLength(emmcPlan().regions.length)
  })

  it('takes more rows for more regions than the width shows', () => {
    const parts = Array.from({ length: 128 }, (_, i) => ({
      name: `p${i}`,
      first: 2048 + i * 64,
      last: 2048 + i * 64 + 31,
    }))
    const plan = samplePlan(32_768, parts)
    const rows = diskMap(plan, { columns: 80, paint: PLAIN })
    for (const row of rows) expect([...row]).toHaveLength(80)
    const boxes = rows.filter((row) => row.startsWith('┌')).flatMap((row) => row.split('┬'))
    expect(boxes).toHaveLength(plan.regions.length)
  })

  it('shows a payload of one byte, and one free byte', () => {
    const plan = samplePlan(1 << 20, [
      { name: 'a', first: 2048, last: 500_000, payloadBytes: 1 },
      { name: 'b', first: 500_001, last: 1_000_000, payloadBytes: 500_000 * 512 - 1 },
    ])
    const fills = diskMap(plan, { columns: 80, paint: PLAIN })[2]!
    expect(fills).toMatch(/│█░+│█+░│/)
  })
})
