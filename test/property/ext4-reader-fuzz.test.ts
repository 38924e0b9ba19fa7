/**
 * Damaged ext volumes of every kind: an answer or a FormatError, in bounded time and memory; never a crash, a hang or a bug.
 * Most changes go to metadata, and three of four volumes have no checksums, so that they get past the first look.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MAX_FINDINGS } from '../../src/bytes/findings.js'
import { FormatError } from '../../src/errors.js'
import { extFormat } from '../../src/filesystems/ext4/format.js'
import type { ExtFormatOptions } from '../../src/filesystems/ext4/options.js'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import type { VolumeReader } from '../../src/filesystems/volume-reader.js'
import { extentEnd, imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { onUsedMedium } from '../support/ext4-reader.js'
import { bytesContent, directoryNode, ENVIRONMENT, fileNode, TIME } from '../support/ext4-volume.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { kernelAcl, Random } from '../support/random-ext-tree.js'
import { readBytes } from '../support/read-content.js'

const DEEP = process.env.DISKLOOM_DEEP === '1'
const RUNS = (DEEP ? 10_000 : 500) / 4
const MOST_SECONDS = 10
const MOST_GROWTH_BYTES = 300 << 20
const MIB = 1 << 20
const SUPERBLOCK = 1024

/** Something for every structure: a hash tree, trees of extents and of indirect blocks, attributes of all kinds, links. */
function tree(): FileTree {
  const random = new Random(5)
  const common = { mode: 0o777, uid: 0, gid: 0, mtime: TIME }
  const linked = fileNode('two names')
  const names = Object.fromEntries(
    Array.from({ length: 90 }, (_, index) => [`an-entry-of-some-length-${index}`, fileNode(`${index}`)]),
  )
  const pieces = Array.from({ length: 30 }, (_, index) => ({
    offset: index * 4096,
    length: 1024,
    source: { kind: 'bytes', bytes: random.bytes(1024) } as const,
  }))
  return directoryNode({
    etc: directoryNode({ deep: directoryNode({ linked }), fstab: fileNode('none') }),
    linked,
    many: directoryNode(names),
    pieces: fileNode({ sizeBytes: 200_000, extents: pieces }),
    plain: fileNode(bytesContent(random.bytes(30_000))),
    short: { type: 'symlink', ...common, target: 'etc/fstab' as never },
    long: { type: 'symlink', ...common, target: 'd/'.repeat(100) as never },
    null: { type: 'char', ...common, major: 1, minor: 3 },
    noted: fileNode('', {
      xattrs: new Map([
        ['user.note', random.bytes(400)],
        ['system.posix_acl_access', kernelAcl()],
      ]),
    }),
    small: fileNode('', { xattrs: new Map([['user.a', random.bytes(9)]]) }),
  })
}

function own(options: ExtFormatOptions): Uint8Array {
  const plan = extFormat.plan(tree(), 3 * MIB, options, ENVIRONMENT)
  return readBytes(onUsedMedium(plan))
}

const VOLUMES: Readonly<Record<string, (folder: string) => Uint8Array>> = {
  ext4: () => own({ type: 'ext4', profile: 'modern' }),
  'ext4 without checksums': () => own({ type: 'ext4', features: ['^metadata_csum'] }),
  ext2: () => own({ type: 'ext2', inode_size: 128 }),
  'inline data': (folder) => {
    const source = join(folder, 'source')
    mkdirSync(source)
    for (let i = 0; i < 20; i++) writeFileSync(join(source, `file ${i}`), 'inline '.repeat(i))
    for (const name of ['empty', 'few', 'some']) mkdirSync(join(source, name))
    writeFileSync(join(source, 'few/one'), '')
    for (let i = 0; i < 9; i++) symlinkSync('x'.repeat(30 + 10 * i), join(source, `some/link ${i}`))
    const image = join(folder, 'inline.img')
    const features = '^has_journal,^metadata_csum,inline_data,ea_inode'
    tool('mke2fs', '-q', '-F', '-t', 'ext4', '-I', '256', '-O', features, '-d', source, image, '1M')
    return readFileSync(image)
  },
}

describeWithTools('damaged ext volumes', ['mke2fs'], () => {
  const folder = scratchFolder()

  it.each(Object.keys(VOLUMES))('%s', { timeout: 1_800_000 }, (name) => {
    const whole = VOLUMES[name]!(folder)
    const sound = openExtVolume(viewOf(whole))
    expect(sound.check()).toEqual([])
    const metadata = sound.usedStretches().filter(({ use }) => use === 'metadata')
    const random = new Random(Number(process.env.DISKLOOM_SEED ?? 1))
    const before = process.memoryUsage().rss
    const outcomes = { answers: 0, refusals: 0, findings: 0 }
    for (let run = 0; run < RUNS; run++) {
      const bytes = Uint8Array.from(whole)
      const changes = Array.from({ length: 1 + random.below(4) }, () => {
        const stretch = random.pick(metadata)
        const at = random.chance(15) ? SUPERBLOCK + random.below(256) : usefulByte(whole, stretch, random)
        const value = random.chance(50) ? random.below(256) : random.pick([0, 1, 0x7f, 0x80, 0xff])
        bytes[at] = value
        return [at, value]
      })
      const started = performance.now()
      try {
        examine(openExtVolume(viewOf(bytes)), outcomes)
      } catch (error) {
        if (!(error instanceof FormatError)) throw new Error(`run ${run}: ${JSON.stringify(changes)}`, { cause: error })
        outcomes.refusals++
      }
      expect((performance.now() - started) / 1000, JSON.stringify(changes)).toBeLessThan(MOST_SECONDS)
    }
    // Not everything was refused at the door, and what was read was found to be damaged.
    expect(outcomes.answers).toBeGreaterThan(RUNS / 10)
    expect(outcomes.findings).toBeGreaterThan(RUNS / 10)
    expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES)
  })
})

/** Most of an inode table is zeros: three tries for a byte that says something. */
function usefulByte(whole: Uint8Array, { offset, length }: { offset: number; length: number }, random: Random): number {
  let at = offset
  for (let attempt = 0; attempt < 3; attempt++) {
    at = offset + random.below(length)
    if (whole[at] !== 0) break
  }
  return at
}

function viewOf(bytes: Uint8Array): ImageView {
  return ImageView.of(imageOfBytes(bytes), 'volume')
}

/** Asks for everything. Errors that are not FormatErrors get out. */
function examine(volume: VolumeReader, outcomes: { answers: number; refusals: number; findings: number }): void {
  const findings = volume.check()
  expect(findings.length).toBeLessThanOrEqual(MAX_FINDINGS)
  if (findings.length > 0) outcomes.findings++
  const used = attempt(() => volume.usedStretches()) ?? []
  let end = 0
  for (const { offset, length } of used) {
    expect(offset).toBeGreaterThanOrEqual(end)
    end = offset + length
  }
  const root = attempt(() => volume.tree())
  if (root === undefined) {
    outcomes.refusals++
    return
  }
  outcomes.answers++
  for (const [path, node] of walkTree(root)) {
    if (node.type !== 'file') continue
    const extents = attempt(() => node.content.extents) ?? []
    for (const extent of extents) expect(extentEnd(extent), path).toBeLessThanOrEqual(node.content.sizeBytes)
    attempt(() => volume.details(path.split('/') as never))
  }
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
