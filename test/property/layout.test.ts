import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiskloomError } from '../../src/errors.js'
import { extentEnd } from '../../src/image/extent.js'
import type { DiskPlan } from '../../src/layout/disk-plan.js'
import { planDisk } from '../../src/layout/plan-disk.js'
import { type ImageDraft, imageSpec, KIB, MIB, type PartitionDraft, rawFile, TIB } from '../support/image-spec.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const DEEP = process.env.DISKLOOM_DEEP === '1'
const RUNS = { numRuns: DEEP ? 20_000 : 1500 }
const TOOL_RUNS = { numRuns: DEEP ? 500 : 40 }

const SIZES = fc.oneof(
  fc.integer({ min: 1, max: 64 }).map((count) => count * MIB),
  fc.integer({ min: 60, max: 20_000 }).map((count) => count * 4 * KIB),
  fc.integer({ min: 2, max: 8 }).map((count) => count * TIB),
)

/** Mostly whole sectors, so that most disks can be built; sometimes not. */
const BYTES = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: 0, max: 16_000 }).map((count) => count * 4 * KIB) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40_000 }).map((count) => count * 512) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 * MIB }) },
)
const PERCENT = fc.integer({ min: 0, max: 100 }).map((percent) => ({ kind: 'percent', percent }) as const)

const PARTITION: fc.Arbitrary<PartitionDraft> = fc
  .record({
    start: fc.option(fc.oneof({ weight: 4, arbitrary: BYTES }, PERCENT), { nil: undefined }),
    size: fc.option(fc.oneof({ weight: 6, arbitrary: BYTES }, PERCENT, fc.constant({ kind: 'rest' } as const)), {
      nil: undefined,
    }),
    align: fc.constantFrom(512, 4 * KIB, 64 * KIB, MIB),
    inTable: fc.integer({ min: 0, max: 5 }).map((roll) => roll > 0),
    logical: fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0),
    fileBytes: fc.option(fc.integer({ min: 1, max: 3 * MIB }), { nil: undefined }),
  })
  .map(({ start, size, fileBytes, ...rest }) => ({
    ...rest,
    ...(start !== undefined && { start }),
    ...(size !== undefined && { size }),
    ...(fileBytes !== undefined && rawFile(fileBytes)),
  }))

const DISK: fc.Arbitrary<ImageDraft> = fc
  .record({
    table: fc.constantFrom('gpt', 'mbr', 'none'),
    sectorSize: fc.constantFrom(512, 4096),
    sizeBytes: fc.option(SIZES, { nil: undefined, freq: 4 }),
    entriesAtBytes: fc.option(fc.constantFrom(64 * KIB, MIB), { nil: undefined, freq: 4 }),
    partitions: fc.array(PARTITION, { maxLength: 7 }),
  })
  .map(({ table, sectorSize, sizeBytes, entriesAtBytes, partitions }) => ({
    table,
    sectorSize,
    ...(sizeBytes !== undefined && { sizeBytes }),
    gpt: { entries: 128, ...(entriesAtBytes !== undefined && { entriesAtBytes }) },
    partitions: partitions.map((partition, index) => {
      const { inTable = true, logical = false } = partition
      return { ...partition, name: `p${index}`, logical: table === 'mbr' && inTable && logical }
    }),
  }))

