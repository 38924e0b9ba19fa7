/** As root: neither a local user nor a name in the image has a say in where an extraction writes and what its tools are told. */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { extractNode } from '../../src/inspect/extract.js'
import { makerOf } from '../../src/scratch/owner-mark.js'
import type { CommandRunner } from '../../src/tree/command-runner.js'
import type { DirectoryNode, FileNode } from '../../src/tree/file-tree.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
const ATTRIBUTES = { uid: 1000, gid: 1000, mtime: { seconds: 1_600_000_000, nanoseconds: 0 } }
const isRoot = process.geteuid?.() === 0

function file(text: string, xattrs?: Record<string, string>): FileNode {
  const content = imageOfBytes(Buffer.from(text))
  const entries = Object.entries(xattrs ?? {}).map(([name, value]) => [byteString(name), Buffer.from(value)] as const)
  return { type: 'file', mode: 0o644, ...ATTRIBUTES, content, ...(xattrs && { xattrs: new Map(entries) }) }
}

function folder(children: Record<string, FileNode>, mode = 0o755): DirectoryNode {
  const entries = Object.entries(children).map(([name, node]) => [byteString(name), node] as const)
  return { type: 'directory', mode, ...ATTRIBUTES, children: new Map<ByteString, FileNode>(entries) }
}

/** Calls `act` before the program runs: a moment in the middle of the work that does not depend on time. */
function actingBefore(program: string, act: (cwd: string | undefined) => void): CommandRunner {
  const runner = makeCommandRunner(process.env)
  return {
    locate: runner.locate,
    run(command, args, options) {
      if (command === program) act(options?.cwd)
      return runner.run(command, args, options)
    },
  }
}

const TREE = (): DirectoryNode =>
  folder({
    a: folder({ '0fifo': { type: 'fifo', mode: 0o600, ...ATTRIBUTES }, zz: file('PWNED') }, 0o2770),
    b: file('content', { 'user.x': 'y' }),
  })

describeWithTools('extraction as root', ['mknod', 'setfattr', 'getfattr', 'flock'], () => {
  it.runIf(isRoot)('gives nothing away before all is complete', async () => {
    const parent = mkdtempSync(join(scratch, 'parent-'))
    const seen: string[] = []
    const look = (): void => {
      const [room] = readdirSync(parent).filter((name) => makerOf(name) !== undefined)
      const { mode, uid } = lstatSync(join(parent, room!))
      const inside = readdirSync(join(parent, room!, 'o'), { recursive: true, withFileTypes: true })
      const folders = inside
        .filter((entry) => entry.isDirectory())
        .map(({ parentPath, name }) => join(parentPath, name))
      const owners = new Set(folders.map((path) => lstatSync(path).uid))
      seen.push(`${(mode & 0o777).toString(8)} ${uid} ${[...owners].join()}`)
    }
    await extractNode(TREE(), join(parent, 'o'), { runner: actingBefore('mknod', look) })
    expect(seen).toEqual(['700 0 0'])
    expect(readdirSync(parent)).toEqual(['o'])
    const { uid, mode, mtimeMs } = statSync(join(parent, 'o/a'))
    expect([uid, mode & 0o7777, mtimeMs]).toEqual([1000, 0o2770, 1_600_000_000_000])
    expect([statSync(join(parent, 'o')).uid, statSync(join(parent, 'o')).mtimeMs]).toEqual([1000, 1_600_000_000_000])
    expect(tool('getfattr', '-n', 'user.x', '--only-values', join(parent, 'o/b'))).toBe('y')
  })

  it.runIf(isRoot)('writes where it was asked, whatever the owner of the parent folder puts in the way', async () => {
    const parent = mkdtempSync(join(scratch, 'parent-'))
    const rootOnly = mkdtempSync(join(scratch, 'root-only-'))
    mkdirSync(join(rootOnly, 'o/a'), { recursive: true })
    const swap = (): void => {
      const [room] = readdirSync(parent).filter((name) => makerOf(name) !== undefined)
      renameSync(join(parent, room!), join(parent, 'moved'))
      symlinkSync(rootOnly, join(parent, room!))
      renameSync(parent, `${parent}-moved`)
      symlinkSync(rootOnly, parent)
    }
    await extractNode(TREE(), join(parent, 'o'), { runner: actingBefore('mknod', swap) }).catch(() => undefined)
    expect(readdirSync(rootOnly, { recursive: true }).sort()).toEqual(['o', 'o/a'])
    expect(statSync(rootOnly).uid).toBe(0)
    expect(readFileSync(join(`${parent}-moved`, 'o/a/zz'), 'utf8')).toBe('PWNED')
  })

  it.each([
    ['a line break and a heading', 'user.a\n# file: victim\nuser.b'],
    ['a heading of the list', '# file: victim'],
    ['a NUL, which ends a name in C', 'user.victim\0tail'],
    ['no namespace of Linux', 'victim'],
    ['more bytes than a name can have', `user.${'v'.repeat(300)}`],
  ])('does not let the name of an attribute say more than a name: %s', async (_, name) => {
    const parent = mkdtempSync(join(scratch, 'xattrs-'))
    const tree = folder({ 'holder\n# file: x': file('x', { [name]: '1', 'user.kept': '2' }), victim: file('y') })
    const runner = makeCommandRunner(process.env)
    await extractNode({ ...tree, uid: process.geteuid!(), gid: process.getegid!() }, join(parent, 'o'), { runner })
    const dump = (path: string): string => tool('getfattr', '-d', '-m-', path)
    expect(dump(join(parent, 'o/victim'))).toBe('')
    expect(dump(join(parent, 'o/holder\n# file: x'))).toContain('user.kept="2"')
    expect(dump(join(parent, 'o/holder\n# file: x'))).not.toMatch(/^user\.(?:victim|b)=/m)
    expect(dirname(parent)).toBe(scratch)
    expect(basename(parent)).toContain('xattrs-')
  })
})
