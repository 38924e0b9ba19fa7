import { describe, expect, it } from 'vitest'
import { gptGeometry } from './geometry.js'

const MIB = 1024 ** 2

describe('gptGeometry', () => {
  // [entries, sectorSize, array sectors, FirstUsableLBA]
  it.each([
    [128, 512, 32, 34],
    [128, 4096, 4, 6],
    [1, 512, 32, 34],
    [56, 512, 32, 34],
    [129, 512, 33, 35],
    [129, 4096, 5, 7],
    [256, 512, 64, 66],
  ])('keeps room for %i entries in sectors of %i bytes', (entries, sectorSize, arraySectors, firstUsableLba) => {
    const diskSectors = (64 * MIB) / sectorSize
    expect(gptGeometry(64 * MIB, { entries, sectorSize })).toEqual({
      sectorSize,
      entries,
      diskSectors,
      headerLba: 1,
      arrayLba: 2,
      arraySectors,
      firstUsableLba,
      usableEndLba: diskSectors - 1 - arraySectors,
      backupArrayLba: diskSectors - 1 - arraySectors,
      backupHeaderLba: diskSectors - 1,
    })
  })

  it('ends a moved array at the first usable sector, where Windows expects it', () => {
    const geometry = gptGeometry(64 * MIB, { entries: 128, sectorSize: 512, entriesAtBytes: MIB })
    expect(geometry).toMatchObject({ arrayLba: 2048, firstUsableLba: 2080, backupArrayLba: 131039 })
  })

  it('has the usable range of the original job', () => {
    const geometry = gptGeometry(7456 * MIB, { entries: 128, sectorSize: 512 })
    expect([geometry.firstUsableLba, geometry.usableEndLba - 1]).toEqual([34, 15269854])
  })
})
