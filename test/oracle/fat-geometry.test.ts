/** mkfs.fat 4.2 decides the geometry: the same size and options give the same bytes, but for the boot code. */
import { closeSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { EPOCH_1980, emptyTree } from '../../src/tree/file-tree.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
/** What mkfs.fat --invariant takes for now. */
const INVARIANT_TIME = { seconds: 1_426_325_213, nanoseconds: 0 }
const HIDDEN_SECTORS = 2048

/** Size, sector size, options: each a volume that mkfs.fat makes. */
const VOLUMES: [number, number, Partial<FatFormatOptions>][] = [
  // Automatic types over their range, whole and odd sizes.
  ...[64, 100, 128, 256, 512, 1024, 1025, 2047, 2048, 3000, 4096, 4097, 5000, 8192, 8700, 10_000, 16_384, 20_001]
    .concat([32_768, 65_535, 65_536, 131_072, 262_144, 262_145, 400_000, 524_287, 524_288, 524_289, 1_048_576])
    .map((kib): [number, number, object] => [kib * KIB, 512, {}]),
  ...[2, 4, 8, 16, 32, 64].map((gib): [number, number, object] => [gib * GIB, 512, {}]),
  ...[8, 16, 32].map((gib): [number, number, object] => [gib * GIB + 512, 512, {}]),
  ...[360, 720, 1200, 1440, 2880].map((kib): [number, number, object] => [kib * KIB, 512, {}]),
  [1440 * KIB + 512, 512, {}],
  [64 * MIB + 31 * 512, 512, {}],
  [64 * MIB + 512, 512, { label: 'ODD' }],
  // Sectors of 4 KiB.
  ...[1, 8, 15, 16, 17, 64, 512, 1000, 4096].map((mib): [number, number, object] => [mib * MIB, 4096, {}]),
  // Forced types, down to where they end.
  [1 * MIB, 512, { type: 'fat12' }],
  [200 * MIB, 512, { type: 'fat12' }],
  [9 * MIB, 512, { type: 'fat16' }],
  [1 * GIB, 512, { type: 'fat16' }],
  [4095 * MIB, 512, { type: 'fat16' }],
  [1 * MIB, 512, { type: 'fat32' }],
  [32 * MIB, 512, { type: 'fat32' }],
  [33 * MIB, 512, { type: 'fat32' }],
  [260 * MIB, 512, { type: 'fat32' }],
  [260 * MIB + 512, 512, { type: 'fat32' }],
  [300 * MIB, 4096, { type: 'fat32' }],
  // Each option, and some together.
  [64 * MIB, 512, { label: 'BOOT' }],
  [64 * MIB, 512, { type: 'fat32', label: 'ELEVENCHARS' }],
  [64 * MIB, 512, { type: 'fat32', label: 'lower' }],
  [64 * MIB, 512, { label: 'NO NAME' }],
  [64 * MIB, 512, { cluster_size: 64 * KIB }],
  [1 * MIB, 512, { cluster_size: 512 }],
  [4 * GIB, 512, { cluster_size: 32 * KIB }],
  [64 * MIB, 512, { fats: 1 }],
  [64 * MIB, 512, { type: 'fat32', fats: 4 }],
  [3 * MIB, 512, { fats: 1, reserved_sectors: 17 }],
  [64 * MIB, 512, { reserved_sectors: 100 }],
  ...[2, 3, 4, 6, 7, 8, 33].map((count): [number, number, object] => {
    return [64 * MIB, 512, { type: 'fat32', reserved_sectors: count, cluster_size: 512 }]
  }),
  [64 * MIB, 512, { root_entries: 16 }],
  [64 * MIB, 512, { root_entries: 1000 }],
  [3 * MIB, 512, { root_entries: 1008 }],
  [64 * MIB, 512, { root_entries: 32_768 }],
  [64 * MIB, 512, { media: 0xf0 }],
  [64 * MIB, 512, { type: 'fat32', media: 0xfa }],
  [1440 * KIB, 512, { media: 0xf8, cluster_size: 2048, label: 'FLOPPY' }],
]
// mkfs.fat writes every sector of a FAT by itself: half a gigabyte for 2 TiB.
if (process.env.DISKLOOM_DEEP) {
  VOLUMES.push([256 * GIB, 512, {}], [2048 * GIB - 512, 512, {}], [2048 * GIB, 512, {}], [3000 * GIB, 4096, {}])
}

const FLAGS: Partial<Record<keyof FatFormatOptions, (value: never, sectorSize: number) => string[]>> = {
  type: (type: string) => (type === 'fat' ? [] : ['-F', type.slice('fat'.length)]),
  label: (label: string) => ['-n', label],
  cluster_size: (bytes: number, sectorSize) => ['-s', String(bytes / sectorSize)],
  fats: (count: number) => ['-f', String(count)],
  reserved_sectors: (count: number) => ['-R', String(count)],
  root_entries: (count: number) => ['-r', String(count)],
  media: (byte: number) => ['-M', String(byte)],
}

describeWithTools('FAT geometry against mkfs.fat', ['mkfs.fat'], () => {
  const image = join(scratchFolder(), 'mkfs.img')

  function makeWithMkfs(sizeBytes: number, sectorSize: number, options: Partial<FatFormatOptions>) {
    rmSync(image, { force: true })
    writeFileSync(image, '')
    truncateSync(image, sizeBytes)
    const flags = Object.entries(options).flatMap(([key, value]) =>
      FLAGS[key as keyof FatFormatOptions]!(value as never, sectorSize),
    )
    const fixed = ['--invariant', '-i', '1a2b3c4d', '-h', String(HIDDEN_SECTORS), '-S', String(sectorSize)]
    return runTool('mkfs.fat', [...fixed, ...flags, image])
  }

  function planOurs(sizeBytes: number, sectorSize: number, options: Partial<FatFormatOptions>) {
    return fatFormat.plan(
      emptyTree(EPOCH_1980),
      sizeBytes,
      { type: 'fat', ...options },
      {
        time: INVARIANT_TIME,
        uuid: '1a2b3c4d-0000-5000-8000-000000000000',
        offsetBytes: HIDDEN_SECTORS * sectorSize,
        sectorSize,
      },
    )
  }

  it.each(VOLUMES)('%i bytes, sectors of %i, %o', (sizeBytes, sectorSize, options) => {
    expect(makeWithMkfs(sizeBytes, sectorSize, options)).toMatchObject({ status: 0 })
    const { facts, encode } = planOurs(sizeBytes, sectorSize, options)
    const isFat32 = facts.fat_type === 'fat32'
    const codeStart = isFat32 ? 90 : 62
    const rootEntry = Number(facts.reserved_sectors) * sectorSize + 8
    const fd = openSync(image, 'r')
    const differences: string[] = []
    for (const { offset, source } of encode().extents) {
      if (source.kind !== 'bytes') continue
      const theirs = Buffer.alloc(source.bytes.length)
      readSync(fd, theirs, 0, theirs.length, offset)
      const isBootSector = theirs[510] === 0x55 && theirs[0] === 0xeb
      for (const [index, byte] of source.bytes.entries()) {
        if (byte === theirs[index] || (isBootSector && index >= codeStart && index < 510)) continue
        // The root's end mark: 0x0FFFFFF8 there, 0x0FFFFFFF here.
        const inFat = (offset + index - rootEntry) % (Number(facts.sectors_per_fat) * sectorSize) === 0
        if (isFat32 && inFat && byte === 0xff && theirs[index] === 0xf8) continue
        differences.push(`byte ${offset + index}: ${theirs[index]} there, ${byte} here`)
      }
    }
    closeSync(fd)
    expect(differences).toEqual([])
  })

  it.each<[number, number, Partial<FatFormatOptions>]>([
    [48 * KIB, 512, {}],
    [1 * MIB, 512, { type: 'fat16' }],
    [300 * MIB, 512, { type: 'fat12' }],
    [5 * GIB, 512, { type: 'fat16' }],
    [1 * GIB, 512, { cluster_size: 512, type: 'fat16' }],
    [64 * MIB, 512, { cluster_size: 512, type: 'fat12' }],
    [40 * KIB, 512, { type: 'fat32' }],
  ])('both refuse %i bytes, sectors of %i, %o', (sizeBytes, sectorSize, options) => {
    expect(makeWithMkfs(sizeBytes, sectorSize, options).status).not.toBe(0)
    expect(() => planOurs(sizeBytes, sectorSize, options)).toThrow('Cannot format')
  })
})