/** The plan, or undefined where it was refused with problems that a person can act on. */
function tryPlan(draft: ImageDraft): DiskPlan | undefined {
  const { spec, payloads } = imageSpec(draft)
  try {
    return planDisk(spec, payloads)
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    expect(error.problems.length).toBeGreaterThan(0)
    for (const { message, path } of error.problems) {
      expect(message).toMatch(/Cannot .+: ./)
      expect(message).not.toMatch(/NaN|undefined|Infinity|\[object/)
      expect(path).toBeDefined()
    }
    return undefined
  }
}

describe('random disks', () => {
  it('are refused in words, or cut into regions that cover them exactly', () => {
    let planned = 0
    fc.assert(
      fc.property(DISK, (draft) => {
        const plan = tryPlan(draft)
        if (plan === undefined) return
        planned++
        let end = 0
        for (const { startByte, endByte } of plan.regions) {
          expect(startByte).toBe(end)
          expect(endByte).toBeGreaterThan(startByte)
          end = endByte
        }
        expect(end).toBe(plan.sizeBytes)
        expect(plan.sizeBytes % plan.sectorSize).toBe(0)
        if (draft.sizeBytes !== undefined) expect(plan.sizeBytes).toBe(draft.sizeBytes)
      }),
      RUNS,
    )
    expect(planned).toBeGreaterThan(RUNS.numRuns / 20)
  })

  it('have every partition where it was asked, in whole usable sectors', () => {
    fc.assert(
      fc.property(DISK, (draft) => {
        const plan = tryPlan(draft)
        for (const { index, number, startByte, endByte } of plan?.partitions ?? []) {
          const asked = draft.partitions[index]!
          if (typeof asked.start === 'number') expect(startByte).toBe(asked.start)
          if (asked.start === undefined) expect(startByte % asked.align!).toBe(0)
          if (typeof asked.size === 'number') expect(endByte - startByte).toBe(asked.size)
          if (asked.payload?.kind === 'file')
            expect(endByte - startByte).toBeGreaterThanOrEqual(asked.payload.file.sizeBytes)
          if (number === undefined) continue
          expect([startByte % plan!.sectorSize, endByte % plan!.sectorSize]).toEqual([0, 0])
          expect(startByte).toBeGreaterThanOrEqual(plan!.usable.startByte)
          expect(endByte).toBeLessThanOrEqual(plan!.usable.endByte)
        }
      }),
      RUNS,
    )
  })

  it('specify nothing in a gap, but for the sector of an old GPT', () => {
    fc.assert(
      fc.property(DISK, (draft) => {
        const plan = tryPlan(draft)
        if (plan === undefined) return
        const gaps = plan.regions.filter(({ kind }) => kind === 'gap')
        for (const extent of plan.image().extents) {
          const inGap = gaps.some(({ startByte, endByte }) => extent.offset < endByte && extentEnd(extent) > startByte)
          if (!inGap) continue
          expect([plan.table, extent.source.kind, extent.offset]).toEqual(['mbr', 'fill', plan.sectorSize])
          // Or as far as what is not in the table begins, which needs no whole sectors.
          expect(extentEnd(extent)).toBeLessThanOrEqual(2 * plan.sectorSize)
        }
      }),
      RUNS,
    )
  })

  it('are the same twice', () => {
    fc.assert(
      fc.property(DISK, (draft) => {
        const [first, second] = [tryPlan(draft), tryPlan(draft)]
        expect(second?.image()).toEqual(first?.image())
      }),
      { numRuns: RUNS.numRuns / 20 },
    )
  })

  it('with explicit places are refused exactly when two of them meet or one lies outside', () => {
    const stretch = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), fc.integer({ min: 68, max: 420 }), (stretches, diskSectors) => {
        const partitions = stretches.map(([first, count]) => ({ start: first * 512, size: count * 512 }))
        // 34 sectors of GPT before, 33 after; every sector taken once.
        const taken = new Set<number>()
        let possible = true
        for (const [first, count] of stretches) {
          for (let sector = first; sector < first + count; sector++) {
            if (sector < 34 || sector >= diskSectors - 33 || taken.has(sector)) possible = false
            taken.add(sector)
          }
        }
        expect(tryPlan({ sizeBytes: diskSectors * 512, partitions }) !== undefined).toBe(possible)
      }),
      RUNS,
    )
  })
})

describeWithTools('random disks under sfdisk', ['sfdisk'], () => {
  const scratch = scratchFolder()

  it('have the partitions of the plan', () => {
    const path = join(scratch, 'random.img')
    const tableDisk = DISK.filter(({ table, sectorSize }) => table !== 'none' && sectorSize === 512)
      .map((draft) => ({ draft, plan: tryPlan(withoutFiles(draft)) }))
      .filter(({ plan }) => plan?.partitions.some(({ number }) => number !== undefined) === true)
    fc.assert(
      fc.property(tableDisk, ({ plan }) => {
        materialize(plan!.image(), path)
        expect(tool('sfdisk', '--verify', path)).toContain('No errors detected.')
        const { partitiontable } = JSON.parse(tool('sfdisk', '-J', path)) as {
          partitiontable: { partitions: { node: string; start: number; size: number }[] }
        }
        const read = partitiontable.partitions.map(({ node, start, size }) => [
          Number(node.slice(path.length)),
          start,
          size,
        ])
        const planned = [...plan!.partitions, ...(plan!.extended ? [plan!.extended] : [])]
          .filter(({ number }) => number !== undefined)
          .map(({ number, startByte, endByte }) => [number!, startByte / 512, (endByte - startByte) / 512])
        expect(read).toEqual(planned.sort((a, b) => a[0]! - b[0]!))
      }),
      TOOL_RUNS,
    )
  })
})

/** The same places without payload files, which are only named here and not there to be read. */
function withoutFiles(draft: ImageDraft): ImageDraft {
  const partitions = draft.partitions.map(({ payload, volume: _, ...rest }) => {
    const measured = payload?.kind === 'file' ? Math.ceil(payload.file.sizeBytes / 512) * 512 : MIB
    return { ...rest, size: rest.size ?? measured }
  })
  return { ...draft, partitions }
}
