/** Our tars, unpacked by others: GNU tar, bsdtar and Python find in them what the tree has, and so does our own reader. */
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { ImageBuilder, imageOfBytes } from '../../src/image/extent.js'
import { firstDifference } from '../../src/image/first-difference.js'
import { emptyTree, type FileTree, type RegularFileNode } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { readTarTree } from '../../src/tree/tar.js'
import { planTar } from '../../src/tree/tar-image.js'
import { makeEveryKind } from '../support/every-kind.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { kernelAcl } from '../support/random-ext-tree.js'
import { type PortraitOptions, portrait } from '../support/tree-portrait.js'

const runner = makeCommandRunner(process.env)
const READ = { owner: { kind: 'keep' }, holes: 'none', xattrs: 'keep', runner } as const
const time = { seconds: 1_000_000_000, nanoseconds: 0 }

describeWithTools(
  'a tree as a tar',
  ['tar', 'bsdtar', 'python3', 'setfattr', 'getfattr', 'mkfifo'],
  () => {
    const scratch = scratchFolder()
    const folder = join(scratch, 'payload')
    const archive = join(scratch, 'ours.tar')
    let source: FileTree
    beforeAll(async () => {
      makeEveryKind(folder, { privileged: true, xattrs: true })
      source = (await readFolder(folder, READ)).tree
      const note = source.children.get(byteString('nothing'))!
      // What the list gives to owner, mask and others; who sets one sets the mode with it.
      note.mode = 0o754
      note.xattrs = new Map([
        ['user.odd=name%', new Uint8Array([1, 2])],
        ['system.posix_acl_access', kernelAcl()],
      ])
      const { image, leftOut } = planTar(source)
      expect(leftOut).toEqual(['socket'])
      materialize(image, archive)
    })

    /** Every file and attribute of the tree but for the socket. */
    const expected: PortraitOptions = { skip: ['socket'], xattrs: true }
    const unpacked = (name: string, program: string, ...args: string[]): Promise<FileTree> =>
      unpackedFrom(archive, name, program, ...args)
    const unpackedFrom = async (from: string, name: string, program: string, ...args: string[]): Promise<FileTree> => {
      const target = join(scratch, name)
      mkdirSync(target, { recursive: true })
      tool(program, '-xpf', from, '-C', target, '--numeric-owner', ...args)
      return (await readFolder(target, { ...READ, holes: 'host' })).tree
    }
    const withRootOf = (tree: FileTree): FileTree => ({ ...tree, mode: source.mode })

    it('is read by us', async () => {
      const { tree, release } = await readTarTree(archive, { ...READ, workFolder: scratch })
      expect(portrait(tree, expected)).toEqual(portrait(source, expected))
      release()
    })

    it('is unpacked by GNU tar', async () => {
      const tree = await unpacked('gnu', 'tar', '--xattrs', '--xattrs-include=*')
      expect(portrait(withRootOf(tree), expected)).toEqual(portrait(source, expected))
    })

    it('is unpacked by bsdtar', async () => {
      // It leaves the root's time, takes -86,400.25 s for -86,399.75 s, and knows no escapes in names of attributes.
      const options = { skip: ['', 'socket', 'nothing'], xattrs: true }
      const tree = await unpacked('bsd', 'bsdtar', '--xattrs', '--acls')
      expect(portrait(withRootOf(tree), options)).toEqual(portrait(source, options))
    })

    it('is listed by Python', () => {
      const program = 'import sys, tarfile; print(*(m.name for m in tarfile.open(sys.argv[1])), sep="\\0", end="")'
      const names = tool('python3', '-c', program, archive).split('\0')
      expect(names).toHaveLength(portrait(source, expected).size)
      expect(names).toContain('größe-漢字-🧵')
      expect(readdirSync(folder)).toContain('größe-漢字-🧵')
    })

    it('holds ids, lengths and times of any size', async () => {
      const sizeBytes = 9 * 2 ** 30
      const big: FileTree = { ...emptyTree(time) }
      big.children.set('large' as ByteString, {
        type: 'file',
        mode: 0o644,
        uid: 4_294_967_294,
        gid: 2_097_152,
        mtime: { seconds: 2 ** 34, nanoseconds: 1 },
        content: { sizeBytes, extents: [{ ...imageOfBytes(new Uint8Array([7])).extents[0]!, offset: sizeBytes - 1 }] },
      })
      const path = join(scratch, 'big.tar')
      materialize(planTar(big).image, path)
      const listing = tool('tar', '--numeric-owner', '--full-time', '-tvf', path).trimEnd().split('\n')
      expect(listing).toHaveLength(2)
      expect(listing[1]).toMatch(/^-rw-r--r-- 4294967294\/2097152 +9663676416 2514-05-30 01:53:04\.000000001 large$/)
    })

    it.each([
      ['at the start', [[1_000_000, 5000]], 1_005_000],
      ['at the end', [[0, 5000]], 3_000_000],
      ['everywhere', [], 3_000_000],
      [
        'between, off the blocks',
        [
          [700, 13],
          [9000, 1],
          [9001, 100_000],
          [3_000_000, 77],
        ],
        4_000_000,
      ],
      ['a thousand times', Array.from({ length: 1000 }, (_, index) => [index * 10_000, 4096 + index]), 10_000_000],
      ['beyond 4 GiB', [[4 * 2 ** 30, 77]], 5 * 2 ** 30],
    ] as const)('files with holes %s', async (where, stretches, sizeBytes) => {
      const content = new ImageBuilder(sizeBytes)
      for (const [at, length] of stretches) content.bytes(at, new Uint8Array(length).fill(65 + (at % 26)))
      const tree = emptyTree(time)
      const name = byteString('päth'.padEnd(130, 'x'))
      const file = { type: 'file', mode: 0o600, uid: 0, gid: 0, mtime: time, content: content.finish() } as const
      tree.children.set(name, file)
      tree.children.set('dense' as ByteString, { ...file, content: imageOfBytes(new Uint8Array(9000).fill(1)) })
      const path = join(scratch, 'sparse.tar')
      const { image } = planTar(tree, { holes: 'sparse' })
      expect(image.sizeBytes).toBeLessThan(6_000_000)
      materialize(image, path)
      const read = await readTarTree(path, { ...READ, workFolder: scratch })
      const trees: FileTree[] = [read.tree]
      for (const program of ['tar', 'bsdtar']) trees.push(await unpackedFrom(path, `${program} ${where}`, program))
      for (const found of trees) {
        const node = found.children.get(name) as RegularFileNode
        expect(found.children.size).toBe(2)
        expect(firstDifference(node.content, file.content)).toBe(undefined)
      }
      read.release()
      const listing =
        'import sys, tarfile\nfor m in tarfile.open(sys.argv[1]):\n if m.isfile(): print(m.size, m.issparse())'
      expect(tool('python3', '-c', listing, path)).toBe(`9000 False\n${sizeBytes} True\n`)
      const unpackedFile = statSync(join(scratch, `tar ${where}`, 'päth'.padEnd(130, 'x')))
      expect([unpackedFile.size, unpackedFile.blocks * 512 < 12_000_000]).toEqual([sizeBytes, true])
    })

    it.each([98, 99, 100, 101, 155, 256, 4000])('names of %i bytes', async (length) => {
      const tree = emptyTree(time)
      const names = ('d'.repeat(length).match(/.{1,250}/g) ?? []).map(byteString)
      let parent = tree
      for (const name of names) {
        const child = emptyTree(time)
        parent.children.set(name, child)
        parent = child
      }
      const name = `${names.join('/')}/x`
      parent.children.set('x' as ByteString, { ...emptyTree(time), type: 'symlink', target: name as ByteString })
      const path = join(scratch, `names-${length}.tar`)
      materialize(planTar(tree).image, path)
      const listing = tool('tar', '-tvf', path).trimEnd().split('\n')
      expect(listing.at(-1)).toMatch(new RegExp(` ${name} -> ${name}$`))
    })
  },
  { root: true },
)
