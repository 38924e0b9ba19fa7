import { describe, expect, it } from 'vitest'
import { byteString } from '../../bytes/text.js'
import { type DirectoryNode, emptyTree, type FileNode } from '../../tree/file-tree.js'
import type { FreeSpace } from '../volume.js'
import { exfatFormat } from './format.js'
import type { ExfatFormatOptions } from './option-table.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const MTIME = { seconds: 1_700_000_000, nanoseconds: 0 }

function environment(sectorSize = 512, offsetBytes = MIB) {
  return { time: MTIME, uuid: '1a2b3c4d-0000-5000-8000-000000000000', offsetBytes, sectorSize }
}

function file(sizeBytes: number): FileNode {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, content: { sizeBytes, extents: [] } }
}

function treeOf(children: Record<string, FileNode>): DirectoryNode {
  const tree = emptyTree(MTIME)
  for (const [name, node] of Object.entries(children)) tree.children.set(byteString(name), node)
  return tree
}

function plan(tree: DirectoryNode, sizeBytes: number, options: ExfatFormatOptions = {}, sectorSize = 512) {
  return exfatFormat.plan(tree, sizeBytes, options, environment(sectorSize))
}

describe('the smallest exFAT volume', () => {
  it.each<[string, DirectoryNode, ExfatFormatOptions, number]>([
    ['an empty tree', treeOf({}), {}, 512],
    ['a small file', treeOf({ a: file(1) }), {}, 512],
    ['sectors of 4096', treeOf({ a: file(30 * MIB) }), {}, 4096],
    ['60 MiB', treeOf({ a: file(60 * MIB) }), {}, 512],
    ['just under the wide alignment', treeOf({ a: file(64 * MIB - 100 * KIB) }), {}, 512],
    ['250 MiB', treeOf({ a: file(250 * MIB) }), {}, 512],
    ['over 256 MiB', treeOf({ a: file(256 * MIB - 600 * KIB) }), {}, 512],
    ['more than 4 GiB in one file', treeOf({ a: file(5 * GIB) }), {}, 512],
    ['more than 32 GiB', treeOf({ a: file(40 * GIB + 1) }), {}, 512],
    ['clusters of 512', treeOf({ a: file(9 * MIB), b: emptyTree(MTIME) }), { cluster_size: 512 }, 512],
    ['clusters of 32 MiB', treeOf({ a: file(9 * MIB), b: file(1) }), { cluster_size: 32 * MIB }, 512],
    ['a wide boundary', treeOf({ a: file(9 * MIB) }), { alignment: 16 * MIB }, 512],
  ])('is exact for %s', (_, tree, options, sectorSize) => {
    for (const free of [
      { kind: 'bytes', bytes: 0 },
      { kind: 'bytes', bytes: 3 * MIB + 1 },
      { kind: 'percent', percent: 20 },
    ] satisfies FreeSpace[]) {
      const bytes = exfatFormat.smallestSizeBytes(tree, options, environment(sectorSize), free)
      const freeIn = (sizeBytes: number): number => {
        const { facts } = plan(tree, sizeBytes, options, sectorSize)
        return Number(facts.free_clusters) * Number(facts.cluster_size)
      }
      const wanted = (sizeBytes: number): number =>
        free.kind === 'bytes' ? free.bytes : Math.ceil((sizeBytes * free.percent) / 100)
      expect(bytes % sectorSize).toBe(0)
      expect(freeIn(bytes)).toBeGreaterThanOrEqual(wanted(bytes))
      const less = bytes - sectorSize
      const fitsInLess = (): boolean => {
        try {
          return freeIn(less) >= wanted(less)
        } catch {
          return false
        }
      }
      expect(fitsInLess()).toBe(false)
    }
  })

  it('is the first of all sizes that fit, wherever regions grow by a step', () => {
    const options = { cluster_size: 512, alignment: 64 * KIB }
    for (let contentBytes = 900 * KIB; contentBytes < 1100 * KIB; contentBytes += 39 * KIB) {
      const tree = treeOf({ a: file(contentBytes) })
      const bytes = exfatFormat.smallestSizeBytes(tree, options, environment())
      for (let less = bytes - 512; less >= Math.max(MIB, bytes - 70 * KIB); less -= 512) {
        expect(() => plan(tree, less, options)).toThrow('Cannot fit')
      }
      expect(() => plan(tree, bytes, options)).not.toThrow()
    }
  })
})

describe('exFAT refuses', () => {
  const tree = treeOf({ a: file(1) })

  it.each<[string, () => unknown, string]>([
    ['a label of 12 units', () => plan(tree, MIB, { label: 'twelve units' }), 'has 12 UTF-16 units, at most 11'],
    ['a label with a line feed', () => plan(tree, MIB, { label: 'a\nb' }), 'has "\\n", which is not a printable'],
    ['half a surrogate pair', () => plan(tree, MIB, { label: 'a\ud800' }), 'which is not a printable'],
    ['clusters below a sector', () => plan(tree, MIB, { cluster_size: 512 }, 4096), 'the disk has sectors of 4096'],
    ['less than 1 MiB', () => plan(tree, MIB - 512), 'it must have at least 1,048,576 bytes'],
    ['what does not fit', () => plan(treeOf({ a: file(2 * MIB) }), 2 * MIB), 'needs 2,113,536 bytes (516 clusters'],
    [
      'two names that differ in case',
      () => plan(treeOf({ größe: file(1), GRÖßE: file(1) }), MIB),
      'differ in case only',
    ],
    ['a forbidden character', () => plan(treeOf({ 'a:b': file(1) }), MIB), 'a:b (has :)'],
    ['a name of 256 units', () => plan(treeOf({ ['x'.repeat(256)]: file(1) }), MIB), '256 UTF-16 units, at most 255'],
    ['symlinks', () => plan(treeOf({ a: link() }), MIB), 'Cannot write 1 symbolic link to exFAT'],
    ['owners', () => plan(treeOf({ a: { ...file(1), uid: 7 } as FileNode }), MIB), 'owners or extended attributes'],
    [
      'an offset inside a sector',
      () => exfatFormat.plan(tree, MIB, {}, environment(4096, 512)),
      'multiple of its sectors',
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })

  it('nothing of that where it is told to lose it', () => {
    const tree = treeOf({ a: link(), b: { ...file(1), uid: 7 } as FileNode })
    const { warnings } = plan(tree, MIB, { lossy: true })
    expect(warnings.map(({ message }) => message)).toEqual([
      'Left out of exFAT: 1 symbolic link: a',
      'Dropped in exFAT: owners or extended attributes of 1 path: b',
    ])
  })

  it('names the size that would do', () => {
    const large = treeOf({ a: file(2 * MIB) })
    const least = exfatFormat.smallestSizeBytes(large, {}, environment())
    expect(() => plan(large, 2 * MIB)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`${least.toLocaleString('en')} bytes`) }),
    )
  })

  it('nothing where a cluster cannot reach the end, but warns', () => {
    const { warnings } = plan(tree, 3 * 1024 * GIB, { cluster_size: 512 })
    expect(warnings[0]!.message).toMatch(/^exFAT has at most 4,294,967,285 clusters: .* stay unused$/)
  })
})

function link(): FileNode {
  return { type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: MTIME, target: byteString('a') }
}
