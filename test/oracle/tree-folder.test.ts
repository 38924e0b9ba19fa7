/** A folder as `find` and `stat` see it and as `readFolder` does. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import type { DiskImage } from '../../src/image/extent.js'
import { type FileNode, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { type FolderOptions, readFolder } from '../../src/tree/folder.js'
import { measureTree } from '../../src/tree/tree-stats.js'
import { CAP_NET_RAW, makeEveryKind, ODD_NAME } from '../support/every-kind.js'
import { findListing } from '../support/find-listing.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const KEEP: FolderOptions = { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none' }
const isRoot = process.geteuid?.() === 0

function treeListing(tree: FileTree): Map<string, object> {
  const listing = new Map<string, object>()
  for (const [path, node] of walkTree(tree)) {
    listing.set(path, {
      type: node.type,
      mode: node.mode.toString(8),
      uid: node.uid,
      gid: node.gid,
      time: findTime(node),
      ...(node.type === 'file' ? { size: node.content.sizeBytes } : {}),
      ...(node.type === 'symlink' ? { target: node.target } : {}),
    })
  }
  return listing
}

/** As find's %T@: seconds rounded down (−1.25 s is "-2.75…"), and ten digits of the fraction. */
function findTime({ mtime }: FileNode): string {
  return `${mtime.seconds}.${String(mtime.nanoseconds).padStart(9, '0')}0`
}

function nodeAt(tree: FileTree, path: ByteString): FileNode {
  const found = [...walkTree(tree)].find(([candidate]) => candidate === path)
  if (found === undefined) throw new Error(`no ${path}`)
  return found[1]
}

describeWithTools('a folder as a payload tree', ['find', 'stat', 'mkfifo', 'python3', 'setfattr', 'getfattr'], () => {
  const scratch = scratchFolder()
  const folder = join(scratch, 'every kind')
  beforeAll(() => makeEveryKind(folder, { privileged: isRoot, xattrs: true }))

  it('agrees with find in every path, type, mode, owner, time, length and target', async () => {
    const { tree } = await readFolder(folder, KEEP)
    expect(treeListing(tree)).toEqual(findListing(folder))
  })

  it('agrees with stat in the numbers of devices', async () => {
    const { tree } = await readFolder(folder, KEEP)
    for (const [path, node] of walkTree(tree)) {
      if (node.type !== 'char' && node.type !== 'block') continue
      const numbers = tool('stat', '-c', '%Hr %Lr', join(folder, path)).trim()
      expect(`${node.major} ${node.minor}`).toBe(numbers)
    }
    expect(tree.children.has(byteString('console'))).toBe(isRoot)
  })

  it('gives all names of one file the same node, and nothing else', async () => {
    const { tree } = await readFolder(folder, KEEP)
    const file = nodeAt(tree, byteString('bin/tool'))
    expect(nodeAt(tree, byteString('bin/same tool'))).toBe(file)
    expect(nodeAt(tree, byteString('deep/er/same tool'))).toBe(file)
    expect(nodeAt(tree, byteString('bin/suid'))).not.toBe(file)
    const inodes = Number(tool('sh', '-c', 'find "$1" -printf "%i\\n" | sort -u | wc -l', 'sh', folder))
    const { files, directories, others } = measureTree(tree)
    expect(files + directories + others).toBe(inodes)
  })

  it('reads files whose names are not UTF-8', async () => {
    const { tree } = await readFolder(folder, KEEP)
    const name = ODD_NAME.toString('latin1') as ByteString
    const node = nodeAt(tree, name)
    if (node.type !== 'file') throw new Error(node.type)
    const { source } = node.content.extents[0]!
    if (source.kind !== 'file') throw new Error(source.kind)
    expect(readFileSync(source.file.path, 'utf8')).toBe('odd\n')
    expect(source.file.path).toEqual(Buffer.concat([Buffer.from(`${folder}/`), ODD_NAME]))
  })

  it('sets owners, the mode of the root, and times as asked', async () => {
    const clampTo = { seconds: 1_450_000_000, nanoseconds: 0 }
    const owner = { kind: 'map', uid: new Map([[1234, 7]]), gid: new Map([[2345, 8]]) } as const
    const { tree } = await readFolder(folder, { ...KEEP, owner, clampTo })
    if (isRoot) expect(nodeAt(tree, byteString('deep/er'))).toMatchObject({ uid: 7, gid: 8 })
    expect(nodeAt(tree, byteString('bin/suid'))).toMatchObject({ uid: 0, gid: 0, mode: 0o6755, mtime: clampTo })
    expect(nodeAt(tree, byteString('bin/tool')).mtime).toEqual({ seconds: 1_234_567_890, nanoseconds: 123_456_789 })
    tool('chmod', '2775', folder)
    expect((await readFolder(folder, { ...KEEP, owner: { kind: 'root' } })).tree.mode).toBe(0o755)
    expect((await readFolder(folder, KEEP)).tree.mode).toBe(0o2775)
  })

  it('brings extended attributes as getfattr has them, but for security labels', async () => {
    const runner = makeCommandRunner(process.env)
    const { tree } = await readFolder(folder, { ...KEEP, xattrs: 'keep', runner })
    const file = nodeAt(tree, byteString('bin/same tool'))
    expect(Object.fromEntries(file.xattrs!)).toEqual({
      'user.note': new Uint8Array(Buffer.from('a value')),
      'user.binary': Uint8Array.of(0x00, 0xff, 0x80, 0xc3, 0x0a),
      ...(isRoot ? { 'security.capability': new Uint8Array(Buffer.from(CAP_NET_RAW.slice(2), 'hex')) } : {}),
    })
    expect(nodeAt(tree, byteString('deep')).xattrs).toEqual(new Map([['user.empty', new Uint8Array(0)]]))
    expect(tree.xattrs).toEqual(new Map([['user.on root', Uint8Array.of(0x31)]]))
    expect(nodeAt(tree, byteString('bin/suid')).xattrs).toBeUndefined()
    const link = nodeAt(tree, byteString('short link')).xattrs
    if (isRoot) expect(link).toEqual(new Map([['trusted.link', new Uint8Array(Buffer.from('on a link'))]]))
    expect((await readFolder(folder, { ...KEEP, xattrs: 'none', runner })).tree.xattrs).toBeUndefined()
  })
})

