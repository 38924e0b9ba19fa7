/**
 * Damaged disks through everything that looks inside: inspect, verify, listing, reading, extraction as a tar, comparison with the sound
 * one. Each ends in a right answer or a FormatError, in bounded time; never in a crash, a hang or a bug.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { loadReadings } from '../../src/filesystems/registry.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { checkImage } from '../../src/inspect/check-image.js'
import { openDiskImage } from '../../src/inspect/open-image.js'
import { FUZZ_CASES, FUZZ_TIMEOUT, prepareFuzz } from '../support/fuzz/run-fuzz.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const READINGS = await loadReadings()

/** The formats have their own; these are what they meet in. */
const CASES = process.env.DISKLOOM_DEEP === undefined ? 100 : FUZZ_CASES
const MIB = 1 << 20
const DISK_BYTES = 7 * MIB

const SCRIPTS = {
  gpt: 'label: gpt\nstart=2048, size=2M, type=U\nstart=6144, size=3M, type=L, name=root\n',
  mbr: 'label: dos\nstart=2048, size=2M, type=c, bootable\nstart=6144, type=5, size=4M\nstart=6400, size=3M, type=83\n',
} as const
const EXT_OFFSET = { gpt: 6144 * 512, mbr: 6400 * 512 } as const

/** Where damage tells most: tables, boot sectors, FATs, superblock, descriptors, the first inodes. */
function hotSpots(kind: keyof typeof SCRIPTS): number[] {
  const ext = EXT_OFFSET[kind]
  return [
    440,
    512,
    1024,
    DISK_BYTES - 512,
    DISK_BYTES - 16_896,
    MIB,
    MIB + 512,
    MIB + 2048,
    MIB + 8192,
    ext + 1024,
    ext + 2048,
    ext + 3072,
    ext + 64 * 1024,
    6144 * 512,
  ]
}

describeWithTools('damaged disks', ['sfdisk', 'mkfs.fat', 'mcopy', 'mke2fs'], () => {
  const scratch = scratchFolder()
  const fuzz = prepareFuzz()
  const sound: Partial<Record<keyof typeof SCRIPTS, Buffer>> = {}
  beforeAll(() => {
    const payload = join(scratch, 'payload')
    tool(
      'sh',
      '-c',
      'mkdir -p "$1/a/b" && for i in $(seq 60); do echo $i > "$1/a/file-$i"; done && ln -s a "$1/l" && ln "$1/a/file-1" "$1/a/b/h"',
      'sh',
      payload,
    )
    for (const kind of ['gpt', 'mbr'] as const) {
      const path = join(scratch, kind)
      writeFileSync(path, Buffer.alloc(DISK_BYTES))
      runTool('sfdisk', ['-q', path], { input: SCRIPTS[kind] })
      tool('mkfs.fat', '--offset', '2048', path, '2048')
      tool('mcopy', '-s', '-i', `${path}@@1M`, join(payload, 'a'), '::a')
      tool('mke2fs', '-q', '-t', 'ext4', '-d', payload, '-E', `offset=${EXT_OFFSET[kind]}`, path, '2900K')
      sound[kind] = readFileSync(path)
    }
  })

  it.each(['gpt', 'mbr'] as const)('of %s end in an answer or a FormatError', FUZZ_TIMEOUT, async (kind) => {
    const whole = sound[kind]!
    expect(
      checkImage(openDiskImage(imageOfBytes(whole), { name: 'disk', format: 'raw', readings: READINGS })).findings,
    ).toEqual([])
    const stretches = hotSpots(kind).map((offset) => ({ offset, length: Math.min(1024, DISK_BYTES - offset) }))
    const { refused = 0, findings } = await fuzz({ subject: 'disk', whole, stretches, cases: CASES })
    expect(refused).toBeLessThan(CASES / 2)
    expect(findings).toBeGreaterThan(CASES / 2)
  })
})
