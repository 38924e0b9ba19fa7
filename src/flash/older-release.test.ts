import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratchFolder } from '../../test/support/oracle.js'
import type { Disk } from './disks.js'
import { warningIfOlder } from './older-release.js'
import type { FlashedRelease } from './receipt.js'

const receiptFile = join(scratchFolder(), 'receipts.jsonl')
const disk = { path: '/dev/sdz', serial: 'A1', sizeBytes: 1000 } as Disk
const release = (version: string | null, source_date_epoch: number | null, image = 'board.img'): FlashedRelease => ({
  image,
  version,
  source_date_epoch,
})

function warningAfter(before: FlashedRelease, now: FlashedRelease, onto = disk): string | undefined {
  writeFileSync(receiptFile, `${JSON.stringify({ device: { serial: 'A1', size_bytes: 1000 }, release: before })}\n`)
  return warningIfOlder(now, onto, receiptFile)?.message
}

it('says that the receipt has a newer version of the same image for the device', () => {
  expect(warningAfter(release('1.10', 1_760_000_000), release('1.9', null))).toBe(
    `board.img version 1.9 is older than version 1.10 of 2025-10-09, which ${receiptFile} says was written to /dev/sdz`,
  )
})

it('compares dates where one of the two has no version', () => {
  expect(warningAfter(release(null, 1_760_000_000), release('2', 1_750_000_000))).toMatch(
    /^board\.img version 2 of 2025-06-15 is older than of 2025-10-09, which/,
  )
})

it.each<[what: string, before: FlashedRelease, now: FlashedRelease, onto?: Disk]>([
  ['the same version', release('1.9', 5), release('1.9', 4)],
  ['a newer version, also of an older date', release('1.9', 5), release('1.10', 4)],
  ['another image', release('2', 5), release('1', 4, 'other.img')],
  ['nothing that can be compared', release('2', null), release(null, 4)],
  ['another device', release('2', 5), release('1', 4), { ...disk, serial: 'B2' }],
])('says nothing of %s', (_, before, now, onto) => {
  expect(warningAfter(before, now, onto)).toBeUndefined()
})

it('says nothing where there is no receipt', () => {
  expect(warningIfOlder(release('1', 1), disk, undefined)).toBeUndefined()
  expect(warningIfOlder(release('1', 1), disk, `${receiptFile}.missing`)).toBeUndefined()
})