describeWithTools('holes of files', ['cmp', 'truncate', 'dd'], () => {
  const folder = scratchFolder()
  const mib = 1 << 20
  beforeAll(() => {
    // 5 MiB + 100 bytes: data at 1 MiB (two bytes) and at 3 MiB (4096 zeros and a byte after them), the rest holes.
    const fd = openSync(join(folder, 'holes'), 'w')
    writeSync(fd, 'ab', mib)
    writeSync(fd, Buffer.alloc(4096), 0, 4096, 3 * mib)
    writeSync(fd, 'c', 3 * mib + 4096)
    closeSync(fd)
    tool('truncate', '-s', String(5 * mib + 100), join(folder, 'holes'))
    tool('dd', 'if=/dev/zero', `of=${join(folder, 'dense zeros')}`, 'bs=1M', 'count=2', 'status=none')
    tool('dd', 'if=/dev/zero', `of=${join(folder, 'short zeros')}`, 'bs=1K', 'count=100', 'status=none')
  })

  async function contentOf(name: string, holes: FolderOptions['holes']): Promise<DiskImage> {
    const node = nodeAt((await readFolder(folder, { ...KEEP, holes })).tree, byteString(name))
    if (node.type !== 'file') throw new Error(node.type)
    materialize(node.content, join(folder, '..', `${name}.${holes}`))
    tool('cmp', join(folder, '..', `${name}.${holes}`), join(folder, name))
    tool('rm', join(folder, '..', `${name}.${holes}`))
    return node.content
  }
  const stretches = (image: DiskImage): number[][] => image.extents.map(({ offset, length }) => [offset, length])

  it('none: every byte is content', async () => {
    expect(stretches(await contentOf('holes', 'none'))).toEqual([[0, 5 * mib + 100]])
  })

  it('host: zero blocks of sparse files, and of no other', async () => {
    expect(stretches(await contentOf('holes', 'host'))).toEqual([
      [mib, 4096],
      [3 * mib + 4096, 4096],
    ])
    expect(stretches(await contentOf('dense zeros', 'host'))).toEqual([[0, 2 * mib]])
  })

  it('all: zero blocks of every file of 1 MiB and more', async () => {
    expect(stretches(await contentOf('dense zeros', 'all'))).toEqual([])
    expect(stretches(await contentOf('short zeros', 'all'))).toEqual([[0, 100 * 1024]])
  })

  it('are counted, for the message about a volume that is too small', async () => {
    const { sparseAtSource } = await readFolder(folder, KEEP)
    expect(sparseAtSource.files).toBe(1)
    expect(sparseAtSource.bytes).toBeGreaterThan(4.9 * mib)
  })
})
