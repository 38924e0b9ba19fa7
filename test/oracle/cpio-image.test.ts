/** Cpios that diskloom writes, judged by cpio and bsdtar, by the kernel's own compiler of lists, and by our reader. */
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { bytesDigest } from '../../src/outputs/file-digest.js'
import { readCpioTree } from '../../src/tree/cpio.js'
import { planCpio } from '../../src/tree/cpio-image.js'
import { readCpioList } from '../../src/tree/cpio-list.js'
import type { FileNode, FileTree } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { makeEveryKind } from '../support/every-kind.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { readBytes } from '../support/read-content.js'
import { portrait } from '../support/tree-portrait.js'

const isRoot = process.geteuid?.() === 0
const rules = { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none' } as const

describeWithTools('a tree as a cpio', ['cpio', 'bsdtar', 'python3', 'mkfifo'], () => {
  const scratch = scratchFolder()
  const archive = join(scratch, 'tree.cpio')
  let source: FileTree

  beforeAll(async () => {
    makeEveryKind(join(scratch, 'payload'), { privileged: isRoot })
    // Their times are outside of what a cpio has.
    for (const name of ['nothing', 'sparse']) utimesSync(join(scratch, 'payload', name), 1, 2 ** 32 - 1)
    source = (await readFolder(join(scratch, 'payload'), rules)).tree
    writeFileSync(archive, readBytes(planCpio(source).image))
  })

  async function unpackedBy(...command: string[]): Promise<FileTree> {
    const folder = mkdtempSync(join(scratch, 'unpacked-'))
    tool('sh', '-c', `cd "$1" && shift && exec "$@" <"${archive}"`, 'sh', folder, ...command)
    return (await readFolder(folder, rules)).tree
  }

  it('reads back as it was', async () => {
    const options = { owner: rules.owner, workFolder: scratch, runner: makeCommandRunner(process.env) }
    const { tree, release } = await readCpioTree(archive, options)
    expect(portrait(tree, { wholeSeconds: true })).toEqual(portrait(source, { wholeSeconds: true }))
    release()
  })

  it('is unpacked by cpio as it was', async () => {
    const tree = await unpackedBy('cpio', '-idm', '--quiet', '--preserve-modification-time')
    // It packs a device's numbers into 16 bits, and leaves links, folders that it fills later and the root with other times.
    const portraitOf = (whole: FileTree) =>
      [...portrait(whole, { wholeSeconds: true, skip: ['', 'big numbers'] })].map(([path, entry]) => {
        const { time, ...others } = entry as { time: number; type: string }
        return [path, others.type === 'symlink' || others.type === 'directory' ? others : entry]
      })
    expect(portraitOf(tree)).toEqual(portraitOf(source))
  })

  it('is unpacked by bsdtar as it was', async () => {
    const tree = await unpackedBy('bsdtar', '-xpf', '-')
    // It makes no sockets.
    const skip = ['', 'socket', 'big numbers']
    expect(portrait(tree, { wholeSeconds: true, skip })).toEqual(portrait(source, { wholeSeconds: true, skip }))
  })

  it('is listed by cpio with parents before their contents and the names of a file together', () => {
    const names = tool('sh', '-c', `LC_ALL=C cpio -it --quiet <"${archive}"`).trimEnd().split('\n')
    expect(names[0]).toBe('.')
    const seen = new Set(['.'])
    for (const name of names.slice(1)) {
      expect(seen).toContain(name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '.')
      seen.add(name)
    }
    const link = names.indexOf('bin/same tool')
    expect(names.slice(link, link + 3)).toEqual(['bin/same tool', 'bin/tool', 'deep/er/same tool'])
  })

  it('has the data of a file with the last of its names', () => {
    const sizes = tool('cpio', '-itv', '--quiet', '-F', archive)
      .split('\n')
      .flatMap((line) => {
        const [, links, size, name] = /^-\S+ +(\d+) +\S+ +\S+ +(\d+) .* (bin\/tool|\S+\/same tool)$/.exec(line) ?? []
        return name === undefined ? [] : [`${name}: ${links} names, ${size} bytes`]
      })
    expect(sizes).toEqual([
      'bin/same tool: 3 names, 0 bytes',
      'bin/tool: 3 names, 0 bytes',
      'deep/er/same tool: 3 names, 20 bytes',
    ])
  })
})

describe('a list of gen_init_cpio', () => {
  const scratch = scratchFolder()
  const time = { seconds: 1_600_000_000, nanoseconds: 0 }
  const list = `# everything that the format has, in the order of the tree
dir /bin 0755 0 0
file /bin/big big 0644 65534 2147483647
file /bin/again hello 4755 0 1000 /bin/hello /bin/more
dir /dev 0755 0 0
nod /dev/console 0600 0 0 c 5 1
nod /dev/loop0 0660 0 6 b 7 0
file empty \${EQ}empty 0 0 0
slink /init bin/hello 0777 0 0
pipe /pipe 0600 1 2
sock /sock 0600 1 2
dir /ümläut 0755 0 0
`

  /** Of what usr/gen_init_cpio.c of Linux 6.1.192, `-t 1600000000`, writes of this list where EQ is empty. */
  const BYTES_OF_LINUX = '1908f24999297d13cbc3854d237075451b6d1158178baeb6d58fb2a36e95ab7b'

  it('becomes the bytes that the tool itself makes of it', () => {
    for (const [name, text] of [
      ['hello', 'hello\n'],
      ['big', 'x'.repeat(1001)],
      ['empty', ''],
      ['a.list', list],
    ] as const) {
      writeFileSync(join(scratch, name), text)
      utimesSync(join(scratch, name), time.seconds, time.seconds)
    }
    const tree = readCpioList(join(scratch, 'a.list'), { variable: () => '', time })
    expect(bytesDigest(readBytes(planCpio(tree).image))).toBe(BYTES_OF_LINUX)
  })
})

describe('planCpio', () => {
  const mtime = { seconds: 0, nanoseconds: 0 }
  const attributes = { mode: 0o644, uid: 0, gid: 0, mtime }
  const tree = (...children: [string, FileNode][]): FileTree => ({
    ...attributes,
    type: 'directory',
    children: new Map(children.map(([name, node]) => [byteString(name), node])),
  })
  const file = (sizeBytes: number, over: object = {}) => ({
    ...attributes,
    type: 'file' as const,
    content: { sizeBytes, extents: [] },
    ...over,
  })

  it('gives the same bytes whatever the order in which a folder was read', () => {
    const entries: Parameters<typeof tree> = [
      ['b', file(3)],
      ['a', tree(['z', file(1)], ['y', file(2)])],
      ['c', file(0)],
    ]
    expect(readBytes(planCpio(tree(...entries)).image)).toEqual(
      readBytes(planCpio(tree(...entries.toReversed())).image),
    )
  })

  it('copies nothing: a file of 4 GiB - 1 costs nothing, one byte more is refused', () => {
    expect(planCpio(tree(['a', file(2 ** 32 - 1)])).image.sizeBytes).toBeGreaterThan(2 ** 32)
    expect(() => planCpio(tree(['a', file(2 ** 32)]))).toThrow(
      'Cannot put "/a" into a cpio: it has 4294967296 bytes, at most 4294967295 are accepted',
    )
  })

  it('tells everything that has no place, at once', () => {
    const long = 'n'.repeat(4095)
    const link = { ...attributes, type: 'symlink' as const, target: byteString('t'.repeat(4096)) }
    const attempt = () =>
      planCpio(
        tree(
          ['TRAILER!!!', file(0)],
          ['before', file(0, { mtime: { seconds: -1, nanoseconds: 0 } })],
          ['after', file(0, { mtime: { seconds: 2 ** 32, nanoseconds: 0 } })],
          ['link', link],
          [long, file(0)],
          [`${long}n`, file(0)],
        ),
      )
    expect(attempt).toThrow(
      expect.objectContaining({
        problems: [
          { message: 'Cannot put "/TRAILER!!!" into a cpio: that name ends the archive' },
          {
            message: expect.stringMatching(/\/after".*its time is 4294967296 seconds after 1970, 0 to 4294967295 are/),
          },
          { message: expect.stringMatching(/\/before".*its time is -1 seconds after 1970/) },
          { message: expect.stringMatching(/\/link".*its target has 4096 bytes, at most 4095 are unpacked$/) },
          { message: expect.stringMatching(/nnnn".*its path has 4096 bytes, at most 4095 are unpacked$/) },
        ],
      }),
    )
  })

  it('names what loses extended attributes', () => {
    const xattrs = new Map([['security.capability', new Uint8Array(20)]])
    expect(planCpio(tree(['a', file(0, { xattrs })], ['b', file(0)])).withoutXattrs).toEqual(['a'])
  })
})
