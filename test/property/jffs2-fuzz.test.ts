/** Damaged JFFS2: the tree that was there, findings, or an error of ours, in bounded time and memory; never a crash or a bug. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DiskloomError } from '../../src/errors.js'
import { jffs2Crc } from '../../src/filesystems/jffs2/crc.js'
import {
  HDR_CRC_BYTES,
  JFFS2_LAYOUTS,
  JFFS2_MAGIC_BITMASK,
  JFFS2_NODETYPE_DIRENT,
  JFFS2_NODETYPE_INODE,
} from '../../src/filesystems/jffs2/disklayout.js'
import { jffs2Format } from '../../src/filesystems/jffs2/format.js'
import { nodeCrcBytes } from '../../src/filesystems/jffs2/node-encode.js'
import { openJffs2 } from '../../src/filesystems/jffs2/reader.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { walkTree } from '../../src/tree/file-tree.js'
import { ENVIRONMENT } from '../support/jffs2-volume.js'
import { randomJffs2Case } from '../support/random-jffs2-tree.js'
import { readBytes } from '../support/read-content.js'

const RUNS = process.env.DISKLOOM_DEEP === undefined ? 500 : 20_000
const MOST_SECONDS = 10
const ERASE_BLOCK = 8192
const SEEDS = [2, 4, 12]

const volumes = SEEDS.map((seed) => {
  const { tree, options } = randomJffs2Case(seed)
  const all = { ...options, erase_block: ERASE_BLOCK, pad: true }
  const size = jffs2Format.smallestSizeBytes(tree, all, ENVIRONMENT)
  return Buffer.from(readBytes(jffs2Format.plan(tree, size, all, ENVIRONMENT).encode()))
})

it('damaged volumes are read as far as they go', { timeout: 1_800_000 }, () => {
  const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))
  const damage = fc.record({
    volume: fc.nat({ max: volumes.length - 1 }),
    // Nodes stand at the front of the small ones; a change of the CRCs as well comes from `recheck`.
    changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), byte), { minLength: 1, maxLength: 5 }),
    length: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    recheck: fc.boolean(),
  })
  fc.assert(
    fc.property(damage, ({ volume, changes, length, recheck }) => {
      const whole = volumes[volume]!
      const bytes = Buffer.from(whole.subarray(0, Math.floor(whole.length * length)))
      for (const [at, value] of changes) if (bytes.length > 0) bytes[Math.floor(at * (bytes.length - 1))] = value
      if (recheck) mendHeaders(bytes)
      const started = performance.now()
      try {
        const reader = openJffs2(ImageView.of(imageOfBytes(bytes), 'damaged'))
        const findings = reader.check()
        for (const { structure, field } of findings) expect(`${structure} ${field}`).not.toBe(' ')
        for (const [, node] of walkTree(reader.tree())) {
          if (node.type === 'file') expect(node.content.sizeBytes).toBeLessThanOrEqual(0xffff_ffff)
        }
        reader.usedStretches()
      } catch (error) {
        expect(error).toBeInstanceOf(DiskloomError)
        expect((error as DiskloomError).message).toMatch(/^Cannot /)
      }
      expect((performance.now() - started) / 1000).toBeLessThan(MOST_SECONDS)
    }),
    { numRuns: RUNS },
  )
})

/** Makes the checksums of inodes and entries right again, so that what they guard is what is judged. */
function mendHeaders(bytes: Buffer): void {
  for (const order of ['little', 'big'] as const) {
    const { rawInode, rawDirent, unknownNode } = JFFS2_LAYOUTS[order]
    for (let at = 0; at + rawInode.SIZE <= bytes.length; at += 4) {
      const { magic, nodetype } = unknownNode.decode(bytes, at)
      if (magic !== JFFS2_MAGIC_BITMASK) continue
      const layout =
        nodetype === JFFS2_NODETYPE_INODE ? rawInode : nodetype === JFFS2_NODETYPE_DIRENT ? rawDirent : undefined
      if (layout === undefined) continue
      const write = (field: 'hdr_crc' | 'node_crc', length: number): void => {
        const [offset] = layout.FIELDS[field]!
        const crc = jffs2Crc(bytes.subarray(at, at + length))
        if (order === 'little') bytes.writeUInt32LE(crc, at + offset)
        else bytes.writeUInt32BE(crc, at + offset)
      }
      write('hdr_crc', HDR_CRC_BYTES)
      write('node_crc', nodeCrcBytes(layout))
    }
  }
}
