/**
 * Damaged ext volumes of every kind: an answer or a FormatError, in bounded time and memory; never a crash, a hang or a bug.
 * Most changes go to metadata, and three of four volumes have no checksums, so that they get past the first look.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { extFormat } from '../../src/filesystems/ext4/format.js'
import type { ExtFormatOptions } from '../../src/filesystems/ext4/options.js'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import { onUsedMedium } from '../support/ext4-reader.js'
import { bytesContent, directoryNode, ENVIRONMENT, fileNode, TIME } from '../support/ext4-volume.js'
import { FUZZ_CASES, FUZZ_TIMEOUT, prepareFuzz } from '../support/fuzz/run-fuzz.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { kernelAcl, Random } from '../support/random-ext-tree.js'
import { readBytes } from '../support/read-content.js'

const MIB = 1 << 20
const SUPERBLOCK = { offset: 1024, length: 256 }

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
  const fuzz = prepareFuzz()
  const cases = FUZZ_CASES / Object.keys(VOLUMES).length

  it.each(Object.keys(VOLUMES))('%s', FUZZ_TIMEOUT, async (name) => {
    const whole = VOLUMES[name]!(folder)
    const sound = openExtVolume(ImageView.of(imageOfBytes(whole), 'whole'))
    expect(sound.check()).toEqual([])
    const metadata = sound.usedStretches().filter(({ use }) => use === 'metadata')
    const often = metadata.slice(0, Math.ceil(metadata.length / 6)).map(() => SUPERBLOCK)
    const outcomes = await fuzz({ subject: 'ext', whole, stretches: [...metadata, ...often], cases })
    // Not everything was refused at the door, and what was read was found to be damaged.
    expect(outcomes.findings).toBeGreaterThan(cases / 10)
  })
})
