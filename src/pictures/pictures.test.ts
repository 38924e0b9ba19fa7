import { describe, expect, it } from 'vitest'
import { byteString } from '../bytes/text.js'
import { imageOfBytes } from '../image/extent.js'
import type { DirectoryNode, RegularFileNode } from '../tree/file-tree.js'
import { boxRows } from './box-rows.js'
import type { PicturePart, PictureStretch } from './disk-picture.js'
import { usesOf } from './disk-picture.js'
import { folderSizes } from './folder-sizes.js'
import { escapeText, fitText, textWidth } from './markup.js'
import { occupancy, occupancyBars } from './occupancy.js'
import { squarify } from './treemap.js'

const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }

function stretch(offset: number, length: number, use: PictureStretch['use']): PictureStretch {
  return { offset, length, use }
}

describe('occupancy', () => {
  it('gives every byte to its column, exactly', () => {
    const stretches = [stretch(5, 10, 'data'), stretch(15, 2, 'zero'), stretch(39, 21, 'metadata')]
    const columns = occupancy(stretches, { startByte: 0, endByte: 40, columns: 4 })
    const percents = columns.map(({ data, zero, metadata }) =>
      [data, zero, metadata].map((share) => Math.round(share * 100)),
    )
    expect(percents).toEqual([
      [50, 0, 0],
      [50, 20, 0],
      [0, 0, 0],
      [0, 0, 10],
    ])
  })

  it('begins inside of a stretch', () => {
    expect(occupancy([stretch(0, 100, 'zero')], { startByte: 50, endByte: 60, columns: 1 })[0]!.zero).toBe(1)
    expect(occupancy([stretch(0, 50, 'zero')], { startByte: 50, endByte: 60, columns: 1 })[0]!.zero).toBe(0)
  })

  it('stacks a column from the bottom, joins equal neighbours, and shows what is there at all', () => {
    const columns = occupancy([stretch(0, 20, 'data'), stretch(25, 1, 'metadata')], {
      startByte: 0,
      endByte: 1000,
      columns: 100,
    })
    expect(occupancyBars(columns)).toEqual([
      { use: 'data', fromColumn: 0, toColumn: 2, top: 0, bottom: 1 },
      { use: 'metadata', fromColumn: 2, toColumn: 3, top: 0.9, bottom: 1 },
    ])
    const tiny = occupancy([stretch(0, 1, 'metadata')], { startByte: 0, endByte: 1e9, columns: 1 })
    expect(occupancyBars(tiny)).toMatchObject([{ top: 0.975, bottom: 1 }])
  })
})

describe('usesOf', () => {
  it('adds up to the part', () => {
    const part = { startByte: 0, endByte: 100, stretches: [stretch(0, 10, 'data'), stretch(20, 5, 'data')] }
    expect(usesOf(part as unknown as PicturePart)).toEqual({
      table: 0,
      metadata: 0,
      data: 15,
      zero: 0,
      fill: 0,
      rest: 85,
    })
  })
})

describe('boxRows', () => {
  const part = (startByte: number, endByte: number): PicturePart => {
    return { kind: 'partition', name: '', content: '', startByte, endByte, stretches: [], facts: [] }
  }

  it('fills each row to its end, and gives everybody the least', () => {
    const parts = Array.from({ length: 25 }, (_, index) =>
      part(index * 1000, index * 1000 + (index % 3 === 0 ? 1000 : 1)),
    )
    const boxes = boxRows(parts, { width: 900, gap: 4, leastWidth: () => 100 })
    expect(boxes.map(({ part: each }) => each)).toEqual(parts)
    for (const row of [0, 1, 2, 3]) {
      const inRow = boxes.filter((box) => box.row === row)
      const last = inRow.at(-1)
      if (last === undefined) continue
      expect(last.x + last.width).toBeCloseTo(900, 6)
      for (const { width } of inRow) expect(width).toBeGreaterThanOrEqual(100)
    }
  })
})

describe('squarify', () => {
  it('covers the area by the weights, without overlaps and near to squares', () => {
    const weights = [60, 30, 20, 10, 5, 5, 1, 1]
    const area = { x: 10, y: 20, width: 100, height: 36 }
    const tiles = squarify(weights, area)
    tiles.forEach((tile, index) => {
      expect(tile.width * tile.height).toBeCloseTo((weights[index]! / 132) * 3600, 6)
      expect(tile.x).toBeGreaterThanOrEqual(10)
      expect(tile.x + tile.width).toBeLessThanOrEqual(110 + 1e-9)
      expect(tile.y + tile.height).toBeLessThanOrEqual(56 + 1e-9)
      expect(Math.max(tile.width / tile.height, tile.height / tile.width)).toBeLessThan(4)
      for (const other of tiles.slice(0, index)) {
        const apart =
          tile.x >= other.x + other.width - 1e-9 ||
          other.x >= tile.x + tile.width - 1e-9 ||
          tile.y >= other.y + other.height - 1e-9 ||
          other.y >= tile.y + tile.height - 1e-9
        expect(apart).toBe(true)
      }
    })
  })
})

describe('folderSizes', () => {
  const file = (sizeBytes: number): RegularFileNode => {
    return { ...attributes, type: 'file', content: imageOfBytes(new Uint8Array(sizeBytes)) }
  }
  const folder = (children: Record<string, DirectoryNode | RegularFileNode>): DirectoryNode => {
    const entries = Object.entries(children).map(([name, node]) => [byteString(name), node] as const)
    return { ...attributes, type: 'directory', children: new Map(entries) }
  }

  it('counts hard links once and sorts by size', () => {
    const linked = file(100)
    const tree = folder({
      small: folder({ a: file(50) }),
      large: folder({ b: linked, c: file(200) }),
      d: linked,
      e: file(7),
    })
    expect(folderSizes(tree)).toMatchObject({
      bytes: 357,
      files: 4,
      folders: [
        { name: 'large', path: '/large', bytes: 300, files: 2 },
        { name: 'small', path: '/small', bytes: 50, files: 1 },
      ],
    })
  })

  it('leaves out what nobody would see', () => {
    const tree = folder({ big: folder({ a: file(100_000) }), tiny: folder({ b: file(10) }), empty: folder({}) })
    expect(folderSizes(tree).folders.map(({ name }) => name)).toEqual(['big'])
  })
})

describe('text', () => {
  it('is escaped, and made showable', () => {
    expect(escapeText('<a href="x">&\x01\ud800\n\u202e\uffff')).toBe(
      '&lt;a href=&quot;x&quot;&gt;&amp;\\x01\\u{d800}\\x0a\\u{202e}\ufffd',
    )
  })

  it('is cut with an ellipsis where it does not fit', () => {
    expect(fitText('kernel', 100, 13)).toBe('kernel')
    const cut = fitText('a rather long name', 60, 13)
    expect(cut).toBe('a rathe…')
    expect(textWidth(cut, 13)).toBeLessThanOrEqual(60)
    expect(fitText('x', 1, 13)).toBe('')
    expect(textWidth('分区', 10)).toBe(20)
  })
})
