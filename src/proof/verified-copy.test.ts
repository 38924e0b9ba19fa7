import { closeSync, openSync, readFileSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratchFolder } from '../../test/support/oracle.js'
import { rawFileImage } from '../../test/support/raw-file-image.js'
import { DifferenceError } from '../errors.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { MappedDigest, outlineOf } from '../image/mapped-digest.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { mappedDigestOfDisk } from '../outputs/digests.js'
import type { Manifest } from './manifest-schema.js'
import { runText } from './run-text.js'
import { verifiedCopy } from './verified-copy.js'

const scratch = scratchFolder()
const folder = (): string => scratch
const SIZE = 1 << 20
const DATA = Buffer.alloc(100_000, 'payload')
const FILL_AT = 300_000
const FILL_BYTES = 200_000

/** What a build would say of an image with data, a fill of zeros, and nothing else. */
function manifestOf(image: DiskImage): Manifest {
  const runs = outlineOf(image)
  const digest = new MappedDigest(runs)
  digest.update(0, bytesOf(image))
  const mapped_sha256 = digest.finish()
  const stretch = { start_byte: 0, size_bytes: SIZE, mapped_sha256, runs: runs.map(runText) }
  return {
    manifest_version: 1,
    tool: { name: 'diskloom', version: '0' },
    source_date_epoch: null,
    image: {
      name: 'card.img',
      size_bytes: SIZE,
      sector_size: 512,
      table: 'none',
      mapped_sha256: mappedDigestOfDisk([{ offset: 0, sizeBytes: SIZE }], [mapped_sha256]),
    },
    stretches: [stretch],
    partitions: [],
    bundle: [],
    outputs: [],
  }
}

function bytesOf(image: DiskImage): Buffer {
  const target = Buffer.alloc(image.sizeBytes)
  const reader = new PayloadReader()
  readImage(image, 0, target, reader)
  reader.abandon()
  return target
}

const planned = new ImageBuilder(SIZE).bytes(4096, DATA).fill(FILL_AT, FILL_BYTES).finish()
const manifest = manifestOf(planned)

function imageFile(change: (bytes: Buffer) => void = () => {}): string {
  const path = join(scratch, 'card.img')
  const bytes = bytesOf(planned)
  change(bytes)
  writeFileSync(path, bytes)
  return path
}

it('gives what was verified, though the file is written to afterwards by who has it open', async () => {
  const path = imageFile()
  const before = statSync(path)
  const { image, release } = await verifiedCopy(rawFileImage(path), manifest, { unspecified: 'any', folder })
  const fd = openSync(path, 'r+')
  writeSync(fd, Buffer.alloc(SIZE, 'EVIL'), 0, SIZE, 0)
  closeSync(fd)
  utimesSync(path, before.atime, before.mtime)
  expect(readFileSync(path, 'latin1')).toContain('EVIL')
  expect(bytesOf(image).equals(bytesOf(planned))).toBe(true)
  release()
})

it('leaves out what the manifest does not specify', async () => {
  const path = imageFile((bytes) => void bytes.write('EVIL', 700_000))
  const { image, unspecifiedBytes, release } = await verifiedCopy(rawFileImage(path), manifest, {
    unspecified: 'any',
    folder,
  })
  expect(bytesOf(image).equals(bytesOf(planned))).toBe(true)
  expect(unspecifiedBytes).toBe(SIZE - DATA.length - FILL_BYTES)
  expect(outlineOf(image)).toEqual(outlineOf(planned))
  release()
})

it.each([
  ['data', 4096 + 5, 'any', /its mapped SHA-256 is/],
  ['a fill', FILL_AT + 70_000, 'any', /byte 370000 of the disk is 0x45, 0x00 is expected/],
  [
    'what is not specified, of a packed image',
    700_000,
    'zeros',
    /byte 700000 of the disk is 0x45, 0x00 is expected where/,
  ],
] as const)('refuses another byte in %s', async (_, offset, unspecified, says) => {
  const path = imageFile((bytes) => void bytes.write('EVIL', offset))
  const failure = verifiedCopy(rawFileImage(path), manifest, { unspecified, folder })
  await expect(failure).rejects.toBeInstanceOf(DifferenceError)
  await expect(failure).rejects.toThrow(says)
})

it('refuses an image of another size', async () => {
  const path = imageFile()
  writeFileSync(path, bytesOf(planned).subarray(0, SIZE - 512))
  await expect(verifiedCopy(rawFileImage(path), manifest, { unspecified: 'any', folder })).rejects.toThrow(
    /it has 1048064 bytes, 1048576 are expected/,
  )
})
