import { describe, expect, it } from 'vitest'
import type { Extent, SourceFile } from '../image/extent.js'
import { packExtents, unpackExtents } from './packed-extents.js'

const stretch = (offset: number, length: number, file: SourceFile, from = 0): Extent => ({
  offset,
  length,
  source: { kind: 'file', file, offset: from },
})

const dated: SourceFile = { path: '/a/ä', sizeBytes: 5000, mtimeNs: -1n }
const spool: SourceFile = { path: 'spool', sizeBytes: 2 ** 52 }

describe('extents for another thread', () => {
  it.each<[string, Extent[]]>([
    ['none', []],
    ['files and fills', [stretch(0, 5000, dated), { offset: 5000, length: 3, source: { kind: 'fill', byte: 0 } }]],
    ['a fill of ones', [{ offset: 2 ** 50, length: 2 ** 33, source: { kind: 'fill', byte: 0xff } }]],
    ['a file that nobody else can change', [stretch(2 ** 40, 4096, spool, 2 ** 51)]],
    ['a file with its identity', [stretch(0, 1, { ...dated, ctimeNs: 1.7e18, dev: 2049, ino: 2 ** 52 })]],
    ['an empty path', [stretch(0, 1, { path: '', sizeBytes: 1, mtimeNs: 0n })]],
    ['one file after another', [stretch(0, 1, dated), stretch(1, 1, spool), stretch(2, 1, dated, 7)]],
  ])('come back as they were: %s', (_, extents) => {
    expect([...unpackExtents(packExtents(extents)!)]).toEqual(extents)
  })

  it('keep one file one, so that it is opened once', () => {
    const extents = [stretch(0, 10, dated), stretch(20, 10, dated, 20), stretch(40, 10, spool), stretch(60, 10, spool)]
    const files = [...unpackExtents(packExtents(extents)!)].map(({ source }) => source.kind === 'file' && source.file)
    expect(files[1]).toBe(files[0])
    expect(files[3]).toBe(files[2])
    expect(files[2]).not.toBe(files[1])
  })

  it('stay where they are when they hold bytes, or a name that is not UTF-8', () => {
    const bytes: Extent = { offset: 0, length: 1, source: { kind: 'bytes', bytes: new Uint8Array(1) } }
    expect(packExtents([stretch(1, 1, dated), bytes])).toBeUndefined()
    expect(packExtents([stretch(0, 1, { path: Buffer.from([0x2f, 0xff]), sizeBytes: 1 })])).toBeUndefined()
  })
})
