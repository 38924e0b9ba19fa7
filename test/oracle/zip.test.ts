import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DiskImage, ImageBuilder, imageOfBytes } from '../../src/image/extent.js'
import { PayloadReader } from '../../src/image/payload-reader.js'
import { readImage } from '../../src/image/read.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { ZipFile } from '../../src/outputs/zip-file.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const folder = scratchFolder()
const AT = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000

function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** Content before, between and after holes, a fill of 0xFF, and an end that is no multiple of anything. */
function disk(sizeBytes: number): DiskImage {
  return new ImageBuilder(sizeBytes)
    .bytes(512, noise(100_001, 1))
    .fill(1 << 20, 1 << 20)
    .fill(4 << 20, 300_001, 0xff)
    .bytes(sizeBytes - 70_003, noise(70_000, 2))
    .finish()
}

async function writeZip(path: string, image: DiskImage): Promise<void> {
  const zip = await ZipFile.create(path, INLINE_THREADS, { level: 6 })
  await weave(image, [await zip.entrySink({ name: 'disk.img', content: image, modifiedSeconds: AT })], INLINE_THREADS)
  await zip.add({ name: 'empty.txt', content: imageOfBytes(new Uint8Array(0)), modifiedSeconds: AT })
  await zip.add({ name: 'gadget/ä ö.list', content: imageOfBytes(Buffer.from('text\n')), modifiedSeconds: 0 })
  await zip.finish()
}

const SMALL = 9_000_001
const LARGE = 4_500_000_000
const small = join(folder, 'small.zip')
const large = join(folder, 'large.zip')

beforeAll(async () => {
  await writeZip(small, disk(SMALL))
  await writeZip(large, disk(LARGE))
})

describe('the zip', () => {
  it('has the same bytes every time', async () => {
    const again = join(folder, 'again.zip')
    await writeZip(again, disk(SMALL))
    expect(readFileSync(again).equals(readFileSync(small))).toBe(true)
  })

  it('costs what the content costs: 4.5 GB with 170 KB in it', () => {
    expect(statSync(large).size).toBeLessThan(4_700_000)
  })

  it('has sizes in the local header, no data descriptor, and zip64 only where a number needs it', () => {
    for (const [path, zip64] of [
      [small, false],
      [large, true],
    ] as const) {
      const head = readFileSync(path).subarray(0, 80)
      expect(head.readUInt16LE(6) & 8, 'general purpose bit 3').toBe(0)
      expect(head.readUInt16LE(4), 'version needed').toBe(zip64 ? 45 : 20)
      expect(head.readUInt32LE(22), 'uncompressed size').toBe(zip64 ? 0xffffffff : SMALL)
      expect(head.readUInt16LE(28), 'extra length').toBe(zip64 ? 20 : 0)
    }
  })
})

describeWithTools('the zip, by other tools', ['unzip', 'funzip', '7zz', 'bsdtar', 'python3', 'zipinfo'], () => {
  it('unzip, 7z, Python and bsdtar find nothing wrong', () => {
    expect(tool('unzip', '-tq', small)).toContain('No errors detected')
    expect(tool('7zz', 't', small)).toContain('Everything is Ok')
    const python = 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), z.namelist())'
    expect(tool('python3', '-c', python, small)).toBe("None ['disk.img', 'empty.txt', 'gadget/ä ö.list']\n")
    expect(tool('bsdtar', '-tf', small).split('\n')[0]).toBe('disk.img')
  })

  // Whole archives of more than 4 GiB are read in main-job.test.ts; here only their directories, which costs no minute.
  it('all of them read the directory of a zip64 archive', () => {
    const size = String(LARGE)
    expect(tool('unzip', '-l', large)).toContain(size)
    expect(tool('7zz', 'l', large)).toContain(size)
    const python = 'import sys,zipfile; print(zipfile.ZipFile(sys.argv[1]).getinfo("disk.img").file_size)'
    expect(tool('python3', '-c', python, large)).toBe(`${size}\n`)
    expect(tool('bsdtar', '-tvf', large)).toContain(size)
  })

  it('keeps modes, times and the UTF-8 flag', () => {
    const list = tool('zipinfo', '-lv', small)
    expect(list.match(/Unix file attributes \(100644 octal\)/g)).toHaveLength(3)
    expect(list).toContain('2026 Jan 2 03:04:06')
    expect(list).toContain('1980 Jan 1 00:00:00')
  })

  it('unpacks to the same bytes', () => {
    const target = join(folder, 'unpacked')
    tool('unzip', '-q', small, '-d', target)
    const expected = Buffer.alloc(SMALL)
    const reader = new PayloadReader()
    readImage(disk(SMALL), 0, expected, reader)
    expect(readFileSync(join(target, 'disk.img')).equals(expected)).toBe(true)
    expect(readFileSync(join(target, 'gadget/ä ö.list'), 'utf8')).toBe('text\n')
  })

  it('streams through funzip below 4 GiB with status 0', () => {
    const out = join(folder, 'funzip.img')
    const result = runTool('sh', ['-c', `funzip < '${small}' > '${out}'`])
    expect(result.status).toBe(0)
    expect(statSync(out).size).toBe(SMALL)
  })
})

describe('a zip entry from a file that changes', () => {
  it('rejects', async () => {
    const path = join(folder, 'changing')
    writeFileSync(path, 'x'.repeat(1000))
    const file = { path, sizeBytes: 999, mtimeNs: statSync(path, { bigint: true }).mtimeNs }
    const zip = await ZipFile.create(join(folder, 'never.zip'), INLINE_THREADS, { level: 6 })
    const content = new ImageBuilder(999).file(0, 999, file).finish()
    await expect(zip.add({ name: 'changing', content, modifiedSeconds: 0 })).rejects.toThrow(
      /changed while it was read/,
    )
    await zip.close()
  })
})
