import { expect, it } from 'vitest'
import type { Disk } from './disks.js'
import { lastReleaseOn } from './receipt.js'

const disk = { serial: 'A1', sizeBytes: 1000 } as Disk
const line = (serial: string, sizeBytes: number, version: string): string =>
  JSON.stringify({
    device: { serial, size_bytes: sizeBytes },
    release: { image: 'a', version, source_date_epoch: null },
  })

it('gives the last release that was written to a device of this serial number and size', () => {
  const text = ['no JSON', 'null', line('A1', 1000, '1'), line('A1', 1000, '2'), line('B2', 1000, '3'), ''].join('\n')
  expect(lastReleaseOn(disk, text)?.version).toBe('2')
  expect(lastReleaseOn({ ...disk, sizeBytes: 999 }, text)).toBeUndefined()
  expect(lastReleaseOn({ ...disk, serial: undefined } as Disk, text)).toBeUndefined()
})
