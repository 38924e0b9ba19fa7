import { describe, expect, it } from 'vitest'
import { byteString } from '../../bytes/text.js'
import { LayoutError } from '../../errors.js'
import { EMPTY_CONTENT, type FileNode, type FileTree, type Unkept } from '../../tree/file-tree.js'
import { TreeBuilder } from '../../tree/tree-builder.js'
import { checkUnkept } from './check-unkept.js'

const MTIME = { seconds: 0, nanoseconds: 0 }
const HERE = ['partitions', 0, 'content']

function file(unkept: Unkept, more: { mode?: number; xattrs?: ReadonlyMap<string, Uint8Array> } = {}): FileNode {
  const marked = { ...unkept, configPath: HERE }
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, content: EMPTY_CONTENT, unkept: marked, ...more }
}

function link(target: string, unkept: Unkept = {}): FileNode {
  return { type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: MTIME, target: byteString(target), unkept }
}

function treeOf(nodes: Record<string, FileNode>): FileTree {
  const builder = new TreeBuilder('a test', MTIME)
  for (const [path, node] of Object.entries(nodes)) builder.add(path, node)
  return builder.finish()
}

const warningsOf = (nodes: Record<string, FileNode>, ownerless = false) => checkUnkept(treeOf(nodes), { ownerless })

function errorsOf(nodes: Record<string, FileNode>): string[] {
  try {
    warningsOf(nodes)
  } catch (error) {
    expect(error).toBeInstanceOf(LayoutError)
    return (error as LayoutError).problems.map(({ message }) => message)
  }
  throw new Error('nothing was refused')
}

const OWNER = { owner: { uid: 0, gid: 42 } }

describe('owners that were dropped', () => {
  it('are one warning with the count and the first paths', () => {
    const nodes = Object.fromEntries(['g', 'f', 'e', 'd', 'c', 'b'].map((name) => [name, file(OWNER)]))
    expect(warningsOf({ ...nodes, a: file({}) })).toEqual([
      expect.objectContaining({
        message:
          'The owners of 6 files are dropped, root has them in the image: "/b" (0:42), "/c" (0:42), "/d" (0:42), "/e" (0:42), "/f" (0:42) and 1 more',
        finding: 'owners-dropped',
        path: HERE,
      }),
    ])
  })

  it.each([
    ['setuid', { mode: 0o4755 }],
    ['setgid', { mode: 0o2755 }],
    ['with a capability', { xattrs: new Map([['security.capability', new Uint8Array(20)]]) }],
    ['with an ACL', { xattrs: new Map([['system.posix_acl_access', new Uint8Array(4)]]) }],
    ['with an ACL', { xattrs: new Map([['system.posix_acl_default', new Uint8Array(4)]]) }],
  ])('are an error for a file %s', (word, more) => {
    expect(errorsOf({ 'usr/bin/chage': file(OWNER, more), plain: file(OWNER) })).toEqual([
      `Cannot give 1 file to root: what it may do depends on the owner, which is another at the source: "/usr/bin/chage" (0:42, ${word}); an owner that is given is accepted`,
    ])
  })

  it('are a warning where the format has neither owners nor modes', () => {
    const [warning, ...others] = warningsOf({ a: file(OWNER, { mode: 0o4755 }) }, true)
    expect(warning?.message).toBe('The owners of 1 file are dropped, the format has none: "/a" (0:42)')
    expect(others).toEqual([])
  })

  it('count a file with several names once', () => {
    const shared = file(OWNER)
    expect(warningsOf({ a: shared, b: shared })[0]?.message).toContain('of 1 file are dropped')
  })
})

it('names attributes that were left out, each with its count', () => {
  const nodes = {
    a: file({ xattrs: ['security.selinux', 'security.ima'] }),
    b: file({ xattrs: ['security.selinux'] }),
  }
  expect(warningsOf(nodes)).toEqual([
    expect.objectContaining({
      message: 'Extended attributes of 2 files are left out: security.ima (1), security.selinux (2); on "/a", "/b"',
      finding: 'xattrs-dropped',
    }),
  ])
})

it('names mode bits that git does not keep', () => {
  expect(warningsOf({ a: file({ modeBits: 0o4000 }) })).toEqual([
    expect.objectContaining({
      message: 'setuid, setgid and sticky bits of 1 file are dropped, git keeps none: "/a" (04000)',
      finding: 'modes-dropped',
    }),
  ])
})

describe('links that lead to files of the build machine', () => {
  it('are refused where the image has nothing there', () => {
    const nodes = { 'bin/tool': link('/home/me/tool', { hostTarget: '/home/me/tool' }) }
    expect(errorsOf(nodes)).toEqual([
      'Cannot take 1 link into the image: what is at the end is on this machine and not in the image: "/bin/tool" (→ /home/me/tool); accepted are links to what is in the image',
    ])
  })

  it.each([
    ['a file', { 'home/me/tool': file({}) }],
    ['a file behind a link to a folder', { home: link('/data'), 'data/me/tool': file({}) }],
    ['a file behind a relative link', { home: link('var/../data'), 'data/me/tool': file({}), 'var/x': file({}) }],
  ])('are taken where the image has %s there', (_, nodes) => {
    expect(warningsOf({ ...nodes, 'bin/tool': link('/home/me/tool', { hostTarget: '/home/me/tool' }) })).toEqual([])
  })

  it('are refused where the way runs in a circle', () => {
    const nodes = { home: link('/home2'), home2: link('/home') }
    expect(errorsOf({ ...nodes, tool: link('/home/me/tool', { hostTarget: '/home/me/tool' }) })).toHaveLength(1)
  })
})
