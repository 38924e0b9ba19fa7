/**
 * JFFS2 between diskloom and mtd-utils: its reader takes what diskloom writes, diskloom's reader takes what mkfs.jffs2 writes in
 * either byte order, and where nobody has a choice both write the same bytes.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { emptyTree, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { makeEveryKind } from '../support/every-kind.js'
import { dumpJffs2, openFile, writeJffs2 } from '../support/jffs2-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { portrait } from '../support/tree-portrait.js'

const MIB = 1 << 20
const ERASE_BLOCK = 128 << 10
const EPOCH = 1_700_000_000
const isRoot = process.getuid?.() === 0

describeWithTools('JFFS2 and mtd-utils', ['jffs2dump', 'jffs2reader', 'mkfs.jffs2', 'touch', 'chown'], () => {
  const scratch = scratchFolder()
  const folder = join(scratch, 'every kind')
  let tree: FileTree

  beforeAll(async () => {
    makeEveryKind(folder, { privileged: isRoot })
    // What JFFS2 has no place for, or mkfs.jffs2 has none for.
    for (const name of [`${'n'.repeat(251)}.txt`, 'big numbers']) rmSync(join(folder, name), { force: true })
    if (isRoot) tool('chown', '1234:5678', join(folder, 'bin/suid'))
    tool('find', folder, '-exec', 'touch', '-h', '-d', `@${EPOCH}`, '{}', '+')
    const reading = await readFolder(folder, { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none' })
    tree = reading.tree
  })

  function mkfs(path: string, ...args: string[]): void {
    const common = ['-r', folder, '-o', path, '-e', String(ERASE_BLOCK), '-x', 'rtime', '-x', 'lzo']
    expect(runTool('mkfs.jffs2', [...common, ...args])).toMatchObject({ status: 0 })
  }

  it.each([
    ['little, padded', ['-l', `-p${MIB}`], 'little'],
    ['big, as long as it comes', ['-b'], 'big'],
    ['little, for NAND', ['-l', '-n', `-p${MIB}`], 'little'],
    ['big, not compressed', ['-b', '-m', 'none'], 'big'],
    ['little, small pages', ['-l', '-s', '1024'], 'little'],
  ] as const)('reads what mkfs.jffs2 writes: %s', (_, args, order) => {
    const path = join(scratch, 'theirs')
    mkfs(path, ...args)
    const reader = openFile(path)
    expect(reader.check()).toEqual([])
    expect(reader.summary).toMatchObject({ format: 'jffs2', state: 'clean', facts: { byte_order: order } })
    const found = reader.tree()
    // mkfs.jffs2 describes no root.
    expect(portrait(found, { skip: [''], wholeSeconds: true })).toEqual(
      portrait(tree, { skip: [''], wholeSeconds: true }),
    )
    for (const [path, node] of walkTree(found)) {
      const names = path === '' ? [] : path.split('/').map((name) => name as ReturnType<typeof byteString>)
      const single = reader.find(names)!
      expect(single.type).toBe(node.type)
      if (single.type === 'directory' && node.type === 'directory') {
        expect([...single.children.keys()].sort()).toEqual([...node.children.keys()].sort())
      }
    }
  })

  it('has its files read by jffs2reader', () => {
    const path = join(scratch, 'ours')
    writeJffs2(tree, 2 * MIB, { erase_block: ERASE_BLOCK }, path)
    expect(dumpJffs2(path).complaints).toEqual([])
    // Behind a file's first page it shows zeros, and of what mkfs.jffs2 writes nothing at all (2.1.5).
    for (const file of ['bin/tool', 'nothing', 'größe-漢字-🧵', 'deep/er/same tool']) {
      const { stdout } = runTool('jffs2reader', [path, '-f', `/${file}`])
      expect(stdout === readFileSync(join(folder, file), 'utf8'), file).toBe(true)
    }
    const listing = tool('jffs2reader', path, '-d', '/bin')
    for (const name of ['tool', 'same tool', 'suid']) expect(listing).toContain(name)
  })

  it('has the inodes of mkfs.jffs2 and that of the root, and as many entries', () => {
    const [ours, theirs] = [join(scratch, 'ours'), join(scratch, 'theirs')]
    writeJffs2(tree, 2 * MIB, { erase_block: ERASE_BLOCK, compression: 'none' }, ours)
    mkfs(theirs, '-l', '-m', 'none', `-p${2 * MIB}`)
    expect(dumpJffs2(ours).counts.Dirent).toBe(dumpJffs2(theirs).counts.Dirent)
    // One more for the root; one for all of the 3 MiB of zeros where mkfs.jffs2 has one for each page.
    expect(openFile(ours).summary.usedInodes).toBe(openFile(theirs).summary.usedInodes! + 1)
  })

  it.each(['little', 'big'] as const)('marks erased blocks as mkfs.jffs2 does: %s', (byte_order) => {
    const [ours, theirs] = [join(scratch, 'ours'), join(scratch, 'theirs')]
    const options = { erase_block: 64 << 10, byte_order }
    writeJffs2(emptyTree({ seconds: 0, nanoseconds: 0 }), MIB, options, ours)
    mkfs(theirs, byte_order === 'big' ? '-b' : '-l', '-e', '65536', `-p${MIB}`)
    const from = 4 * options.erase_block
    expect(readFileSync(ours).subarray(from).equals(readFileSync(theirs).subarray(from))).toBe(true)
    expect(readFileSync(ours).subarray(0, 12).equals(readFileSync(theirs).subarray(0, 12))).toBe(true)
  })

  it('finds what is wrong, by structure, field and place', () => {
    const path = join(scratch, 'ours')
    writeJffs2(tree, 2 * MIB, { erase_block: ERASE_BLOCK }, path)
    const bytes = readFileSync(path)
    const sound = openFile(path)
    const target = sound.find([byteString('bin'), byteString('suid')])!
    expect(target.type).toBe('file')
    expect(sound.details([byteString('bin'), byteString('suid')])).toMatchObject({ nodes: 2, compression: 'zlib' })
    // The root's own node is the first behind the clean marker.
    bytes[12 + 20]! ^= 1
    const damaged = join(scratch, 'damaged')
    writeFileSync(damaged, bytes)
    expect(openFile(damaged).check()).toMatchObject([{ structure: 'jffs2_raw_inode', offset: 12, field: 'node_crc' }])
    expect(dumpJffs2(damaged).complaints).toHaveLength(1)
  })
})
