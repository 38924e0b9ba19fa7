/** Swap against mkswap's own: the header byte by byte, and what blkid and swaplabel find on a used medium. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FormatError, LayoutError } from '../../src/errors.js'
import { swapFormat } from '../../src/filesystems/swap/format.js'
import { emptyTree } from '../../src/tree/file-tree.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const KIB = 1024
const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const ENVIRONMENT = { time: TIME, uuid: UUID, offsetBytes: 0, sectorSize: 512 }
const TREE = emptyTree(TIME)

describeWithTools('swap', ['mkswap', 'swaplabel', 'blkid', 'mkfs.btrfs'], () => {
  const scratch = scratchFolder()

  it.each([
    [40 * KIB, 4096, ''],
    [1000 * KIB + 512, 4096, 'fifteen letters'],
    [64 * 1024 * KIB, 4096, 'größe'],
    [640 * KIB, 65536, 'arm64'],
    [1024 * KIB, 16384, 'arm64'],
  ])('of %i bytes in pages of %i, label "%s"', (sizeBytes, pageBytes, label) => {
    const theirs = join(scratch, 'theirs')
    writeFileSync(theirs, '')
    truncateSync(theirs, sizeBytes)
    // It warns of a page size that is not the machine's.
    runTool('mkswap', ['-q', '-p', String(pageBytes), '-U', UUID, '-L', label, theirs])
    const plan = swapFormat.plan(TREE, sizeBytes, { label, page_size: pageBytes }, ENVIRONMENT)
    const ours = join(scratch, 'ours')
    materialize(plan.encode(), ours, { unspecified: 0xd1 })
    expect(readFileSync(ours).subarray(0, pageBytes)).toEqual(readFileSync(theirs).subarray(0, pageBytes))
    expect(plan.sizeBytes).toBe(Math.floor(sizeBytes / pageBytes) * pageBytes)
    if (pageBytes !== 4096) return
    expect(tool('swaplabel', ours)).toBe(`${label === '' ? '' : `LABEL: ${label}\n`}UUID:  ${UUID}\n`)
  })

  it('is all that is found where btrfs was', () => {
    const path = join(scratch, 'used')
    writeFileSync(path, '')
    truncateSync(path, 128 * 1024 * KIB)
    tool('mkfs.btrfs', '-q', path)
    const before = readFileSync(path)
    const plan = swapFormat.plan(TREE, before.length, {}, ENVIRONMENT)
    for (const { offset, length, source } of plan.encode().extents) {
      if (source.kind === 'bytes') before.set(source.bytes, offset)
      else before.fill(0, offset, offset + length)
    }
    writeFileSync(path, before)
    expect(tool('blkid', '-p', '-o', 'value', '-s', 'TYPE', path)).toBe('swap\n')
  })

  it('is refused where it is too small, or the label too long', () => {
    const plan = (sizeBytes: number, label = '') => swapFormat.plan(TREE, sizeBytes, { label }, ENVIRONMENT)
    expect(plan(swapFormat.smallestSizeBytes(TREE, {}, ENVIRONMENT)).facts).toMatchObject({ pages: 10 })
    expect(() => plan(40 * KIB - 1)).toThrow(LayoutError)
    expect(() => plan(40 * KIB - 1)).toThrow(
      'Cannot make swap of 40959 bytes: at least 10 pages of 4096 bytes are accepted, 40 KiB',
    )
    expect(() => plan(40 * KIB, 'sixteen letters!')).toThrow(FormatError)
  })
})
