/** What a volume inside a file refuses, each at its own place in the config. The words stand beside each. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const IMAGE = 'image "/a" of partition "p"'

function configOf(image: string, fs = 'ext4'): string {
  return `image: x\npartitions:\n  - { name: p, fs: ${fs}, size: 8MiB, content: [\n      { path: /a, image: ${image} }] }\n`
}

function nested(levels: number): string {
  return levels === 0 ? '{ fs: fat }' : `{ fs: ext2, content: [{ path: /a, image: ${nested(levels - 1)} }] }`
}

describe('the config of a volume inside a file', () => {
  it.each([
    [
      '{ size: 1MiB }',
      [
        'Cannot read content[0].image of partition "p": the key "fs" is missing',
        '  hint: fs: As the fs of a partition',
      ],
    ],
    ['fat', ['Cannot read content[0].image of partition "p": it is one value, "fat", accepted is a map with fs, size']],
    ['{ fs: fat, sise: 1MiB }', ['"sise" is no key of an image in a file', '  hint: Did you mean "size"?']],
    [
      '{ fs: disk.img }',
      [
        `Cannot make ${IMAGE}: its fs is the raw file disk.img, accepted are file systems`,
        '  hint: A finished image goes in as a file: { path: …, file: … }',
      ],
    ],
    [
      '{ fs: squashfs }',
      [
        `Cannot make ${IMAGE}: its fs is squashfs, which only the host's tools write, accepted are formats of diskloom's own`,
        '  hint: The tools make the volumes of partitions',
      ],
    ],
    ['{ fs: fat, size: 0 }', [`Cannot make ${IMAGE}: its size is 0, accepted are sizes above 0`]],
    ['{ fs: fat, size: rest }', ['"rest" is not possible here, accepted are bytes, sectors (s)']],
    ['{ fs: fat, size: 1MiB, free: 10% }', [`Cannot use free of ${IMAGE}: its size is fixed`]],
    ['{ fs: fat, owner: keep }', [`Cannot use owner of ${IMAGE}: it is keep, FAT has no place for owners`]],
    ['{ fs: fat, xattrs: keep }', [`Cannot use xattrs of ${IMAGE}: it is keep, FAT has no place for attributes`]],
    ['{ fs: fat, options: { inodes: 50 } }', [`Cannot use options.inodes of ${IMAGE}: its fs is fat`, '  hint']],
    [nested(3), ['it stands 4 images deep, at most 3 are accepted']],
  ])('%s', (image, says) => {
    const lines = problemLines(problemsOf(configOf(image)))
    expect(lines).toHaveLength(says.length)
    for (const [index, words] of says.entries()) expect(lines[index]).toContain(words)
    expect(lines[0]).toMatch(/^a\.yaml:4:\d+: /)
  })

  it('three levels are taken', () => {
    expect(() => problemsOf(configOf(nested(2)))).toThrow('the config was accepted')
  })

  it('beside another kind of entry', () => {
    const config = configOf('{ fs: fat }, text: x')
    expect(problemLines(problemsOf(config))[0]).toContain('Cannot use content[0].image of partition "p": text is given')
  })
})

describe('the build of a volume inside a file', () => {
  const scratch = scratchFolder()
  it.each([
    [
      '{ fs: fat, size: 64KiB, content: [big] }',
      /4:\d+: Image "\/a": Cannot fit the payload into FAT12 of 64 KiB: needs 102,400 bytes/,
      'LAYOUT',
    ],
    ['{ fs: fat, label: lower-case-name }', /4:44: Image "\/a": Cannot write FAT label/, 'FORMAT'],
    [
      '{ fs: ext4, size: 2MiB, content: [{ path: /b, image: { fs: ext4, size: 3MiB } }] }',
      /4:\d+: Image "\/a": Cannot .*needs/,
      'LAYOUT',
    ],
    ['{ fs: fat, content: [none] }', /4:\d+: Cannot read "none": it does not exist/, 'LAYOUT'],
  ])('%s', async (image, says, code) => {
    const files = { 'big/file': Buffer.alloc(100 << 10, 'x') }
    const error = await rejectionOf(scratch, { config: configOf(image), files })
    const { position } = error.problems[0]!
    expect(`${position?.line}:${position?.column}: ${messagesOf(error)}`).toMatch(says)
    expect(error.code).toBe(code)
  })
})
