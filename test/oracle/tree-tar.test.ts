/** Tars of GNU tar, bsdtar and Python as payload trees: compared with the folder that went in, and their contents byte by byte. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { type FileTree, type RegularFileNode, walkTree } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { type ArchiveTreeOptions, readTarTree } from '../../src/tree/tar.js'
import { nodeAtPath } from '../../src/tree/tree-builder.js'
import { CAP_NET_RAW, makeEveryKind } from '../support/every-kind.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { readBytes } from '../support/read-content.js'
import { portrait } from '../support/tree-portrait.js'

const isRoot = process.geteuid?.() === 0
const runner = makeCommandRunner(process.env)

describeWithTools(
  'a tar as a payload tree',
  ['tar', 'bsdtar', 'xz', 'zstd', 'bzip2', 'gzip', 'setfattr', 'python3', 'mkfifo'],
  () => {
    const scratch = scratchFolder()
    const folder = join(scratch, 'payload')
    let source: FileTree
    beforeAll(async () => {
      makeEveryKind(folder, { privileged: isRoot, xattrs: true })
      source = (await readFolder(folder, { owner: { kind: 'keep' }, holes: 'none', xattrs: 'keep', runner })).tree
    })
    const options = (): ArchiveTreeOptions => ({
      owner: { kind: 'keep' },
      holes: 'none',
      xattrs: 'keep',
      workFolder: mkdtempSync(join(scratch, 'work-')),
      runner,
    })
    const packed = (name: string, program: string, ...args: string[]): string => {
      const path = join(scratch, name)
      tool(program, '-cf', path, ...args)
      return path
    }
    // No tar keeps sockets.
    const SOCKET = ['socket']

    it.each([
      ['pax', '--format=pax'],
      ['pax with a sparse map of format 0.0', '--format=pax', '--sparse', '--sparse-version=0.0'],
      ['pax with a sparse map of format 0.1', '--format=pax', '--sparse', '--sparse-version=0.1'],
      ['pax with a sparse map of format 1.0', '--format=pax', '--sparse', '--sparse-version=1.0'],
    ])('of GNU tar: %s', async (_, ...args) => {
      const path = packed('gnu-pax.tar', 'tar', ...args, '--xattrs', '--xattrs-include=*', '-C', folder, '.')
      const { tree, release } = await readTarTree(path, options())
      const expected = { skip: SOCKET, xattrs: true }
      expect(portrait(tree, expected)).toEqual(portrait(source, expected))
      release()
    })

    it.each([
      ['gnu', '--format=gnu'],
      ['gnu sparse', '--format=gnu', '--sparse'],
    ])('of GNU tar: %s', async (_, ...args) => {
      const path = packed('gnu.tar', 'tar', ...args, '-C', folder, '.')
      const { tree, release } = await readTarTree(path, options())
      const expected = { skip: SOCKET, wholeSeconds: true }
      expect(portrait(tree, expected)).toEqual(portrait(source, expected))
      release()
    })

    it.each(['pax', 'gnutar'])('of bsdtar: %s', async (format) => {
      const path = packed(`bsd-${format}.tar`, 'bsdtar', `--format=${format}`, '-C', folder, '.')
      const { tree, release } = await readTarTree(path, options())
      // libarchive writes −86,400.25 s as "-86401.75" (POSIX: a decimal number) or as 0, and big device numbers not at all.
      const skip = [...SOCKET, 'nothing', ...(format === 'gnutar' ? ['big numbers'] : [])]
      const expected = { skip, wholeSeconds: format !== 'pax', xattrs: format === 'pax' }
      expect(portrait(tree, expected)).toEqual(portrait(source, expected))
      release()
    })

    it('of ustar and V7: what these can hold', async () => {
      for (const format of ['ustar', 'v7']) {
        const path = packed(
          `${format}.tar`,
          'tar',
          `--format=${format}`,
          '--exclude=bin/suid',
          '-C',
          folder,
          'bin',
          'deep',
        )
        const { tree, release } = await readTarTree(path, options())
        const foreign = ['bin/suid']
        const parts = new Map(
          [...portrait(source, { wholeSeconds: true, skip: foreign })].filter(([name]) => /^(bin|deep)/.test(name)),
        )
        const found = portrait(tree, { wholeSeconds: true, skip: ['', ...foreign] })
        expect(found).toEqual(parts)
        release()
      }
    })

    it('keeps the holes of sparse entries, and finds others where all are asked', async () => {
      const zeros = join(scratch, 'zeros')
      tool('mkdir', zeros)
      writeFileSync(join(zeros, 'dense'), Buffer.concat([Buffer.alloc(1 << 20), Buffer.from('end')]))
      const path = packed('sparse.tar', 'tar', '--format=pax', '--sparse', '-C', folder, 'sparse', '-C', zeros, 'dense')
      const stretches = async (holes: 'none' | 'all'): Promise<number[][][]> => {
        const { tree, release } = await readTarTree(path, { ...options(), holes })
        release()
        return ['sparse', 'dense'].map((name) => {
          const node = nodeAtPath(tree, name) as RegularFileNode
          return node.content.extents.map(({ offset, length }) => [offset, length])
        })
      }
      expect(await stretches('none')).toEqual([[[0, 4096]], [[0, (1 << 20) + 3]]])
      expect(await stretches('all')).toEqual([[[0, 4096]], [[1 << 20, 3]]])
    })

    it.each([
      ['gzip', 'gz'],
      ['xz', 'xz'],
      ['zstd', 'zst'],
      ['bzip2', 'bz2'],
    ])('packed with %s, through a spool without a name', async (program, ending) => {
      const path = packed('plain.tar', 'tar', '--format=pax', '-C', folder, '.')
      tool('sh', '-c', `${program} -qc "$1" > "$2"`, 'sh', path, `${path}.${ending}`)
      const asked = options()
      const { tree, release } = await readTarTree(`${path}.${ending}`, asked)
      expect(readdirSync(asked.workFolder as string)).toEqual([])
      expect(portrait(tree, { skip: SOCKET })).toEqual(portrait(source, { skip: SOCKET }))
      release()
    })

    it('clamps times, maps owners, leaves xattrs out', async () => {
      const path = packed('rules.tar', 'tar', '--format=pax', '--xattrs', '--xattrs-include=*', '-C', folder, '.')
      const clampTo = { seconds: 1_300_000_000, nanoseconds: 0 }
      const owner = { kind: 'map', uid: new Map([[70_000, 7]]), gid: new Map() } as const
      const { tree, release } = await readTarTree(path, { ...options(), owner, clampTo, xattrs: 'none' })
      for (const [, node] of walkTree(tree)) {
        expect(node.mtime.seconds).toBeLessThanOrEqual(clampTo.seconds)
        expect(node.xattrs).toBeUndefined()
        expect(node.gid).toBe(0)
      }
      if (isRoot) expect(nodeAtPath(tree, 'bin/suid')!.uid).toBe(7)
      release()
    })

    describe('made by Python', () => {
      const python = (name: string, body: string): string => {
        const path = join(scratch, name)
        const head = `import io, sys, tarfile\nF = {'gnu': tarfile.GNU_FORMAT, 'pax': tarfile.PAX_FORMAT, 'ustar': tarfile.USTAR_FORMAT}\n`
        tool('python3', '-c', `${head}${body}`, path)
        return path
      }
      const ENTRY = `
def entry(tar, name, **more):
    info = tarfile.TarInfo(name); data = more.pop('data', b'')
    for key, value in more.items(): setattr(info, key, value)
    info.size = len(data); tar.addfile(info, io.BytesIO(data))
`

      it('numbers beyond octal, in base 256 and in PAX records', async () => {
        for (const format of ['gnu', 'pax']) {
          const path = python(
            `numbers-${format}.tar`,
            `${ENTRY}
tar = tarfile.open(sys.argv[1], 'w', format=F['${format}'])
entry(tar, 'big', uid=4000000000, gid=70000, mtime=2**35, mode=0o4755, data=b'x')
entry(tar, 'old', mtime=-5)
tar.close()`,
          )
          const { tree, release } = await readTarTree(path, options())
          expect(nodeAtPath(tree, 'big')).toMatchObject({ uid: 4_000_000_000, gid: 70_000, mode: 0o4755 })
          expect(nodeAtPath(tree, 'big')!.mtime).toEqual({ seconds: 2 ** 35, nanoseconds: 0 })
          expect(nodeAtPath(tree, 'old')!.mtime).toEqual({ seconds: -5, nanoseconds: 0 })
          release()
        }
      })

      it('global records, which an entry of its own overrides', async () => {
        const path = python(
          'global.tar',
          `${ENTRY}
tar = tarfile.open(sys.argv[1], 'w', format=F['pax'], pax_headers={'uid': '77', 'mtime': '100.5', 'comment': 'x=y\\n2'})
entry(tar, 'one')
entry(tar, 'two', pax_headers={'mtime': '-1.25'})
tar.close()`,
        )
        const { tree, release } = await readTarTree(path, options())
        expect(nodeAtPath(tree, 'one')).toMatchObject({ uid: 77, mtime: { seconds: 100, nanoseconds: 500_000_000 } })
        expect(nodeAtPath(tree, 'two')).toMatchObject({ uid: 77, mtime: { seconds: -2, nanoseconds: 750_000_000 } })
        release()
      })

      it('later entries win, missing folders are made, ./ and / stand for the root', async () => {
        const path = python(
          'order.tar',
          `${ENTRY}
tar = tarfile.open(sys.argv[1], 'w', format=F['ustar'])
entry(tar, './', type=tarfile.DIRTYPE, mode=0o711)
entry(tar, '/etc//conf/a', data=b'first', mtime=9)
entry(tar, './etc/conf/a', data=b'second!')
entry(tar, 'etc', type=tarfile.DIRTYPE, mode=0o750)
tar.close()`,
        )
        const { tree, release } = await readTarTree(path, options())
        expect(tree.mode).toBe(0o711)
        expect(nodeAtPath(tree, 'etc')!.mode).toBe(0o750)
        expect(nodeAtPath(tree, 'etc/conf')).toMatchObject({
          mode: 0o755,
          uid: 0,
          mtime: { seconds: 9, nanoseconds: 0 },
        })
        const node = nodeAtPath(tree, 'etc/conf/a') as RegularFileNode
        expect(Buffer.from(readBytes(node.content)).toString()).toBe('second!')
        release()
      })

      it('POSIX ACLs in text become those of the kernel', async () => {
        const path = python(
          'acl.tar',
          `${ENTRY}
tar = tarfile.open(sys.argv[1], 'w', format=F['pax'])
entry(tar, 'f', pax_headers={'SCHILY.acl.access': 'user::rwx,user:lisa:rw-:1001,group::r-x,mask::rwx,other::---'})
tar.close()`,
        )
        const { tree, release } = await readTarTree(path, options())
        const acl = '02000000 01000700ffffffff 02000600e9030000 04000500ffffffff 10000700ffffffff 20000000ffffffff'
        const xattrs = nodeAtPath(tree, 'f')!.xattrs!
        expect(Buffer.from(xattrs.get('system.posix_acl_access')!).toString('hex')).toBe(acl.replaceAll(' ', ''))
        release()
      })

      it.each([
        [
          'a way out',
          `entry(tar, 'a/../../b')`,
          'Cannot put "a/../../b" of "PATH" into a tree: it leads out of the tree',
        ],
        [
          'a hard link to nothing',
          `entry(tar, 'l', type=tarfile.LNKTYPE, linkname='x')`,
          'it is a hard link to "x", which does not come before it',
        ],
        [
          'a file as a folder',
          `entry(tar, 'f'); entry(tar, 'f/g')`,
          'Cannot put "f/g" of "PATH" into a tree: a part of its path is no folder',
        ],
        ['an unknown type', `entry(tar, 'q', type=b'Q')`, 'Cannot read "q" at byte 0: its type "Q" is not one of'],
        [
          'an ACL by name',
          `entry(tar, 'q', pax_headers={'SCHILY.acl.access': 'user:lisa:rw-'})`,
          'the access ACL of "q": "user:lisa:rw-" has the name "lisa", a numeric id is accepted',
        ],
        [
          'a bad time',
          `entry(tar, 'q', pax_headers={'mtime': 'noon'})`,
          'it is "noon", seconds with a fraction are accepted',
        ],
      ])('refuses %s', async (name, lines, message) => {
        const path = python(
          `refused-${name}.tar`,
          `${ENTRY}
tar = tarfile.open(sys.argv[1], 'w', format=F['pax'])
${lines}
tar.close()`,
        )
        await expect(readTarTree(path, options())).rejects.toThrow(message.replace('PATH', path))
      })
    })

    it('refuses what is damaged, wherever the damage is', async () => {
      const path = packed('whole.tar', 'tar', '--format=pax', '-C', folder, 'bin')
      const whole = readFileSync(path)
      const cut = join(scratch, 'cut.tar')
      writeFileSync(cut, whole.subarray(0, 700))
      await expect(readTarTree(cut, options())).rejects.toThrow(
        /Cannot read .*at byte 512.*the archive ends at 700|ends at/,
      )
      writeFileSync(cut, 'no tar at all'.repeat(100))
      await expect(readTarTree(cut, options())).rejects.toThrow(
        'Cannot read the tar header at byte 0: its checksum is wrong',
      )
      writeFileSync(cut, Buffer.concat([Buffer.from('1f8b', 'hex'), whole]))
      await expect(readTarTree(cut, options())).rejects.toThrow(`Cannot unpack "${cut}" with gzip`)
      writeFileSync(cut, Buffer.concat([Buffer.from('fd377a585a00', 'hex'), whole]))
      await expect(readTarTree(cut, options())).rejects.toThrow(`Cannot unpack "${cut}" with xz`)
      await expect(readTarTree(join(scratch, 'none.tar'), options())).rejects.toThrow('none.tar": it does not exist')
    })

    it('brings capabilities', async () => {
      if (!isRoot) return
      const path = packed('cap.tar', 'tar', '--format=pax', '--xattrs', '--xattrs-include=*', '-C', folder, 'bin')
      const { tree, release } = await readTarTree(path, options())
      const value = nodeAtPath(tree, byteString('bin/tool') as ByteString)!.xattrs!.get('security.capability')!
      expect(`0x${Buffer.from(value).toString('hex')}`).toBe(CAP_NET_RAW)
      release()
    })
  },
)
