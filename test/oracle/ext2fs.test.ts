/** Volumes of each kind through libext2fs as the `ext2fs` package has it: a reader that shares no code with our writer. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import type { ExtFormatOptions } from '../../src/filesystems/ext4/format.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { type DirectoryNode, emptyTree, type RegularFileNode } from '../../src/tree/file-tree.js'
import { TIME, writeVolume } from '../support/ext4-volume.js'
import { scratchFolder, tool } from '../support/oracle.js'

const DUMP = fileURLToPath(new URL('../support/ext2fs-dump.mjs', import.meta.url))
const SIZE = 24 << 20
const scratch = scratchFolder()

const own = { uid: 0, gid: 0, mtime: TIME }
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function file(bytes: Uint8Array, mode = 0o644): RegularFileNode {
  return { type: 'file', mode, ...own, content: imageOfBytes(bytes) }
}

const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 7)) & 0xff)

/** What goes in, and what a reader must say of it. */
function sample() {
  const tree = emptyTree(TIME)
  const folder: DirectoryNode = { type: 'directory', mode: 0o2775, ...own, children: new Map() }
  const linked = file(noise(70_001), 0o4755)
  const expected: Record<string, unknown> = {}
  tree.children.set(byteString('dir'), folder)
  tree.children.set(byteString('Ünï – 名'), linked)
  folder.children.set(byteString('again'), linked)
  folder.children.set(byteString('empty'), file(new Uint8Array(0)))
  tree.children.set(byteString('short'), { type: 'symlink', mode: 0o777, ...own, target: byteString('dir/again') })
  tree.children.set(byteString('long'), { type: 'symlink', mode: 0o777, ...own, target: byteString('x/'.repeat(100)) })
  const sum = { type: 'file', mode: 0o4755, size: 70_001, links: 2, content: sha256(noise(70_001)) }
  expected['Ünï – 名'] = sum
  expected['dir/again'] = sum
  expected['dir/empty'] = { type: 'file', mode: 0o644, size: 0, links: 1, content: sha256(new Uint8Array(0)) }
  expected.short = { type: 'symlink', mode: 0o777, size: 9, links: 1, content: 'dir/again' }
  expected.long = { type: 'symlink', mode: 0o777, size: 200, links: 1, content: 'x/'.repeat(100) }
  // Enough names for a hash tree.
  for (let index = 0; index < 600; index++) {
    const name = `a name of some length, number ${index}`
    folder.children.set(byteString(name), file(noise(index)))
    expected[`dir/${name}`] = { type: 'file', mode: 0o644, size: index, links: 1, content: sha256(noise(index)) }
  }
  return { tree, expected }
}

describe('libext2fs in WASM', () => {
  it.each<ExtFormatOptions>([
    { type: 'ext4' },
    { type: 'ext4', block_size: 4096, profile: 'modern' },
    { type: 'ext4', profile: 'u-boot' },
    { type: 'ext3' },
    { type: 'ext2', block_size: 2048 },
  ])('reads back every file of %j', (options) => {
    const { tree, expected } = sample()
    const path = join(scratch, 'volume')
    writeVolume(tree, SIZE, options, path)
    const before = sha256(Buffer.from(tool('sha256sum', path)))
    const found = JSON.parse(tool(process.execPath, DUMP, path)) as Record<string, { type: string }>
    const { dir, 'lost+found': lostAndFound, ...rest } = found
    expect([dir?.type, lostAndFound?.type]).toEqual(['directory', 'directory'])
    expect(rest).toEqual(expected)
    expect(sha256(Buffer.from(tool('sha256sum', path)))).toBe(before)
  })
})
