/** Block maps of bmaptool, beside raw images: what is mapped is written, and a map of another image is refused. */
import { createHash } from 'node:crypto'
import { ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeDevice } from '../../src/flash/write-device.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { parseBmap } from '../../src/outputs/parse-bmap.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { applyBmap } from '../../src/proof/apply-bmap.js'
import { MemoryDevice, USED } from '../support/memory-device.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const SIZE = 8 * MIB + 512

describeWithTools('block maps', ['bmaptool'], () => {
  const path = join(scratchFolder(), 'disk.img')
  const fd = openSync(path, 'w+')
  ftruncateSync(fd, SIZE)
  writeSync(fd, Buffer.alloc(5000, 'a'), 0, 5000, 0)
  writeSync(fd, Buffer.alloc(MIB, 'b'), 0, MIB, 3 * MIB)
  // A file system may keep the last block as a hole of its own: data up to the end.
  writeSync(fd, Buffer.alloc(512, 'c'), 0, 512, SIZE - 512)
  const text = tool('bmaptool', 'create', path)
  const image = new ImageBuilder(SIZE).file(0, SIZE, { path, sizeBytes: SIZE }).finish()

  it("bmaptool's map of a sparse file: its blocks are written, and no others", async () => {
    const mapped = applyBmap(image, parseBmap(text, 'disk.bmap'), 'disk.bmap')
    const device = new MemoryDevice(SIZE + 2 * MIB)
    const sized = { ...mapped, sizeBytes: device.sizeBytes }
    await writeDevice(device, sized, { verify: true, partitions: [], sinks: [], threads: INLINE_THREADS })
    const raw = readFileSync(path)
    expect(Buffer.compare(device.bytes.subarray(0, 8192), raw.subarray(0, 8192))).toBe(0)
    expect(Buffer.compare(device.bytes.subarray(3 * MIB, 4 * MIB), raw.subarray(3 * MIB, 4 * MIB))).toBe(0)
    expect(Buffer.compare(device.bytes.subarray(SIZE - 512, SIZE), raw.subarray(SIZE - 512))).toBe(0)
    expect(device.bytes.subarray(5 * MIB, 8 * MIB).every((byte) => byte === USED)).toBe(true)
  })

  /** The map with another text and a sum of its own that is right. */
  const changed = (from: RegExp, to: string): string => {
    const own = /<BmapFileChecksum> (\w+)/.exec(text)![1]!
    const zeroed = text.replace(from, to).replace(own, '0'.repeat(64))
    return zeroed.replace('0'.repeat(64), createHash('sha256').update(zeroed).digest('hex'))
  }

  const REFUSED: [what: string, text: string, message: RegExp][] = [
    ['no map at all', 'PK', /has no <bmap version/],
    ['a version to come', text.replace('version="2.0"', 'version="3.0"'), /of version 3, 1 and 2 are accepted/],
    ['a changed byte', text.replace('Range chksum', 'Range  chksum'), /its own sum is \w+, its bytes give/],
    [
      'another image size',
      changed(/<ImageSize> \d+/, '<ImageSize> 4096000000'),
      /of 4096000000 bytes, this one has 8389120/,
    ],
    ['a range past the end', changed(/ 0-1 </, ' 0-9999 <'), /range 0-9999 is not between .* last block, 2048/],
    ['ranges out of order', changed(/ 0-1 </, ' 900 <'), /is not between/],
    [
      'another sum of a range',
      changed(/chksum="\w{4}/, 'chksum="0000'),
      /bytes 0 to 8191 of the image give sha256 \w+/,
    ],
    ['no size', changed(/<ImageSize>.*<\/ImageSize>/, ''), /has no <ImageSize>/],
    ['a block size of 0', changed(/<BlockSize> 4096/, '<BlockSize> 0'), /<BlockSize> is no number above 0/],
    ['unknown sums', changed(/<ChecksumType> sha256/, '<ChecksumType> md5'), /md5, sha1 and sha256 are accepted/],
  ]

  it.each(REFUSED)('refuses %s', (_what, map, message) => {
    expect(() => applyBmap(image, parseBmap(map, 'disk.bmap'), 'disk.bmap')).toThrow(message)
  })
})
